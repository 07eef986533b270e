/** One server-sent event. */
export interface StreamEvent {
  event: string;
  data: string;
}

/** A blank line ends an event (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
const END = /\r\n\r\n|\n\n|\r\r/;

/** Takes a stream's text piece by piece and gives the events that are whole. `EventSource` cannot send a key. */
export class EventStreamParser {
  #rest = '';

  push(text: string): StreamEvent[] {
    const blocks = (this.#rest + text).split(END);
    this.#rest = blocks.pop() ?? '';
    return blocks.flatMap((block) => {
      const event = parseBlock(block);
      return event === undefined ? [] : [event];
    });
  }
}

function parseBlock(block: string): StreamEvent | undefined {
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split(/\r\n|\n|\r/)) {
    const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (field === 'event') event = value;
    if (field === 'data') data.push(value);
  }
  return data.length === 0 ? undefined : { event, data: data.join('\n') };
}

/** The same for lines. */
export class LineParser {
  #rest = '';

  /** @returns whole lines that are not empty */
  push(text: string): string[] {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.filter((line) => line !== '');
  }
}
