/** Labels are the database: containers are found by them and by nothing else. They cannot be changed after create. */
export const LABELS = {
  instance: 'easyfaas.instance',
  container: 'easyfaas.container',
  runtime: 'easyfaas.runtime',
  created: 'easyfaas.created',
} as const;

/** Selects all containers of this deployment. */
export function instanceLabels(instanceId: string): Record<string, string> {
  return { [LABELS.instance]: instanceId };
}

/** Selects one container. */
export function containerLabels(instanceId: string, containerId: string): Record<string, string> {
  return { [LABELS.instance]: instanceId, [LABELS.container]: containerId };
}
