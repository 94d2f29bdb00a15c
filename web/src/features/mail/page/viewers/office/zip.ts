import { LIMITS, Unreadable } from './limits.ts';

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;
const MAX_COMMENT_BYTES = 0xffff;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;

type Entry = { method: number; flags: number; packed: number; local: number };

/**
 * A ZIP file in memory, read by its table of contents. What its entries say of their size is not believed: unpacking
 * stops where the limit is, and all entries together have one, however they overlap.
 */
export class Zip {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  readonly #entries = new Map<string, Entry>();
  #left: number = LIMITS.inflatedBytes;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    try {
      this.#readEntries();
    } catch (error) {
      // An offset beyond the end.
      throw error instanceof RangeError ? new Unreadable('damaged') : error;
    }
  }

  get names(): string[] {
    return [...this.#entries.keys()];
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** A part as text; undefined if there is none. */
  async text(name: string): Promise<string | undefined> {
    const bytes = await this.read(name, LIMITS.partBytes);
    return bytes && decoded(bytes);
  }

  /** A part's bytes; undefined if there is none, and a refusal if it has more than so many. */
  async read(name: string, mostBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const entry = this.#entries.get(name);
    if (!entry) return undefined;
    if (entry.flags & ENCRYPTED) throw new Unreadable('encrypted');
    const packed = this.#packed(entry);
    if (entry.method === STORED) {
      this.#spend(packed.length, mostBytes);
      return packed;
    }
    if (entry.method !== DEFLATED) throw new Unreadable('damaged');
    return this.#inflated(packed, mostBytes);
  }

  #readEntries(): void {
    const view = this.#view;
    let end = view.byteLength - END_BYTES;
    const first = Math.max(0, end - MAX_COMMENT_BYTES);
    while (end >= first && view.getUint32(end, true) !== END) end -= 1;
    if (end < first) throw new Unreadable('damaged');
    const count = view.getUint16(end + 10, true);
    if (count > LIMITS.zipEntries) throw new Unreadable('too_large');
    let at = view.getUint32(end + 16, true);
    for (let index = 0; index < count; index += 1) {
      if (view.getUint32(at, true) !== ENTRY) throw new Unreadable('damaged');
      const nameBytes = view.getUint16(at + 28, true);
      const more = view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
      const start = at + ENTRY_BYTES;
      const name = new TextDecoder().decode(this.#bytes.subarray(start, start + nameBytes));
      this.#entries.set(name.replace(/^\//, ''), {
        flags: view.getUint16(at + 8, true),
        method: view.getUint16(at + 10, true),
        packed: view.getUint32(at + 20, true),
        local: view.getUint32(at + 42, true),
      });
      at = start + nameBytes + more;
    }
  }

  #packed({ local, packed }: Entry): Uint8Array<ArrayBuffer> {
    const view = this.#view;
    if (local + LOCAL_BYTES > view.byteLength || view.getUint32(local, true) !== LOCAL) {
      throw new Unreadable('damaged');
    }
    const skipped = view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const start = local + LOCAL_BYTES + skipped;
    if (start + packed > view.byteLength) throw new Unreadable('damaged');
    return this.#bytes.subarray(start, start + packed);
  }

  async #inflated(
    packed: Uint8Array<ArrayBuffer>,
    mostBytes: number,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const chunks: Uint8Array[] = [];
    const source = new Response(packed).body?.pipeThrough(new DecompressionStream('deflate-raw'));
    if (!source) return new Uint8Array();
    const reader = source.getReader();
    let size = 0;
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        size += value.length;
        this.#spend(value.length, mostBytes - (size - value.length));
        chunks.push(value);
      }
    } catch (error) {
      await reader.cancel().catch(() => undefined);
      throw error instanceof Unreadable ? error : new Unreadable('damaged');
    }
    const all = new Uint8Array(size);
    let at = 0;
    for (const chunk of chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return all;
  }

  #spend(bytes: number, mostBytes: number): void {
    this.#left -= bytes;
    if (bytes > mostBytes || this.#left < 0) throw new Unreadable('too_large');
  }
}

/** XML is UTF-8, or UTF-16 with a mark in front. */
function decoded(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return new TextDecoder().decode(bytes);
}
