import { useState } from 'preact/hooks';
import { Api } from '../api/api';
import { ApiError } from '../api/api-error';
import { ErrorNote } from './notes';
import { Field } from './field';
import { submitting } from './submitting';

/** Any key may ask for this. */
const ASKED = '/v1/runtimes';

/** @param onSignedIn with a key that the controller knows */
export function SignIn({ reason, onSignedIn }: { reason: string | undefined; onSignedIn: (key: string) => void }) {
  const [key, setKey] = useState('');
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<unknown>(undefined);
  const signIn = async (): Promise<void> => {
    setIsBusy(true);
    setError(undefined);
    const given = key.trim();
    try {
      // A browser refuses to send any other character, and that would look like a controller that does not answer.
      if (!/^[\x21-\x7e]+$/.test(given)) throw new ApiError('No key has such characters.', { status: 401 });
      await new Api(given).send('GET', ASKED);
      onSignedIn(given);
    } catch (failure) {
      // A key for single actions may not ask that, but it is one.
      if (failure instanceof ApiError && failure.status === 403) return onSignedIn(given);
      setError(failure);
    } finally {
      setIsBusy(false);
    }
  };
  return (
    <main class="sign-in">
      <h1>EasyFaaS</h1>
      {reason === undefined ? null : (
        <p class="note" role="status">
          {reason}
        </p>
      )}
      <form
        onSubmit={submitting(() => {
          void signIn();
        })}
      >
        <Field label="API key" hint="It stays in this tab until you close it or sign out, and goes to this controller only.">
          <input
            type="password"
            name="key"
            value={key}
            onInput={(event) => setKey(event.currentTarget.value)}
            autocomplete="off"
            spellcheck={false}
            required
            autofocus
          />
        </Field>
        <button type="submit" class="main" disabled={isBusy || key.trim() === ''}>
          Sign in
        </button>
      </form>
      <ErrorNote error={error} />
      <p class="faint">The key made at the first start is in the data directory:</p>
      <pre class="command">cat /var/lib/easyfaas/admin.key</pre>
    </main>
  );
}
