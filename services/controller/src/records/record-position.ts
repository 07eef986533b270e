import { invalidField } from '../invalid-field';

/** Where a record is: its entry in the stream and its place in that entry. */
export interface RecordPosition {
  /** A stream id `<ms>-<sequence>`, or `+` for the end of the stream. */
  entryId: string;
  index: number;
}

export const LATEST_POSITION: RecordPosition = { entryId: '+', index: Number.MAX_SAFE_INTEGER };
export const EARLIEST = '-';

export function formatPosition({ entryId, index }: RecordPosition): string {
  return `${entryId}.${index}`;
}

/** @throws ServiceError VALIDATION_FAILED when it was not given out by {@link formatPosition} */
export function parsePosition(marker: string): RecordPosition {
  const match = /^(\d{1,15}-\d{1,15})\.(\d{1,6})$/.exec(marker);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw invalidField('marker', 'marker must be the nextMarker of an earlier page.');
  }
  return { entryId: match[1], index: Number(match[2]) };
}
