// The time as server-sent events, with a page that shows them. Ends early when the browser has gone.
const { setTimeout: sleep } = require('node:timers/promises');

const PAGE = `<!doctype html><title>The time</title><ol id="list"></ol><script>
const source = new EventSource(location.pathname.replace(/\\/$/, '') + '/events' + location.search);
source.onmessage = ({ data }) => list.insertAdjacentHTML('beforeend', '<li>' + JSON.parse(data).time);
source.addEventListener('end', () => source.close());
</script>`;

exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
  if (event.rawPath === '/') {
    const page = awslambda.HttpResponseStream.from(stream, { headers: { 'Content-Type': 'text/html; charset=utf-8' } });
    return void page.end(PAGE);
  }
  const { count = 3, ms = 500 } = event.queryStringParameters ?? event;
  const out = awslambda.HttpResponseStream.from(stream, {
    headers: { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' },
  });
  for (let n = 1; n <= Number(count); n++) {
    out.write(`id: ${n}\ndata: ${JSON.stringify({ n, time: new Date().toISOString(), name: event.name })}\n\n`);
    await sleep(Number(ms), undefined, { signal: context.signal }); // rejects when the client has gone
  }
  out.end('event: end\ndata: {}\n\n');
});
