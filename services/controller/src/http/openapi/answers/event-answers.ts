import { type RedriveTriggerAnswer, TRIGGER_COUNTERS, type TriggerProblem, type TriggerView } from '@easyfaas/contracts/wire';
import type { Redriven } from '../../../async/dead-letters';
import type { EventInvokeConfig } from '../../../async/event-invoke-config';
import type { EventAttempt, EventDelivery } from '../../../async/event-state';
import {
  type JsonSchema,
  anyObject,
  anything,
  count,
  figure,
  flag,
  listOf,
  objectOf,
  oneOf,
  optional,
  ref,
  text,
  time,
} from '../json-schema';

/** Records of calls, events and triggers. */
export function eventAnswers(): Record<string, JsonSchema> {
  return { ...records(), ...deadLetters(), ...triggers() };
}

function records(): Record<string, JsonSchema> {
  const delivery = (description: string): JsonSchema =>
    objectOf<EventDelivery>(description, {
      destination: text(),
      format: optional(oneOf(['lambda', 'cloudevents'])),
      status: oneOf(['pending', 'delivered', 'failed']),
      attempts: count(),
      error: optional(text('Of the last try that failed.')),
    });
  return {
    Accepted: objectOf<{ requestId: string; status?: string }>('The event is kept; ask for its record at /v1/invocations/{requestId}.', {
      requestId: text('Of the event; another one than that of the event which is repeated.'),
      status: optional(text()),
    }),
    Stages: {
      type: 'object',
      description: 'Milliseconds; those of stages that there were.',
      required: ['totalMs'],
      properties: {
        totalMs: figure(),
        waitMs: figure('For a container.'),
        warmupMs: figure('Memory and code were put in place.'),
        initMs: figure('The code was loaded.'),
        invokeMs: figure('The function ran.'),
        firstByteMs: figure('Streamed answers: until their first bytes.'),
      },
    },
    InvocationRecord: {
      type: 'object',
      description: 'What is known of a call or an event.',
      required: ['requestId', 'accountId', 'functionName', 'version', 'invokeType', 'status', 'startedAt'],
      properties: {
        requestId: text(),
        accountId: text(),
        keyId: text('Id of the key that called; absent where nobody brought one.'),
        functionName: text(),
        version: text('That ran, or is to run.'),
        commitId: text(),
        invokeType: oneOf(['RequestResponse', 'Event']),
        status: oneOf(['accepted', 'running', 'succeeded', 'failed', 'throttled', 'error', 'expired', 'cancelled']),
        httpStatus: count('Of the answer to a call.'),
        errorType: text("The function's, or the code of the platform's error."),
        errorMessage: text(),
        traceId: text('Of the trace that it belongs to, 32 hexadecimal digits.'),
        podId: text('That ran it; absent where a pod is on its own.'),
        containerId: text(),
        start: oneOf(['warm', 'cold']),
        coldReason: text('Why there was no warm container.'),
        startedAt: time(),
        stages: ref('Stages'),
        payloadBytes: count(),
        resultBytes: count(),
        cpuMs: figure(),
        maxMemoryMb: figure(),
        leftOut: count("How many of the function's throttled calls before this one have no record."),
        logTail: text('The end of what it printed, at most 4 KiB.'),
        source: text('Events: where it came from, such as api or trigger:<id>. Calls: the trigger that made it.'),
        condition: text("Events: why it has ended, in AWS Lambda's words where it has them."),
        acceptedAt: time('Events.'),
        notBefore: time('Events: of the next try.'),
        endedAt: time('Events.'),
        attemptCount: count('Events: tries that were begun.'),
        functionErrors: count('Events: tries in which the function failed.'),
        attempts: listOf(
          objectOf<EventAttempt>(undefined, {
            attempt: count(),
            startedAt: time(),
            endedAt: time(),
            outcome: oneOf(['success', 'function error', 'platform error', 'worker lost', 'cancelled', 'handed back']),
            reason: optional(text()),
            message: optional(text()),
            containerId: optional(text()),
            retryInMs: optional(figure()),
          }),
          'Events: the latest tries, oldest first.',
        ),
        depth: count('Events: how many invocations led to it.'),
        cancelRequestedAt: time('Events.'),
        replayOf: text('Events: the event or call that it repeats.'),
        redrivenAs: text('Events: the one that repeats it.'),
        delivery: delivery('Events: what became of the destination.'),
        callback: delivery('Events: what became of the URL that the caller named.'),
        payload: anything('When asked for one, of events and of calls whose payload is kept: JSON as a value, other text as text.'),
        payloadBase64: text('Instead of payload, when it is no text.'),
        result: anything('As payload.'),
        resultBase64: text(),
        isResultTooLarge: flag('The result was not kept.'),
      },
    },
    InvocationList: objectOf<{ invocations: object[]; nextMarker?: string }>('A page of calls and events.', {
      invocations: listOf(ref('InvocationRecord')),
      nextMarker: optional(text('There may be more: ask again with this as marker.')),
    }),
  };
}

