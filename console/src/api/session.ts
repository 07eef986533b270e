const KEY = 'easyfaas.key';

/** Of this tab, until it is closed: no other tab and no other page sees it, and nothing sends it by itself. */
export function readKey(): string | undefined {
  return sessionStorage.getItem(KEY) ?? undefined;
}

export function keepKey(key: string): void {
  sessionStorage.setItem(KEY, key);
}

export function forgetKey(): void {
  sessionStorage.removeItem(KEY);
}
