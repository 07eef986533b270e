import {
  type CreateTriggerRequest,
  type StoredTrigger,
  TRIGGER_LIMITS,
  type TriggerView,
  type UpdateTriggerRequest,
} from '@easyfaas/contracts/wire';
import { type Clock, ServiceError } from '@easyfaas/service-kit';
import type { FunctionDirectory } from '../functions/function-directory';
import { resolveReference } from '../functions/function-name';
import { without } from '../functions/without';
import { invalidField } from '../invalid-field';
import type { SecretBox } from '../secrets/secret-box';
import type { DeadMessages, KeptDeadMessage } from './dead-messages';
import { compileFilter } from './filter/event-filter';
import type { SourceTable } from './source-table';
import { sealSecrets } from './trigger-secrets';
import type { TriggerStatusBoard } from './trigger-status';
import type { TriggerPage, TriggerPageRequest, TriggerStore } from './trigger-store';
import { triggerView } from './trigger-view';

export interface TriggerServiceDeps {
  store: TriggerStore;
  status: TriggerStatusBoard;
  deadMessages: DeadMessages;
  sources: SourceTable;
  directory: FunctionDirectory;
  box: SecretBox;
  region: string;
  clock: Clock;
  newTriggerId: () => string;
  newRevisionId: () => string;
}

const ATTEMPTS = 5;
const PAUSED_BY_USER = 'Paused by a caller of the API.';
const REASON_CHARACTERS = 1000;

/** Of one function, together: each is a command that Redis must not take long to come to. */
const DELETED_AT_ONCE = 100;

/** What can be done with triggers; every method throws STORE_UNAVAILABLE when Redis is away. */
export class TriggerService {
  readonly #deps: TriggerServiceDeps;

  constructor(deps: TriggerServiceDeps) {
    this.#deps = deps;
  }

  /**
   * @param triggerId for triggers of which there may be one only
   * @throws ServiceError VALIDATION_FAILED, FUNCTION_NOT_FOUND (other accounts' functions, too), CONFLICT (too many, or one of that id)
   */
  async create(accountId: string, request: CreateTriggerRequest, triggerId = this.#deps.newTriggerId()): Promise<StoredTrigger> {
    const { clock, newRevisionId, store } = this.#deps;
    const now = new Date(clock.wallMs()).toISOString();
    const isEnabled = request.Enabled ?? true;
    const draft: StoredTrigger = {
      triggerId,
      accountId,
      name: '',
      source: request.Source,
      ...this.#target(accountId, request.FunctionName, request.Qualifier),
      configuration: {},
      secrets: {},
      errorPolicy: {},
      isEnabled,
      ...(isEnabled ? {} : { pauseReason: 'Made without being enabled.' }),
      revisionId: newRevisionId(),
      createdAt: now,
      updatedAt: now,
    };
    const created = await this.#checked(draft, request);
    const outcome = await store.create(created, TRIGGER_LIMITS.perAccount);
    if (outcome === 'created') return created;
    if (outcome === 'exists') throw new ServiceError('CONFLICT', `The account has a trigger ${triggerId}; change or delete that one.`);
    throw new ServiceError('CONFLICT', `The account has ${TRIGGER_LIMITS.perAccount} triggers, the most that it may; delete some first.`);
  }

  /** @throws ServiceError TRIGGER_NOT_FOUND */
  async read(accountId: string, triggerId: string): Promise<StoredTrigger> {
    const found = /^[a-z0-9]{8,32}$/.test(triggerId) ? await this.#deps.store.get(accountId, triggerId) : undefined;
    if (found === undefined)
      throw new ServiceError('TRIGGER_NOT_FOUND', 'No trigger of this id in this account; GET /v1/triggers lists them.');
    return found;
  }

  async view(trigger: StoredTrigger): Promise<TriggerView> {
    const { status, sources } = this.#deps;
    return triggerView(trigger, await status.read(trigger.accountId, trigger.triggerId), sources.find(trigger.source));
  }

