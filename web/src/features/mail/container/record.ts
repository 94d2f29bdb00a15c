import { type Bytes, join, Reader, text, u32, utf8 } from './bytes.ts';
import { ContainerFault } from './fault.ts';
import { padded } from './padding.ts';

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** What is kept under one id: a value, and bytes beside it where JSON would be too wide. */
export type Content = { id: string; value: Json; bytes?: Uint8Array };

/**
 * The content of a record before it is sealed, big endian:
 *
 *     length of id, value, bytes (4 each) | id | value as JSON | bytes | zeros up to the padded length
 *
 * The id stands inside because its name on the disk can not be read back.
 */
export function packRecord({ id, value, bytes }: Content): Bytes {
  const parts = [utf8(id), utf8(JSON.stringify(value)), bytes ?? new Uint8Array()];
  const packed = join(...parts.map((part) => u32(part.length)), ...parts);
  const whole = new Uint8Array(padded(packed.length));
  whole.set(packed);
  return whole;
}

export function unpackRecord(record: Bytes): Required<Content> {
  const reader = new Reader(record);
  const lengths = [reader.u32(), reader.u32(), reader.u32()] as const;
  const [id, value, bytes] = lengths.map((length) => reader.take(length)) as [Bytes, Bytes, Bytes];
  try {
    return { id: text(id), value: JSON.parse(text(value)) as Json, bytes };
  } catch {
    throw new ContainerFault('damaged');
  }
}
