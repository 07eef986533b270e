/** Labels are the database: containers are found by them and by nothing else. They cannot be changed after create. */
export const LABELS = {
  instance: 'easyfaas.instance',
  container: 'easyfaas.container',
  runtime: 'easyfaas.runtime',
  created: 'easyfaas.created',
  /** Network and guard of functions with egress; the value is the instance. They are no containers of functions. */
  egress: 'easyfaas.egress',
  fingerprint: 'easyfaas.fingerprint',
} as const;

/** Selects all containers of this deployment. */
export function instanceLabels(instanceId: string): Record<string, string> {
  return { [LABELS.instance]: instanceId };
}

/** Selects one container. */
export function containerLabels(instanceId: string, containerId: string): Record<string, string> {
  return { [LABELS.instance]: instanceId, [LABELS.container]: containerId };
}

/** Selects what an instance has for functions with egress. */
export function egressLabels(instanceId: string): Record<string, string> {
  return { [LABELS.egress]: instanceId };
}
