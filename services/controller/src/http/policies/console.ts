import type { RoutePolicy } from '../route-policy';

/** The files of the web console: there is nothing of an account in them. */
export const CONSOLE_PATHS = { page: '/console{/}', file: '/console/:file' } as const;

export const CONSOLE_POLICIES: readonly RoutePolicy[] = [
  { method: 'get', path: CONSOLE_PATHS.page, action: 'public' },
  { method: 'get', path: CONSOLE_PATHS.file, action: 'public' },
];
