import type { Command } from 'commander';
import { pathOf } from '../deploy/deploy-function';
import { wholeNumber } from '../option-values';
import type { OpenSession } from '../program';

interface Provisioned {
  RequestedProvisionedConcurrentExecutions: number;
  AvailableProvisionedConcurrentExecutions: number;
  Status: string;
  StatusReason?: string;
}

export function registerProvision(program: Command, open: OpenSession): void {
  program
    .command('provision')
    .description('keep calls of a function always warm; without a number tell how far it is')
    .argument('<function>')
    .argument('[calls]', 'at once that find a warm container; 0 ends it', wholeNumber)
    .option('-q, --qualifier <version>', 'version or alias ($LATEST)')
    .action(async (name: string, calls: number | undefined, { qualifier }: { qualifier?: string }, command: Command) => {
      const { output, api } = open(command);
      const path = `${pathOf(name)}/provisioned-concurrency`;
      const query = { Qualifier: qualifier };
      if (calls === 0) {
        await api.send(path, { method: 'DELETE', query });
        return output.result({ provisioned: 0 }, () => `${name}  nothing is kept warm`);
      }
      const body = { ProvisionedConcurrentExecutions: calls };
      const state = await api.json<Provisioned>(path, calls === undefined ? { query } : { method: 'PUT', body, query });
      const {
        RequestedProvisionedConcurrentExecutions: wanted,
        AvailableProvisionedConcurrentExecutions: ready,
        Status,
        StatusReason,
      } = state;
      output.result(state, () =>
        output.foreign(`${name}  ${ready} of ${wanted} ready, ${Status}${StatusReason === undefined ? '' : `: ${StatusReason}`}`),
      );
    });
}
