import type { RequestHandler } from 'express';
import { type ConsoleHosts, isConsoleHost } from './console-hosts';

/** Where functions answer web clients, by the beginnings of paths. */
const SERVED_BY_FUNCTIONS = /^\/(http|webhooks|cloudevents|function|async-function)(\/|$)/;

/**
 * A page that a function answers with gets an origin of its own: it could otherwise read what the console keeps in the browser, the
 * key first of all, because both come from one host (https://www.w3.org/TR/CSP3/#directive-sandbox).
 */
export const FUNCTION_SANDBOX =
  'sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts allow-top-navigation-by-user-activation';

/** Where the console is served, it is the policy of every answer of a function; whatever the function sets comes on top. */
export function sandboxFunctions(hosts: ConsoleHosts): RequestHandler {
  return (request, response, next) => {
    if (SERVED_BY_FUNCTIONS.test(request.path) && isConsoleHost(hosts, request.headers.host)) {
      response.setHeader('Content-Security-Policy', FUNCTION_SANDBOX);
    }
    next();
  };
}
