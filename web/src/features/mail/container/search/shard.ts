import type { Bytes } from '../bytes.ts';
import { ContainerFault } from '../fault.ts';

/** How many letters of a word say in which shard it is. */
const SHARD_LETTERS = 3;
/** A number takes 5 bytes of 7 bits at most. */
const MAX_SHIFT = 28;

/** A word and the documents that it stands in: numbers that grow. */
export type Posting = { word: string; documents: number[] };

/** The beginning that all words of a shard share. */
export function shardOf(word: string): string {
  return Array.from(word).slice(0, SHARD_LETTERS).join('');
}

/** Whether words that begin like this are all in one shard. */
export function fillsShard(beginning: string): boolean {
  return Array.from(beginning).length >= SHARD_LETTERS;
}

/**
 * One shard before it is sealed, words in order, every number in 7 bits a byte, the lowest first:
 *
 *     number of words | for each: length of word | word | number of documents | bytes of their list | list
 *
 * A list holds the steps from one document to the next.
 */
export function packShard(postings: Posting[]): Bytes {
  const encoder = new TextEncoder();
  const out = new Growing();
  out.number(postings.length);
  for (const { word, documents } of postings) {
    const letters = encoder.encode(word);
    out.number(letters.length);
    out.bytes(letters);
    const list = new Growing();
    let before = 0;
    for (const document of documents) {
      list.number(document - before);
      before = document;
    }
    const steps = list.taken();
    out.number(documents.length);
    out.number(steps.length);
    out.bytes(steps);
  }
  return out.taken();
}

/** A shard that was read: words at hand, lists opened when they are asked for. */
export class Shard {
  readonly words: string[] = [];
  readonly #bytes: Uint8Array;
  readonly #lists: { count: number; start: number; end: number }[] = [];
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    const decoder = new TextDecoder();
    for (let left = this.#number(); left > 0; left -= 1) {
      const length = this.#number();
      this.words.push(decoder.decode(this.#skip(length)));
      const count = this.#number();
      const size = this.#number();
      const start = this.#at;
      this.#skip(size);
      this.#lists.push({ count, start, end: this.#at });
    }
  }

  /** What it takes in memory, roughly: text in UTF-16 and the places of the lists beside the bytes. */
  get memoryBytes(): number {
    return this.#bytes.length + this.words.length * 120;
  }

  /** Tells each document in which a word stands that is this one, or begins like it. */
  tell(word: string, beginning: boolean, call: (document: number) => void): void {
    for (let index = this.#first(word); index < this.words.length; index += 1) {
      const found = this.words[index] ?? '';
      if (beginning ? !found.startsWith(word) : found !== word) return;
      this.#tellList(index, call);
    }
  }

  documents(index: number): number[] {
    const documents: number[] = [];
    this.#tellList(index, (document) => documents.push(document));
    return documents;
  }

  #tellList(index: number, call: (document: number) => void): void {
    const list = this.#lists[index];
    if (!list) return;
    this.#at = list.start;
    let document = 0;
    for (let left = list.count; left > 0; left -= 1) {
      document += this.#number();
      call(document);
    }
    if (this.#at !== list.end) throw new ContainerFault('damaged');
  }

  /** Where this word is, or would be. */
  #first(word: string): number {
    let low = 0;
    let high = this.words.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.words[middle] ?? '') < word) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #number(): number {
    let value = 0;
    for (let shift = 0; shift <= MAX_SHIFT; shift += 7) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) break;
      this.#at += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new ContainerFault('damaged');
  }

  #skip(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new ContainerFault('damaged');
    const skipped = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return skipped;
  }
}

/** Bytes that are added to. */
class Growing {
  #room = new Uint8Array(256);
  #length = 0;

  number(value: number): void {
    this.#reserve(5);
    let rest = value;
    while (rest >= 0x80) {
      this.#room[this.#length++] = (rest & 0x7f) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#room[this.#length++] = rest;
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#room.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  taken(): Bytes {
    return this.#room.slice(0, this.#length);
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#room.length) return;
    const room = new Uint8Array(Math.max(this.#room.length * 2, this.#length + more));
    room.set(this.#room.subarray(0, this.#length));
    this.#room = room;
  }
}
