/** The time as HTTP's `Date` header wants it (RFC 9110, 5.6.7); put into words once a second. */
export class HttpDate {
  readonly #wallMs: () => number;
  #second = NaN;
  #text = '';

  constructor(wallMs: () => number) {
    this.#wallMs = wallMs;
  }

  get text(): string {
    const wallMs = this.#wallMs();
    const second = Math.floor(wallMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#text = new Date(wallMs).toUTCString();
    }
    return this.#text;
  }
}
