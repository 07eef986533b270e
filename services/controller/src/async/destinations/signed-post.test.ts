import { signatureOf, signedPost } from './signed-post';
import { UrlRules } from './url-rules';

describe('a signed post', () => {
  it('is signed over time and body, as webhooks are', () => {
    const signature = signatureOf('secret', Buffer.from('{}'), 1_700_000_000_999);
    expect(signature).toMatch(/^t=1700000000,v1=[0-9a-f]{64}$/);
    expect(signatureOf('other', Buffer.from('{}'), 1_700_000_000_999)).not.toBe(signature);
  });

  it('checks its URL again at each dispatch', () => {
    const post = { url: new URL('https://127.0.0.1/'), body: Buffer.from('{}'), secret: 's', deliveryId: 'd', wallMs: 0 };
    expect(() => signedPost(post, new UrlRules([]))).toThrow(/not allowed/);
  });

  it('connects to no private address, whatever the name looked like before', async () => {
    // The hosts file of every machine has this name; the rules are told to take it for an ordinary one.
    const rules = new UrlRules([]);
    rules.check = (text: string) => new URL(text);
    const post = { url: new URL('https://localhost/'), body: Buffer.from('{}'), secret: 's', deliveryId: 'd', wallMs: 0 };
    await expect(signedPost(post, rules)).rejects.toMatchObject({ code: 'URL_NOT_ALLOWED' });
  });
});
