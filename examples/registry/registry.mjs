// A function registry: functions are folders with a function.json and a code.zip, and EasyFaaS asks here instead of managing them itself.
//   node registry.mjs <folder> [port]        TOKEN=secret node registry.mjs functions 9090
// <folder>/<account>/<function>/function.json   {"Runtime": "nodejs20", "Handler": "index.handler", ...}
// <folder>/<account>/<function>/code.zip
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';

const [folder = 'functions', port = '9090'] = process.argv.slice(2);
const token = process.env.TOKEN;
const NAME = /^[A-Za-z0-9_-]{1,64}$/;
/** What functions may say under `Runtime`, and the runtime of EasyFaaS that stands for it. */
const RUNTIMES = { nodejs20: 'nodejs20', python3: 'python3', nodejs12: 'nodejs20' };

const hash = (bytes, form) => createHash('sha256').update(bytes).digest(form);

function isAllowed(request) {
  if (token === undefined) return true;
  // Of equal length whatever was sent: the time that comparing takes tells nothing.
  const [sent, wanted] = [request.headers.authorization ?? '', `Bearer ${token}`].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(sent, wanted);
}

/** undefined when there is no such function, or the name leads elsewhere. */
async function readFunction(account, name) {
  if (!NAME.test(account) || !NAME.test(name)) return undefined;
  const directory = join(folder, account, name);
  try {
    const [settings, zip] = await Promise.all([readFile(join(directory, 'function.json')), readFile(join(directory, 'code.zip'))]);
    return { settings, zip };
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}

async function answerFunction(account, name, qualifier) {
  // This registry has no versions: there is only what is in the folder now.
  const found = qualifier === '$LATEST' ? await readFunction(account, name) : undefined;
  if (found === undefined) return undefined;
  const { settings, zip } = found;
  const { Timeout = 3, MemorySize = 128, Concurrency, ...more } = JSON.parse(settings);
  return {
    Code: { Location: `${name}/code?account=${account}`, RepositoryType: 'folder' },
    Configuration: {
      ...more,
      Timeout,
      MemorySize,
      FunctionName: name,
      FunctionArn: `brn:cloud:faas:local:${account}:function:${name}`,
      Uid: account,
      Version: '$LATEST',
      // Changes with code and settings alike: containers of the old ones are given up then.
      CommitId: hash(Buffer.concat([settings, zip]), 'hex'),
      CodeSha256: hash(zip, 'base64'),
    },
    ...(Concurrency === undefined ? {} : { Concurrency }),
  };
}

async function route(request, response) {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://registry');
  const [kind, name = '', what] = pathname.split('/').slice(1).map(decodeURIComponent);
  const account = request.headers['x-easyfaas-account-id'] ?? 'default';
  let found;
  if (kind === 'functions' && what === undefined) found = await answerFunction(account, name, searchParams.get('Qualifier') ?? '$LATEST');
  if (kind === 'functions' && what === 'code') {
    const zip = (await readFunction(searchParams.get('account') ?? '', name))?.zip;
    if (zip !== undefined)
      return void response.writeHead(200, { 'Content-Type': 'application/zip', 'Content-Length': zip.length }).end(zip);
  }
  if (kind === 'runtimes' && what === 'configuration' && Object.hasOwn(RUNTIMES, name))
    found = { Name: RUNTIMES[name], Bin: '', Path: '', Args: [] };
  if (found === undefined) return send(response, 404, { error: 'there is no such thing here' });
  send(response, 200, found, request.headers['if-none-match']);
}

function send(response, status, body, known) {
  const text = JSON.stringify(body);
  const etag = `"${hash(text, 'hex')}"`;
  if (known === etag) return void response.writeHead(304, { ETag: etag }).end();
  response.writeHead(status, { 'Content-Type': 'application/json', ETag: etag }).end(text);
}

const server = createServer((request, response) => {
  if (request.method !== 'GET') return send(response, 405, { error: 'only GET' });
  if (!isAllowed(request)) return send(response, 401, { error: 'no token, or a wrong one' });
  route(request, response).catch((error) => {
    process.stderr.write(`${error.stack}\n`);
    if (response.headersSent) response.destroy();
    else send(response, 500, { error: 'this registry failed' });
  });
});
server.listen(Number(port), '127.0.0.1', () => process.stdout.write(`registry at http://127.0.0.1:${server.address().port}\n`));
