import { linkTo } from '../route';

export function FunctionLink({ name, version }: { name: string; version?: string | undefined }) {
  return (
    <a href={linkTo('functions', name)}>
      {name}
      {version === undefined || version === '$LATEST' ? null : <span class="faint">:{version}</span>}
    </a>
  );
}

const ID_CHARACTERS = 8;

/** Of a record, by the beginning of its id. */
export function RequestLink({ requestId }: { requestId: string }) {
  return (
    <a class="mono" href={linkTo('invocations', requestId)} title={requestId}>
      {requestId.slice(0, ID_CHARACTERS)}
    </a>
  );
}

export function ContainerLink({ containerId }: { containerId: string }) {
  return (
    <a class="mono" href={linkTo('pool', containerId)}>
      {containerId}
    </a>
  );
}
