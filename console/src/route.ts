/** Where in the console: everything behind the `#`, so that the server is told nothing of it. */
export interface Route {
  /** First part: which page. */
  page: string;
  /** Second part: the name or id of one thing. */
  id?: string;
  /** Third part: a part of its page. */
  part?: string;
  query: Readonly<Record<string, string>>;
}

export const HOME = 'functions';

/** `#/functions/hello/logs?x=y`; what cannot be read is the first page. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  try {
    const [page, id, part] = path.split('/').map(decodeURIComponent);
    return {
      page: page === undefined || page === '' ? HOME : page,
      ...(id === undefined || id === '' ? {} : { id }),
      ...(part === undefined || part === '' ? {} : { part }),
      query: Object.fromEntries(new URLSearchParams(query)),
    };
  } catch (error) {
    if (error instanceof URIError) return { page: HOME, query: {} };
    throw error;
  }
}

/** The other way: what goes into `href`. Empty members of the query are left out. */
export function linkTo(page: string, id?: string, part?: string, query: Readonly<Record<string, string>> = {}): string {
  const path = [page, id, part].filter((each) => each !== undefined).map(encodeURIComponent);
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString();
  return `#/${path.join('/')}${search === '' ? '' : `?${search}`}`;
}
