import type { Pages } from '../hooks/use-pages';

/** The next page of a list, when there is one. */
export function MoreButton({ pages: { hasMore, isLoading, more } }: { pages: Pages<unknown> }) {
  if (!hasMore) return null;
  return (
    <p>
      <button type="button" onClick={more} disabled={isLoading}>
        Show more
      </button>
    </p>
  );
}
