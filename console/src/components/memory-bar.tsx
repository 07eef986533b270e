/** Memory in use of the limit. */
export function MemoryBar({ usedMb, limitMb }: { usedMb: number | undefined; limitMb: number }) {
  if (usedMb === undefined) return <span>{limitMb} MB</span>;
  return (
    <div class="memory">
      <meter min={0} max={limitMb} high={limitMb * 0.9} value={usedMb} aria-label="Memory in use" />
      <span>
        {Math.round(usedMb)} of {limitMb} MB
      </span>
    </div>
  );
}
