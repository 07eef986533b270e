import { useEffect, useMemo, useState } from 'preact/hooks';
import { Api } from './api/api';
import { SharedContext } from './hooks/context';
import { useRoute } from './hooks/use-route';
import { PageOf } from './pages/page-of';
import { linkTo } from './route';

const PAGES = [
  ['functions', 'Functions'],
  ['invocations', 'Invocations'],
  ['queues', 'Queues'],
  ['triggers', 'Triggers'],
  ['pool', 'Pool'],
] as const;
/** How long what was done stays at the foot of the page. */
const SHOWN_MS = 6000;

/** @param onEnd says why the key is of no use any more; nothing when somebody signs out */
export function SignedIn({ apiKey, onEnd }: { apiKey: string; onEnd: (reason?: string) => void }) {
  const route = useRoute();
  const [said, setSaid] = useState('');
  useEffect(() => {
    if (said === '') return undefined;
    const timer = setTimeout(() => setSaid(''), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const shared = useMemo(
    () => ({ api: new Api(apiKey, () => onEnd('The key is not known any more, or it has ended.')), announce: setSaid }),
    [apiKey],
  );
  return (
    <SharedContext.Provider value={shared}>
      <div class="frame">
        <a class="skip" href="#main" onClick={skip}>
          To the content
        </a>
        <nav aria-label="Pages">
          <span class="brand">EasyFaaS</span>
          {PAGES.map(([page, title]) => (
            <a key={page} href={linkTo(page)} {...(page === route.page ? { 'aria-current': 'page' } : {})}>
              {title}
            </a>
          ))}
          <button type="button" class="plain" onClick={() => onEnd()}>
            Sign out
          </button>
        </nav>
        <main id="main">
          <PageOf route={route} />
        </main>
      </div>
      <p class="said" role="status" aria-live="polite">
        {said}
      </p>
    </SharedContext.Provider>
  );
}

function skip(event: Event): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('main h1')?.focus();
}
