import { useState } from 'preact/hooks';
import { forgetKey, keepKey, readKey } from './api/session';
import { SignIn } from './components/sign-in';
import { SignedIn } from './signed-in';

/** Who is signed in sees the pages; who is not is asked for a key. */
export function App() {
  const [key, setKey] = useState(readKey);
  const [reason, setReason] = useState<string | undefined>(undefined);
  if (key === undefined) {
    return (
      <SignIn
        reason={reason}
        onSignedIn={(given) => {
          keepKey(given);
          setReason(undefined);
          setKey(given);
        }}
      />
    );
  }
  return (
    <SignedIn
      apiKey={key}
      onEnd={(why) => {
        // A late answer to the key before says nothing of this one.
        if (why !== undefined && readKey() !== key) return;
        forgetKey();
        setReason(why);
        setKey(undefined);
      }}
    />
  );
}
