import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** The page's name, and what can be done with all of it. Whoever comes to the page by keys or by ear begins here. */
export function PageHead({ title, children }: { title: string; children?: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} - EasyFaaS`;
    heading.current?.focus();
  }, [title]);
  return (
    <header class="head">
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      <div class="buttons">{children}</div>
    </header>
  );
}
