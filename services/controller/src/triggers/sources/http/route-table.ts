import type { HttpConfiguration, StoredTrigger } from '@easyfaas/contracts/wire';
import { LATEST } from '../../../functions/function-name';
import { type RoutePattern, compileRoute } from './route-pattern';

/** An http trigger that can be looked up. */
export interface HttpRoute {
  trigger: StoredTrigger;
  configuration: HttpConfiguration;
  pattern: RoutePattern;
  /** Opened; empty when there are none. */
  secrets: Readonly<Record<string, string>>;
}

export interface RouteMatch {
  route: HttpRoute;
  /** What the function sees as its path. */
  rawPath: string;
  pathParameters: Record<string, string>;
}

export type RouteResult = RouteMatch | { kind: 'method'; allow: string[] } | { kind: 'none'; hasRoutes: boolean };

const EVERY_PATH = '/*path';

/** The http triggers of one account. Pure. */
export class RouteTable {
  readonly #ofFunction = new Map<string, HttpRoute[]>();
  readonly #ofAccount: HttpRoute[] = [];

  constructor(triggers: readonly { trigger: StoredTrigger; secrets: Record<string, string> }[]) {
    const routes = triggers.map(({ trigger, secrets }): HttpRoute => {
      const configuration = trigger.configuration as HttpConfiguration;
      return { trigger, configuration, secrets, pattern: compileRoute(configuration.Path ?? EVERY_PATH) };
    });
    routes.sort((a, b) => a.pattern.rank.localeCompare(b.pattern.rank) || a.trigger.createdAt.localeCompare(b.trigger.createdAt));
    for (const route of routes) {
      if (route.configuration.Base === 'account') this.#ofAccount.push(route);
      else this.#listOf(firstSegmentOf(route)).push(route);
    }
  }

  /** @param target the path behind `/http/{account}`, begins with / */
  find(method: string, target: string): RouteResult {
    const [, functionName = '', rest = ''] = /^\/([^/]*)(.*)$/.exec(target) ?? [];
    const ofFunction = this.#ofFunction.get(functionName) ?? [];
    const rawPath = rest === '' ? '/' : rest;
    const found = [...matching(ofFunction, rawPath), ...matching(this.#ofAccount, target)];
    const chosen = found.find(({ route }) => takes(route, method));
    if (chosen !== undefined) return chosen;
    if (found.length > 0) return { kind: 'method', allow: [...new Set(found.flatMap(({ route }) => route.configuration.Methods ?? []))] };
    return { kind: 'none', hasRoutes: ofFunction.length > 0 };
  }

  #listOf(functionName: string): HttpRoute[] {
    const list = this.#ofFunction.get(functionName) ?? [];
    this.#ofFunction.set(functionName, list);
    return list;
  }
}

/** The function's name; of an alias's function URL `name:alias`. */
function firstSegmentOf({ trigger, configuration }: HttpRoute): string {
  const { functionName, qualifier } = trigger;
  return configuration.Base === 'url' ? qualifiedName(functionName, qualifier) : functionName;
}

export function qualifiedName(functionName: string, qualifier: string): string {
  return qualifier === LATEST ? functionName : `${functionName}:${qualifier}`;
}

function* matching(routes: readonly HttpRoute[], path: string): Generator<RouteMatch> {
  for (const route of routes) {
    // A pattern for everything also means the function itself.
    const pathParameters = route.configuration.Path === undefined ? {} : route.pattern.match(path);
    if (pathParameters !== undefined) yield { route, rawPath: path, pathParameters };
  }
}

function takes({ configuration }: HttpRoute, method: string): boolean {
  const { Methods } = configuration;
  if (Methods === undefined) return true;
  return Methods.some((each) => each === method) || (method === 'HEAD' && Methods.includes('GET'));
}
