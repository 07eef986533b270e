import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { FakeClock, silentLogger } from '@easyfaas/service-kit';
import { Hash } from '@smithy/hash-node';
import { SignatureV4 } from '@smithy/signature-v4';
import { SecretBox } from '../../secrets/secret-box';
import { accessKeyOf, type AccessKey } from '../access-key';
import { KeyAuthenticator } from '../key-authenticator';
import { createKeySeal } from '../key-seal';
import { KeyService } from '../key-service';
import { FakeKeyStore } from '../testing/fake-key-store';
import { SignatureAuthenticator } from './signature-authenticator';

const SEAL = createKeySeal(new SecretBox(Buffer.alloc(32, 7)));
const BODY = Buffer.from('{"a":1}');
const UNSIGNED = 'UNSIGNED-PAYLOAD';

interface Wish {
  method: string;
  path: string;
  query: Record<string, string | string[]>;
  headers: Record<string, string>;
  body: Buffer;
  key: AccessKey;
  service: string;
}

/** As it arrives: signed by a client of AWS. */
interface Arrived {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: Buffer;
}

describe('requests signed in the way of AWS', () => {
  let clock: FakeClock;
  let store: FakeKeyStore;
  let signatures: SignatureAuthenticator;
  let credential: string;
  let key: AccessKey;
  let bodiesRead: number;

  beforeEach(async () => {
    clock = new FakeClock();
    store = new FakeKeyStore();
    bodiesRead = 0;
    const authenticator = new KeyAuthenticator({ store, clock, logger: silentLogger(), onUnsealed: () => undefined });
    signatures = new SignatureAuthenticator({ store, seal: SEAL, authenticator, clock, logger: silentLogger() });
    await store.addAdmin({
      keyId: 'adminkey',
      accountId: 'default',
      scopes: ['admin'],
      description: '',
      sha256: '0'.repeat(64),
      createdAt: '',
    });
    const keys = new KeyService({ store, clock, random: randomBytes, seal: SEAL });
    credential = (await keys.create({ AccountId: 'tenant', Scopes: ['deploy'] })).Key;
    const parts = accessKeyOf(credential);
    if (parts === undefined) throw new Error('no key');
    key = parts;
  });

  const sign = async (wish: Partial<Wish> = {}): Promise<Arrived> => {
    const { method = 'PUT', path = '/2015-03-31/functions/arn%3Aaws/code', query = {}, body = BODY, service = 'lambda' } = wish;
    const signer = new SignatureV4({ credentials: wish.key ?? key, region: 'us-east-1', service, sha256: Hash.bind(null, 'sha256') });
    const headers = { host: 'localhost:8080', 'content-type': 'application/json', ...wish.headers };
    const request = { method, protocol: 'http:', hostname: 'localhost', path, query, headers, body };
    const signed = await signer.sign(request, { signingDate: new Date(clock.wallMs()) });
    const pairs = Object.entries(query).flatMap(([name, value]) => [value].flat().map((each): [string, string] => [name, each]));
    const text = new URLSearchParams(pairs).toString().replaceAll('+', '%20');
    return { method, url: text === '' ? path : `${path}?${text}`, headers: signed.headers, body };
  };

  const arrive = ({ body, ...request }: Arrived): ReturnType<SignatureAuthenticator['authenticate']> =>
    signatures.authenticate(request as unknown as IncomingMessage, 'a', async () => {
      bodiesRead += 1;
      return body;
    });

  const refusal = (request: Arrived): Promise<unknown> =>
    arrive(request).then(
      () => 'let in',
      (error: unknown) => error,
    );

  it('are believed, with what the key may do and the body that was signed', async () => {
    const { principal, body } = await arrive(await sign());
    expect(principal).toMatchObject({ accountId: 'tenant', scopes: ['deploy'] });
    expect(body).toEqual(BODY);
  });

  it('may be signed with the secret before a rotation until that ends', async () => {
    const keys = new KeyService({ store, clock, random: randomBytes, seal: SEAL });
    const { KeyId } = (await keys.list()).find(({ AccountId }) => AccountId === 'tenant') ?? { KeyId: '' };
    const rotated = accessKeyOf((await keys.rotate(KeyId, { GraceSeconds: 60 })).Key);
    for (const each of [key, rotated ?? key]) {
      await expect(arrive(await sign({ key: each }))).resolves.toMatchObject({ principal: { accountId: 'tenant' } });
    }
    clock.advance(60_000);
    expect(await refusal(await sign())).toMatchObject({ code: 'UNAUTHORIZED' });
    await expect(arrive(await sign({ key: rotated ?? key }))).resolves.toMatchObject({ principal: { accountId: 'tenant' } });
  });

  it('may have a query, with parameters given several times and signs to encode', async () => {
    const query = { Qualifier: '$LATEST', tagKeys: ['b c', 'a+ü/*'] };
    await expect(arrive(await sign({ query }))).resolves.toMatchObject({ principal: { accountId: 'tenant' } });
  });

  it('may leave the hash of the body out of their headers, as the aws command does', async () => {
    const request = await sign();
    expect(request.headers['x-amz-content-sha256']).toBe(createHash('sha256').update(BODY).digest('hex'));
    const headers = { host: 'localhost:8080' };
    const signer = new SignatureV4({
      credentials: key,
      region: 'local',
      service: 'lambda',
      sha256: Hash.bind(null, 'sha256'),
      applyChecksum: false,
    });
    const plain = { method: 'PUT', protocol: 'http:', hostname: 'localhost', path: '/2015-03-31/functions/fn/code', query: {} };
    const again = await signer.sign({ ...plain, headers, body: BODY }, { signingDate: new Date(clock.wallMs()) });
    const arrived = { ...request, url: plain.path, headers: again.headers };
    await expect(arrive(arrived)).resolves.toMatchObject({ body: BODY });
    await expect(refusal({ ...arrived, body: Buffer.from('{}') })).resolves.toMatchObject({ awsName: 'InvalidSignatureException' });
  });

  it('are believed without a look at the body when they say so', async () => {
    const request = await sign({ headers: { 'x-amz-content-sha256': UNSIGNED } });
    await expect(arrive(request)).resolves.toMatchObject({ body: undefined });
    expect(bodiesRead).toBe(0);
  });

  it('are refused when anything that was signed is not as it was', async () => {
    const request = await sign({ headers: { 'x-amz-invocation-type': 'DryRun' } });
    const changed: Arrived[] = [
      { ...request, method: 'DELETE' },
      { ...request, url: '/2015-03-31/functions/other/code' },
      { ...request, url: `${request.url}?Qualifier=1` },
      { ...request, headers: { ...request.headers, host: 'elsewhere' } },
      { ...request, headers: { ...request.headers, 'x-amz-invocation-type': 'Event' } },
      { ...request, body: Buffer.from('{"a":2}') },
      { ...request, headers: { ...request.headers, authorization: `${request.headers['authorization']?.slice(0, -64)}${'0'.repeat(64)}` } },
    ];
    for (const each of changed) expect(await refusal(each)).toMatchObject({ awsName: 'InvalidSignatureException', status: 401 });
  });

  it('are refused before their body is read when it can be told without it', async () => {
    const request = await sign();
    await refusal({ ...request, method: 'DELETE' });
    await refusal(await sign({ key: { accessKeyId: 'easyfaas_zzzzzzzz', secretAccessKey: 'A'.repeat(43) } }));
    expect(bodiesRead).toBe(0);
  });

  it('must cover the headers that say what is asked for', async () => {
    const request = await sign();
    const added = { ...request, headers: { ...request.headers, 'x-amz-invocation-type': 'Event' } };
    expect(await refusal(added)).toMatchObject({ message: "'x-amz-invocation-type' must be a 'SignedHeader' in the AWS Authorization." });
  });

  it('are good for five minutes on either side', async () => {
    const request = await sign();
    clock.advance(299_000);
    await expect(arrive(request)).resolves.toBeDefined();
    clock.advance(2000);
    expect(await refusal(request)).toMatchObject({
      message: expect.stringMatching(/^Signature expired: .* \(\d{8}T\d{6}Z - 5 min\.\)$/) as unknown,
    });
  });

  it('say the same for an id that nobody has and for a wrong secret', async () => {
    const unknown = await refusal(await sign({ key: { ...key, accessKeyId: 'easyfaas_zzzzzzzz' } }));
    const foreign = await refusal(await sign({ key: { ...key, accessKeyId: 'AKIAIOSFODNN7EXAMPLE' } }));
    const wrong = await refusal(await sign({ key: { ...key, secretAccessKey: 'B'.repeat(43) } }));
    expect([String(unknown), String(foreign)]).toEqual([String(wrong), String(wrong)]);
    expect(String(wrong)).toMatch(/does not match the signature you provided/);
  });

  it('end with the key that made them', async () => {
    const request = await sign();
    await arrive(request);
    await store.remove(key.accessKeyId.slice('easyfaas_'.length));
    expect(await refusal(request)).toMatchObject({ code: 'UNAUTHORIZED' });
  });

  it('count as wrong keys when they are wrong', async () => {
    const wrong = await sign({ key: { ...key, secretAccessKey: 'B'.repeat(43) } });
    for (let tries = 0; tries < 10; tries += 1) expect(await refusal(wrong)).toMatchObject({ code: 'UNAUTHORIZED' });
    expect(await refusal(wrong)).toMatchObject({ code: 'THROTTLED' });
  });

  it('blame nobody while the store has lost its keys', async () => {
    const request = await sign();
    store.keys.clear();
    store.admin = undefined;
    expect(await refusal(request)).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it.each([
    ['AWS4-HMAC-SHA512 Credential=a', 'IncompleteSignatureException', "Unsupported AWS 'algorithm'"],
    ['AWS4-HMAC-SHA256 Credential=a', 'IncompleteSignatureException', "requires 'SignedHeaders' parameter. 'Signature' parameter."],
    ['AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=x', 'IncompleteSignatureException', 'Credential must have 5 parts'],
    [
      'AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x',
      'InvalidSignatureException',
      "correct service: 'lambda'",
    ],
  ])('say what is wrong with %j', async (authorization, awsName, text) => {
    const request = await sign();
    const error = await refusal({ ...request, headers: { ...request.headers, authorization } });
    expect(error).toMatchObject({ awsName, message: expect.stringContaining(text) as unknown });
  });

  it('have no session tokens', async () => {
    const request = await sign({ headers: { 'x-amz-security-token': 'token' } });
    expect(await refusal(request)).toMatchObject({ awsName: 'UnrecognizedClientException' });
  });

  it('are checked with a key of before there were signatures once it was used or found', async () => {
    const keyId = key.accessKeyId.slice('easyfaas_'.length);
    store.unseal(keyId);
    expect(await refusal(await sign())).toMatchObject({ code: 'UNAUTHORIZED' });
    await store.addSealed(keyId, SEAL.seal(keyId, credential));
    await expect(arrive(await sign())).resolves.toBeDefined();
  });
});
