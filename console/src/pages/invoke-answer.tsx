import { Badge } from '../components/badge';
import { ContainerLink, RequestLink } from '../components/links';
import { StagesBar } from '../components/stages-bar';
import { Facts } from '../components/table';
import { TextBlock } from '../components/text-block';
import { bodyText } from '../format/body-text';
import { bytes } from '../format/figures';
import { linkTo } from '../route';
import type { InvokeResult } from './invoke-result';

export function InvokeAnswer({ result }: { result: InvokeResult }) {
  const { status, requestId, functionError, version, start, containerId, execMs, stages, contentType, body, log } = result;
  const reason = stages.find((stage) => stage.reason !== undefined)?.reason;
  if (status === 202) {
    return (
      <p class="note">
        The event is kept. <a href={linkTo('invocations', requestId)}>Watch what becomes of it</a>
      </p>
    );
  }
  return (
    <>
      <Facts
        facts={[
          ['Outcome', <Badge key="s" state={functionError === undefined ? 'succeeded' : 'failed'} />],
          ['Function time', execMs === undefined ? undefined : `${execMs} ms`],
          ['Start', start === undefined ? undefined : reason === undefined ? start : `${start}: ${reason}`],
          ['Version', version],
          ['Answer', `${bytes(body.length)}${contentType === '' ? '' : `, ${contentType}`}`],
          ['Container', containerId === undefined ? undefined : <ContainerLink key="c" containerId={containerId} />],
          ['Request', requestId === '' ? undefined : <RequestLink key="r" requestId={requestId} />],
        ]}
      />
      <StagesBar stages={stages} />
      <TextBlock label="Answer" {...bodyText(body, contentType)} whole={body.length === 0 ? undefined : { body, fileName: 'answer.bin' }} />
      {log === '' ? null : <TextBlock label="Log, its last 4 KiB" text={log} />}
    </>
  );
}
