import { apiPath } from '../api/api';
import type { InvocationView } from '../api/views';
import { Ago } from '../components/ago';
import { AttemptTable } from '../components/attempt-table';
import { Badge } from '../components/badge';
import { ConfirmButton } from '../components/confirm-button';
import { ContainerLink, FunctionLink, RequestLink } from '../components/links';
import { ErrorNote, Loading } from '../components/notes';
import { PageHead } from '../components/page-head';
import { StagesBar } from '../components/stages-bar';
import { Facts } from '../components/table';
import { TextBlock } from '../components/text-block';
import { type BodyText, valueText } from '../format/body-text';
import { bytes, duration } from '../format/figures';
import { stagesOf } from '../format/stages';
import { visibleText } from '../format/visible-text';
import { useAction } from '../hooks/use-action';
import { useLoad } from '../hooks/use-load';
import { linkTo } from '../route';

export function InvocationPage({ requestId }: { requestId: string }) {
  const path = ['invocations', requestId];
  const { data, error, isLoading, reload } = useLoad((api, signal) => api.get<InvocationView>(apiPath(path), signal), [requestId]);
  const cancel = useAction(async (api) => {
    await api.json('DELETE', apiPath(path));
    reload();
    return 'The event is to be cancelled.';
  });
  const replay = useAction(async (api) => {
    const made = await api.json<{ requestId: string }>('POST', apiPath([...path, 'replay']));
    location.hash = linkTo('invocations', made.requestId);
    return 'It runs once more, as an event; this is its record.';
  });
  const isOpen = data?.status === 'accepted' || data?.status === 'running';
  return (
    <>
      <PageHead title={`Invocation ${requestId.slice(0, 8)}`}>
        {data === undefined ? null : <Badge state={data.status} />}
        <button type="button" onClick={reload} disabled={isLoading}>
          Refresh
        </button>
        {data?.invokeType === 'Event' || data?.payload !== undefined || data?.payloadBase64 !== undefined ? (
          <button type="button" onClick={() => replay.run()} disabled={replay.isBusy}>
            Replay
          </button>
        ) : null}
        {isOpen ? (
          <ConfirmButton label="Cancel the event" question="Cancel this event? It is not run (any more)." onConfirm={() => cancel.run()} />
        ) : null}
      </PageHead>
      <ErrorNote error={error} retry={reload} />
      <ErrorNote error={cancel.error ?? replay.error} />
      {data === undefined ? isLoading ? <Loading /> : null : <Record record={data} />}
    </>
  );
}

function Record({ record }: { record: InvocationView }) {
  const { payload, payloadBase64, result, resultBase64 } = record;
  return (
    <>
      <Facts facts={factsOf(record)} />
      {record.stages === undefined ? null : <StagesBar stages={stagesOf({ ...record.stages })} />}
      {record.attempts === undefined || record.attempts.length === 0 ? null : <AttemptTable attempts={record.attempts} />}
      {record.errorMessage === undefined ? null : <TextBlock label="Error" text={record.errorMessage} />}
      {payload === undefined && payloadBase64 === undefined ? null : <TextBlock label="Payload" {...textOf(payload, payloadBase64)} />}
      {result === undefined && resultBase64 === undefined ? null : <TextBlock label="Result" {...textOf(result, resultBase64)} />}
      {record.isResultTooLarge === true ? <p class="faint">The result was too large to be kept.</p> : null}
      {record.logTail === undefined || record.logTail === '' ? null : <TextBlock label="Log, its last 4 KiB" text={record.logTail} />}
    </>
  );
}

function textOf(value: unknown, base64: string | undefined): BodyText {
  return base64 === undefined ? { text: valueText(value) } : { text: base64, note: 'Bytes that are no text, in base64.' };
}

function factsOf(it: InvocationView): Parameters<typeof Facts>[0]['facts'] {
  const at = (time: string | undefined) => (time === undefined ? undefined : <Ago at={time} />);
  const request = (id: string | undefined) => (id === undefined ? undefined : <RequestLink requestId={id} />);
  const delivered = ({ delivery, callback }: InvocationView): string | undefined => {
    const told = [delivery, callback].filter((each) => each !== undefined);
    return told.length === 0
      ? undefined
      : told.map(({ destination, status, error }) => visibleText([destination, status, error].filter(Boolean).join(' '))).join('; ');
  };
  return [
    ['Function', <FunctionLink key="f" name={it.functionName} version={it.version} />],
    ['Kind', it.invokeType === 'Event' ? `event from ${visibleText(it.source ?? 'api')}` : 'call'],
    ['Began', at(it.startedAt)],
    ['Ended', at(it.endedAt)],
    ['Next try', at(it.notBefore)],
    ['Why it ended', it.condition === undefined ? undefined : visibleText(it.condition)],
    ['Error', it.errorType === undefined ? undefined : visibleText(it.errorType)],
    ['HTTP status', it.httpStatus?.toString()],
    ['Start', it.start === undefined ? undefined : `${it.start}${it.coldReason === undefined ? '' : `: ${visibleText(it.coldReason)}`}`],
    [
      'Container',
      it.containerId === undefined || it.containerId === '' ? undefined : <ContainerLink key="c" containerId={it.containerId} />,
    ],
    ['Processor time', it.cpuMs === undefined ? undefined : duration(it.cpuMs)],
    ['Peak memory', it.maxMemoryMb === undefined ? undefined : `${it.maxMemoryMb} MB`],
    ['Payload', it.payloadBytes === undefined ? undefined : bytes(it.payloadBytes)],
    ['Result', it.resultBytes === undefined ? undefined : bytes(it.resultBytes)],
    ['Destination', delivered(it)],
    ['Repeats', request(it.replayOf)],
    ['Redriven as', request(it.redrivenAs)],
    ['Throttled before it, without a record', it.leftOut?.toString()],
    ['Called by', it.keyId],
    ['Pod', it.podId],
    [
      'Request id',
      <span key="r" class="mono">
        {it.requestId}
      </span>,
    ],
  ];
}
