import * as schemas from '@easyfaas/contracts/schemas';
import { eventAnswers } from './answers/event-answers';
import { functionAnswers } from './answers/function-answers';
import { instanceAnswers } from './answers/instance-answers';
import type { JsonSchema } from './json-schema';

/** What requests are checked with, under the names that the document has for them. */
const requests = (): Record<string, Parameters<typeof schemas.jsonSchemaOf>[0]> => ({
  CreateFunctionRequest: schemas.createFunctionRequestSchema,
  UpdateConfigurationRequest: schemas.updateConfigurationRequestSchema,
  UpdateCodeRequest: schemas.updateCodeRequestSchema,
  FunctionConcurrencyRequest: schemas.functionConcurrencySchema,
  TagsRequest: schemas.tagsRequestSchema,
  PublishVersionRequest: schemas.publishVersionRequestSchema,
  CreateAliasRequest: schemas.createAliasRequestSchema,
  UpdateAliasRequest: schemas.updateAliasRequestSchema,
  PutSecretRequest: schemas.putSecretRequestSchema,
  PublishLayerRequest: schemas.publishLayerRequestSchema,
  PutProvisionedConcurrencyRequest: schemas.putProvisionedConcurrencySchema,
  CreateTriggerRequest: schemas.createTriggerRequestSchema,
  UpdateTriggerRequest: schemas.updateTriggerRequestSchema,
  RedriveTriggerRequest: schemas.redriveTriggerRequestSchema,
  EventInvokeConfigRequest: schemas.eventInvokeConfigRequestSchema,
  DeadLettersRequest: schemas.deadLettersRequestSchema,
  ReplayRequest: schemas.replayRequestSchema,
  PoolResizeRequest: schemas.poolResizeRequestSchema,
  CreateKeyRequest: schemas.createKeyRequestSchema,
  RotateKeyRequest: schemas.rotateKeyRequestSchema,
});

/** Schemas that the document refers to, made anew each time. */
export function documentSchemas(): Record<string, JsonSchema> {
  const checked: [string, Parameters<typeof schemas.jsonSchemaOf>[0]][] = Object.entries(requests());
  const ofRequests = Object.fromEntries(checked.map(([name, schema]): [string, JsonSchema] => [name, schemas.jsonSchemaOf(schema)]));
  return { ...ofRequests, ...functionAnswers(), ...eventAnswers(), ...instanceAnswers() };
}
