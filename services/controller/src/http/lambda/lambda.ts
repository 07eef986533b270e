import type { ProvisionedService } from '../../functions/provisioned-service';
import type { Mount } from '../mount-route';
import { type LambdaAccountDeps, mountLambdaAccount } from './lambda-account';
import { mountLambdaAliases } from './lambda-aliases';
import { mountLambdaConcurrency } from './lambda-concurrency';
import { type LambdaEventConfigDeps, mountLambdaEventConfig } from './lambda-event-config';
import { type LambdaEventSourceDeps, mountLambdaEventSources } from './lambda-event-sources';
import { type LambdaUrlDeps, mountLambdaFunctionUrls } from './lambda-function-urls';
import { type LambdaFunctionsDeps, mountLambdaFunctions } from './lambda-functions';
import { mountLambdaLayers } from './lambda-layers';
import { type LambdaPermissionDeps, mountLambdaPermissions } from './lambda-permissions';
import { mountLambdaTags } from './lambda-tags';
import { mountLambdaVersions } from './lambda-versions';

export type LambdaDeps = LambdaFunctionsDeps &
  LambdaAccountDeps &
  LambdaEventConfigDeps &
  LambdaEventSourceDeps &
  LambdaUrlDeps &
  LambdaPermissionDeps & { provisioned: ProvisionedService };

/** AWS Lambda's paths over the same functions; what they throw is answered in AWS's form, see `lambda-answers.ts`. */
export function mountLambda(mount: Mount, deps: LambdaDeps): void {
  mountLambdaFunctions(mount, deps);
  mountLambdaVersions(mount, deps);
  mountLambdaAliases(mount, deps);
  mountLambdaConcurrency(mount, deps);
  mountLambdaLayers(mount, deps);
  mountLambdaTags(mount, deps);
  mountLambdaAccount(mount, deps);
  mountLambdaFunctionUrls(mount, deps);
  mountLambdaPermissions(mount, deps);
  mountLambdaEventConfig(mount, deps);
  mountLambdaEventSources(mount, deps);
}
