const SECOND_MS = 1000;

/**
 * Wall-clock times as ISO 8601, UTC, with milliseconds. The text of the second is made once a second: `toISOString` of every
 * record costs more than all else about it.
 */
export class IsoTime {
  #second = NaN;
  /** `2026-01-31T23:59:59.` */
  #prefix = '';

  format(wallMs: number): string {
    const second = Math.floor(wallMs / SECOND_MS);
    if (second !== this.#second) {
      this.#second = second;
      this.#prefix = new Date(second * SECOND_MS).toISOString().slice(0, -4);
    }
    const rest = Math.floor(wallMs) - second * SECOND_MS;
    return `${this.#prefix}${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`;
  }
}
