import { type Answer, type Operations, ok } from './operation';

const JSON_TYPE = 'application/json';
const gone: Answer = { status: 204 };
const accepted: Answer = { status: 202, schema: 'Accepted' };
const missing = ['INVALID_NAME', 'FUNCTION_NOT_FOUND', 'QUEUE_UNAVAILABLE'] as const;
const noTrigger = ['TRIGGER_NOT_FOUND'] as const;
const trigger = ok('TriggerView');
const badTarget = ['INVALID_NAME', 'FUNCTION_NOT_FOUND', 'URL_NOT_ALLOWED', 'SOURCE_UNAVAILABLE'] as const;

/** Events, records and triggers. */
export const eventOperations = (): Operations => ({
  'get /v1/functions/:id/event-invoke-config': {
    summary: 'How the events of a function are treated',
    answers: [ok('EventInvokeConfig')],
    errors: missing,
  },
  'put /v1/functions/:id/event-invoke-config': {
    summary: 'Set retries, age and destinations of events; what is absent takes its default',
    body: { [JSON_TYPE]: 'EventInvokeConfigRequest' },
    answers: [ok('EventInvokeConfig')],
    errors: [...missing, 'URL_NOT_ALLOWED'],
  },
  'delete /v1/functions/:id/event-invoke-config': {
    summary: 'Treat the events of a function by the defaults again',
    answers: [gone],
    errors: [...missing, 'RECORD_NOT_FOUND'],
  },
  'get /v1/functions/:id/dead-letters': {
    summary: 'Events, or deliveries, that failed for good',
    query: ['limit', 'marker', 'kind', 'condition', 'errorType', 'since', 'until'],
    answers: [ok('DeadLetterList')],
    errors: missing,
  },
  'delete /v1/functions/:id/dead-letters': {
    summary: 'Drop dead letters; all=true for all',
    query: ['kind', 'condition', 'errorType', 'since', 'until', 'all'],
    answers: [ok('DeadLettersPurged')],
    errors: missing,
  },
  'post /v1/functions/:id/dead-letters/redrive': {
    summary: 'Run dead letters again, or deliver them again',
    body: { [JSON_TYPE]: 'DeadLettersRequest' },
    answers: [ok('DeadLettersRedriven')],
    errors: missing,
  },
  'get /v1/functions/:id/dead-letters/:requestId': {
    summary: 'A dead letter with its payload',
    answers: [ok('InvocationRecord')],
    errors: [...missing, 'DEAD_LETTER_NOT_FOUND'],
  },
  'delete /v1/functions/:id/dead-letters/:requestId': {
    summary: 'Drop a dead letter',
    answers: [gone],
    errors: [...missing, 'DEAD_LETTER_NOT_FOUND'],
  },
  'post /v1/functions/:id/dead-letters/:requestId/redrive': {
    summary: 'Run a dead letter again',
    query: ['force'],
    answers: [accepted],
    errors: [...missing, 'DEAD_LETTER_NOT_FOUND', 'INVOCATION_ENDED', 'QUEUE_FULL'],
  },
  'get /v1/invocations': {
    summary: 'What was called, newest first; events that have not ended before all others',
    query: ['function', 'status', 'since', 'marker', 'limit'],
    answers: [ok('InvocationList')],
    errors: ['QUEUE_UNAVAILABLE'],
  },
  'get /v1/invocations/:requestId': {
    summary: 'The record of a call; of an event with payload and result',
    answers: [ok('InvocationRecord')],
    errors: ['RECORD_NOT_FOUND', 'QUEUE_UNAVAILABLE'],
  },
  'delete /v1/invocations/:requestId': {
    summary: 'Cancel an event',
    answers: [accepted],
    errors: ['RECORD_NOT_FOUND', 'INVOCATION_ENDED', 'QUEUE_UNAVAILABLE'],
  },
  'post /v1/invocations/:requestId/replay': {
    summary: 'Run an event once more',
    body: { [JSON_TYPE]: 'ReplayRequest' },
    isBodyOptional: true,
    answers: [accepted],
    errors: ['RECORD_NOT_FOUND', 'PAYLOAD_NOT_KEPT', 'FUNCTION_NOT_FOUND', 'QUEUE_UNAVAILABLE', 'QUEUE_FULL'],
  },

  'get /v1/triggers': {
    summary: 'Triggers of the account',
    query: ['marker', 'maxItems'],
    answers: [ok('TriggerList')],
  },
  'post /v1/triggers': {
    summary: 'Make a trigger',
    body: { [JSON_TYPE]: 'CreateTriggerRequest' },
    answers: [{ status: 201, schema: 'TriggerView' }],
    errors: [...badTarget, 'CONFLICT'],
  },
  'get /v1/triggers/:triggerId': { summary: 'A trigger and how it does', answers: [trigger], errors: noTrigger },
  'put /v1/triggers/:triggerId': {
    summary: 'Change a trigger; members that are absent stay',
    headers: ['If-Match'],
    body: { [JSON_TYPE]: 'UpdateTriggerRequest' },
    answers: [trigger],
    errors: [...noTrigger, ...badTarget, 'PRECONDITION_FAILED', 'CONFLICT'],
  },
  'delete /v1/triggers/:triggerId': { summary: 'Delete a trigger', answers: [gone], errors: noTrigger },
  'post /v1/triggers/:triggerId/pause': { summary: 'Stop a trigger until it is resumed', answers: [trigger], errors: noTrigger },
  'post /v1/triggers/:triggerId/resume': {
    summary: 'Let a trigger go on',
    answers: [trigger],
    errors: [...noTrigger, 'FUNCTION_NOT_FOUND'],
  },
  'get /v1/triggers/:triggerId/dead-letters': {
    summary: 'Messages that could not be handed over to the function',
    query: ['marker', 'maxItems'],
    answers: [ok('TriggerDeadLetterList')],
    errors: noTrigger,
  },
  'delete /v1/triggers/:triggerId/dead-letters': {
    summary: 'Drop all dead letters of a trigger',
    answers: [ok('TriggerDeadLettersDeleted')],
    errors: noTrigger,
  },
  'post /v1/triggers/:triggerId/dead-letters/redrive': {
    summary: 'Hand dead letters over after all, some or all',
    body: { [JSON_TYPE]: 'RedriveTriggerRequest' },
    answers: [ok('TriggerDeadLettersRedriven')],
    errors: noTrigger,
  },
  'get /v1/functions/:id/triggers': {
    summary: 'Triggers of a function',
    query: ['marker', 'maxItems'],
    answers: [ok('TriggerList')],
    errors: ['INVALID_NAME', 'FUNCTION_NOT_FOUND'],
  },
});
