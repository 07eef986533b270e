import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describeLocally } from '../support/describe-locally';
import { LocalStack } from '../support/local-stack';
import { repositoryRoot } from '../support/repository';

const directory = join(repositoryRoot, 'test/e2e/languages');
const tag = process.env['EASYFAAS_IMAGE_TAG'] ?? 'latest';
const image = `easyfaas/runtime-tiny:${tag}`;

describeLocally('a language that is a folder and an image', () => {
  let stack: LocalStack;

  beforeAll(async () => {
    const base = `BASE_IMAGE=easyfaas/runtime-nodejs20:${tag}`;
    execFileSync('docker', ['build', '-q', '-t', image, '--build-arg', base, join(directory, 'tiny')], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    stack = await LocalStack.start({ env: { EASYFAAS_RUNTIMES_DIR: directory, EASYFAAS_RUNTIMES: '' } });
  }, 180_000);
  afterAll(async () => {
    await stack.stop();
    execFileSync('docker', ['image', 'rm', image], { stdio: 'ignore' });
  }, 60_000);

  it('has an image that can check itself', () => {
    const options = ['--rm', '--network', 'none', '--label', `easyfaas.test-run=${stack.label}`];
    const words = execFileSync('docker', ['run', ...options, image, '--self-check']).toString();
    expect(words).toMatch(/^tiny: ready, v\d+/);
  });

  it('is offered, deployed to and called, with nothing else changed', async () => {
    const { client } = stack;
    const offered = (await client.call('/v1/runtimes')).json<{ Runtimes: { Name: string }[] }>();
    expect(offered.Runtimes).toMatchObject([
      { Name: 'tiny', HandlerExample: 'letter', SourceContentTypes: ['text/x-tiny'], PodConcurrentQuotaMax: 1 },
    ]);
    const headers = { 'Content-Type': 'text/x-tiny' };
    const made = await client.call('/v1/functions/letter?Handler=letter', { method: 'POST', headers, body: 'Dear {name}, …' });
    expect({ status: made.status, text: made.text }).toMatchObject({ status: 201 });
    const answer = await client.call('/v1/functions/letter/invocations', { method: 'POST', body: '{"name":"you"}' });
    expect(answer.text).toBe('"Dear you, …"');
    const failed = await client.call('/v1/functions/letter/invocations', { method: 'POST', body: '{' });
    expect(failed.json()).toMatchObject({ errorType: 'Runtime.UnmarshalError' });
    const refused = await client.call('/v1/functions/other?Handler=letter&PodConcurrentQuota=2', { method: 'POST', headers, body: 'x' });
    expect(refused.status).toBe(400);
    expect(refused.text).toMatch(/PodConcurrentQuota is 2; Tiny templates runs at most 1 at once/);
  });
});