  /** All of one function. */
  ofFunction(accountId: string, functionName: string): Promise<StoredTrigger[]> {
    return this.#deps.store.ofFunction(accountId, functionName);
  }

  /** All of one kind. */
  ofSource(accountId: string, source: string): Promise<StoredTrigger[]> {
    return this.#deps.store.ofSource(accountId, source);
  }

  list(accountId: string, page: TriggerPageRequest): Promise<TriggerPage> {
    return this.#deps.store.list(accountId, page);
  }

  /** @throws ServiceError TRIGGER_NOT_FOUND, PRECONDITION_FAILED and what {@link create} throws */
  async update(
    accountId: string,
    triggerId: string,
    { RevisionId, ...request }: UpdateTriggerRequest,
    expectedRevisionId = RevisionId,
  ): Promise<StoredTrigger> {
    return this.#change(accountId, triggerId, expectedRevisionId, async (current) => {
      const { FunctionName, Qualifier, Enabled } = request;
      const isRetargeted = FunctionName !== undefined || Qualifier !== undefined;
      const target = isRetargeted ? this.#target(accountId, FunctionName ?? current.functionName, Qualifier) : {};
      const changed = await this.#checked({ ...current, ...target }, request);
      return Enabled === undefined ? changed : enabled(changed, Enabled, PAUSED_BY_USER);
    });
  }

  /** Stops it until it is resumed. @throws ServiceError TRIGGER_NOT_FOUND */
  pause(accountId: string, triggerId: string, reason = PAUSED_BY_USER): Promise<StoredTrigger> {
    return this.#change(accountId, triggerId, undefined, async (current) => enabled(current, false, reason));
  }

  /** @throws ServiceError TRIGGER_NOT_FOUND, FUNCTION_NOT_FOUND */
  resume(accountId: string, triggerId: string): Promise<StoredTrigger> {
    return this.#change(accountId, triggerId, undefined, async (current) => {
      await this.assertTarget(current);
      return enabled(current, true, '');
    });
  }

  /** With its counters and dead letters. @throws ServiceError TRIGGER_NOT_FOUND */
  async delete(accountId: string, triggerId: string): Promise<void> {
    await this.#deps.store.delete(await this.read(accountId, triggerId));
  }

  /** @throws ServiceError TRIGGERS_EXIST */
  async assertNone(accountId: string, functionName: string): Promise<void> {
    const triggers = await this.#deps.store.ofFunction(accountId, functionName);
    if (triggers.length === 0) return;
    const ids = triggers.slice(0, 10).map(({ triggerId, source }) => `${triggerId} (${source})`);
    const text = `The function ${functionName} has ${triggers.length} triggers: ${ids.join(', ')}. Delete them first, or say ?cascade=true.`;
    throw new ServiceError('TRIGGERS_EXIST', text);
  }

  /** All that a function has. */
  async deleteOfFunction(accountId: string, functionName: string): Promise<void> {
    const triggers = await this.#deps.store.ofFunction(accountId, functionName);
    for (let at = 0; at < triggers.length; at += DELETED_AT_ONCE) {
      await Promise.all(triggers.slice(at, at + DELETED_AT_ONCE).map((trigger) => this.#deps.store.delete(trigger)));
    }
  }

  /** Takes all that a function had out of service and leaves them to be seen. */
  async pauseOfDeleted(accountId: string, functionName: string): Promise<void> {
    for (const { triggerId, isEnabled } of await this.#deps.store.ofFunction(accountId, functionName)) {
      if (!isEnabled) continue;
      await this.pause(accountId, triggerId, `Its function ${functionName} was deleted.`).catch((error: unknown) => {
        // Deleted together with its function.
        if (!(error instanceof ServiceError) || error.code !== 'TRIGGER_NOT_FOUND') throw error;
      });
    }
  }

  /** @throws ServiceError TRIGGER_NOT_FOUND */
  async deadLetters(accountId: string, triggerId: string, page: { marker?: string; limit: number }): Promise<KeptDeadMessage[]> {
    await this.read(accountId, triggerId);
    return this.#deps.deadMessages.list(accountId, triggerId, page);
  }

  /** @returns how many there were @throws ServiceError TRIGGER_NOT_FOUND */
  async purgeDeadLetters(accountId: string, triggerId: string): Promise<number> {
    await this.read(accountId, triggerId);
    return this.#deps.deadMessages.purge(accountId, triggerId);
  }

  async #checked(current: StoredTrigger, request: Omit<CreateTriggerRequest, 'Source' | 'FunctionName'>): Promise<StoredTrigger> {
    const { box, sources } = this.#deps;
    const source = sources.get(current.source);
    for (const name of Object.keys(request.Secrets ?? {})) {
      if (source.secretNames.includes(name)) continue;
      const known = source.secretNames.length === 0 ? 'none' : source.secretNames.join(', ');
      throw invalidField(`Secrets.${name}`, `The source ${source.kind} knows no secret ${name}; it knows ${known}.`);
    }
    const secrets = sealSecrets(box, current, current.secrets, request.Secrets);
    const wanted = request.Filter ?? current.filter;
    // A list without a pattern takes the filter away.
    const filter = wanted?.Filters.length === 0 ? undefined : wanted;
    compileFilter(filter);
    const batch = request.Batch ?? current.batch;
    const draft = request.Configuration ?? current.configuration;
    if (Buffer.byteLength(JSON.stringify(draft)) > TRIGGER_LIMITS.configurationBytes) {
      throw invalidField('Configuration', `Configuration is over ${TRIGGER_LIMITS.configurationBytes} bytes, the limit.`);
    }
    const secretNames = Object.keys(secrets);
    const configuration = await source.validate({ accountId: current.accountId, configuration: draft, secretNames, batch: batch ?? {} });
    const checked: StoredTrigger = {
      ...without(current, 'filter'),
      name: request.Name ?? current.name,
      configuration,
      secrets,
      ...(filter === undefined ? {} : { filter }),
      ...(batch === undefined ? {} : { batch }),
      errorPolicy: request.ErrorPolicy ?? current.errorPolicy,
    };
    await this.assertTarget(checked);
    return checked;
  }

  #target(accountId: string, functionName: string, qualifier?: string): { functionName: string; qualifier: string } {
    return resolveReference(functionName, { accountId, region: this.#deps.region }, qualifier);
  }

  /** @throws ServiceError FUNCTION_NOT_FOUND */
  async assertTarget({
    accountId,
    functionName,
    qualifier,
  }: Pick<StoredTrigger, 'accountId' | 'functionName' | 'qualifier'>): Promise<void> {
    await this.#deps.directory.find(accountId, functionName, qualifier);
  }

  async #change(
    accountId: string,
    triggerId: string,
    expectedRevisionId: string | undefined,
    change: (current: StoredTrigger) => Promise<StoredTrigger>,
  ): Promise<StoredTrigger> {
    const { store, newRevisionId, clock } = this.#deps;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const current = await this.read(accountId, triggerId);
      if (expectedRevisionId !== undefined && expectedRevisionId !== current.revisionId) throw changedMeanwhile();
      const stamp = { revisionId: newRevisionId(), updatedAt: new Date(clock.wallMs()).toISOString() };
      const updated = { ...(await change(current)), ...stamp };
      const outcome = await store.replace(updated, current);
      if (outcome === 'replaced') return updated;
    }
    throw new ServiceError('CONFLICT', 'The trigger is being changed by others all the time; try again.');
  }
}

function enabled({ pauseReason, ...trigger }: StoredTrigger, isEnabled: boolean, reason: string): StoredTrigger {
  if (isEnabled) return { ...trigger, isEnabled };
  return { ...trigger, isEnabled, pauseReason: (pauseReason ?? reason).slice(0, REASON_CHARACTERS) };
}

function changedMeanwhile(): ServiceError {
  return new ServiceError('PRECONDITION_FAILED', 'The trigger was changed since that RevisionId: read it again and repeat the update.');
}