function deadLetters(): Record<string, JsonSchema> {
  return {
    EventInvokeConfig: objectOf<EventInvokeConfig>('How events of the function are treated.', {
      MaximumRetryAttempts: count('Runs after the first one that failed in the function.'),
      MaximumEventAgeInSeconds: count(),
      DestinationConfig: anyObject('OnSuccess and OnFailure, where they are set; without passwords.'),
      SigningSecret: optional(text('Signs what is sent to URLs; shown to who sets one.')),
      LastModified: optional(time()),
    }),
    DeadLetterList: objectOf<{ deadLetters: object[]; total: number; nextMarker?: string }>('A page of dead letters, newest first.', {
      deadLetters: listOf(ref('InvocationRecord')),
      total: count('Without the filter.'),
      nextMarker: optional(text('There are more: ask again with this as marker.')),
    }),
    DeadLettersPurged: objectOf<{ purged: number; hasMore: boolean }>('How many were dropped.', {
      purged: count(),
      hasMore: flag('There are more that fit: ask again.'),
    }),
    DeadLettersRedriven: objectOf<Redriven>('What became of each.', {
      redriven: listOf(objectOf<Redriven['redriven'][number]>(undefined, { requestId: text(), newRequestId: text() })),
      refused: listOf(objectOf<Redriven['refused'][number]>(undefined, { requestId: text(), code: text(), message: text() })),
      hasMore: flag('There are more that fit: ask again.'),
    }),
  };
}

function triggers(): Record<string, JsonSchema> {
  return {
    TriggerView: objectOf<TriggerView>('A trigger without its secrets, and how it does.', {
      TriggerId: text(),
      Name: text(),
      Source: text('http, webhook, cloudevents, cron, redis-stream, queue, mqtt.'),
      FunctionName: text(),
      Qualifier: text(),
      Configuration: anyObject('By source.'),
      SecretNames: listOf(text()),
      Filter: optional(anyObject('Event patterns.')),
      Batch: optional(anyObject('Size and WindowMs.')),
      ErrorPolicy: anyObject('MaxAttempts and PauseAfterFailures.'),
      Enabled: flag(),
      State: oneOf(['active', 'paused', 'failed']),
      StateReason: optional(text()),
      LastError: optional(objectOf<TriggerProblem>(undefined, { At: time(), Code: text(), Message: text() })),
      Counters: {
        type: 'object',
        properties: Object.fromEntries(TRIGGER_COUNTERS.map((name) => [name, count()])),
      },
      Details: anyObject('By source: where it listens, when it fires next.'),
      RevisionId: text(),
      CreatedAt: time(),
      UpdatedAt: time(),
    }),
    TriggerList: objectOf<{ Triggers: object[]; NextMarker?: string }>('A page of triggers.', {
      Triggers: listOf(ref('TriggerView')),
      NextMarker: optional(text('There are more: ask again with this as marker.')),
    }),
    TriggerDeadLetterList: objectOf<{ DeadLetters: object[]; NextMarker?: string }>('A page of messages, oldest first.', {
      DeadLetters: listOf({
        type: 'object',
        required: ['DeadLetterId', 'At', 'MessageId', 'Reason', 'ContentType', 'Payload', 'IsBase64Encoded'],
        properties: {
          DeadLetterId: text(),
          At: time(),
          MessageId: text(),
          Reason: text(),
          ContentType: text(),
          Payload: text('Its beginning, when it is large.'),
          IsBase64Encoded: flag(),
        },
      }),
      NextMarker: optional(text('There may be more: ask again with this as marker.')),
    }),
    TriggerDeadLettersDeleted: objectOf<{ Deleted: number }>('How many were dropped.', { Deleted: count() }),
    TriggerDeadLettersRedriven: objectOf<RedriveTriggerAnswer>('What became of each.', {
      Redriven: listOf(
        objectOf<RedriveTriggerAnswer['Redriven'][number]>(undefined, { DeadLetterId: text(), InvocationId: text('Of its event.') }),
      ),
      Refused: listOf(
        objectOf<RedriveTriggerAnswer['Refused'][number]>('They stay dead letters.', {
          DeadLetterId: text(),
          Code: text(),
          Message: text(),
        }),
      ),
      HasMore: flag('Ask again for the rest of all.'),
    }),
  };
}
