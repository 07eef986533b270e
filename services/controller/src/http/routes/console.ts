import type { Request, Response } from 'express';
import { ServiceError } from '@easyfaas/service-kit';
import { type ConsoleHosts, isConsoleHost } from '../console-hosts';
import { pathParameter, type Mount } from '../mount-route';
import { CONSOLE_PATHS } from '../policies/console';

export interface ConsoleDeps {
  /** Where the build has put the pages. */
  consoleDir: string;
  consoleHosts: ConsoleHosts;
}

const PAGE = 'index.html';
/** Only what the build makes: the name of each file but the page has the hash of what is in it. */
const FILE = /^[a-z]+-[A-Z0-9]{8}\.(js|css|svg)$/;

/**
 * Scripts and styles from here alone, none within the page; nobody frames it, and no page that opens it has a hand on it. Texts cannot
 * become HTML or script by mistake either: the browser refuses (https://www.w3.org/TR/trusted-types/).
 */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
} as const;

/** `/console`: the files of the web console, from the disk each time. What it shows it asks of the API, with the key of who looks. */
export function mountConsole(mount: Mount, { consoleDir, consoleHosts }: ConsoleDeps): void {
  const send = (request: Request, response: Response, name: string, caching: string): Promise<void> => {
    if (!isConsoleHost(consoleHosts, request.headers.host)) throw notHere();
    response.set(HEADERS);
    response.set('Cache-Control', caching);
    return new Promise((resolve, reject) => {
      response.sendFile(name, { root: consoleDir, cacheControl: false, dotfiles: 'deny' }, (error?: Error) => {
        // A client that went away before its file was there is nobody's fault.
        if (error === undefined || response.headersSent) return resolve();
        // Another pod, or the next build, may have the file: nobody keeps that it is not here.
        response.set('Cache-Control', 'no-store');
        reject(isMissing(error) ? notBuilt(name, error) : error);
      });
    });
  };
  mount(CONSOLE_PATHS.page, { get: (request, response) => send(request, response, PAGE, 'no-cache') });
  mount(CONSOLE_PATHS.file, {
    get: (request, response) => {
      const file = pathParameter(request, 'file');
      if (!FILE.test(file)) throw new ServiceError('ROUTE_NOT_FOUND', 'The console has no file of this name.');
      return send(request, response, file, 'public, max-age=31536000, immutable');
    },
  });
}

function notHere(): ServiceError {
  return new ServiceError('ROUTE_NOT_FOUND', 'The console is not served at this Host; EASYFAAS_CONSOLE says where it is.');
}

function isMissing(error: Error): boolean {
  return 'status' in error && error.status === 404;
}

function notBuilt(name: string, cause: Error): ServiceError {
  const text =
    name === PAGE ? 'The console has not been built; `npm run build` does it.' : 'The console has no file of this name (any more).';
  return new ServiceError('ROUTE_NOT_FOUND', text, { cause });
}
