import type { Turns } from '../browser.ts';
import { ContainerFault } from '../fault.ts';
import type { Change, RecordStore } from '../record-store.ts';
import type { Session } from '../session.ts';
import { type Head, headChange, readHead, runCollection } from './head.ts';
import { Recent } from './recent.ts';
import { mergeRuns, type Numbered, runsToMerge, writeRun } from './runs.ts';
import { fillsShard, Shard, shardOf } from './shard.ts';
import { type Row, Table } from './table.ts';
import { wordsOf } from './words.ts';

export const MAX_BATCH_DOCUMENTS = 2_000;
const BUFFER = 'buffer';
const MAX_QUERY_WORDS = 16;
/** How much is held in the clear, and how much waits to be written as a run. */
const LIMITS = { cacheBytes: 24 * 1024 * 1024, bufferDocuments: 500, bufferWords: 200_000 };
const TURN = 'fernamt-container-index';
const TRIES = 5;
const REMOVED = 0xff;

/** What is searched for; `when` orders what is found, the highest first. */
export type Document = { id: string; text: string; when: number };

export type Hits = { ids: string[]; total: number };

/**
 * Full-text search whose index is sealed like everything else. A record of it is a shard: the words with the same first
 * three letters, and in which documents they stand. The disk shows how many shards there are, roughly how long each is,
 * and which change together; not one letter.
 *
 * New documents stand in a buffer. When it is full it is written as a *run* of shards, and runs of one size become a larger
 * one, so what a change costs depends on the change and not on the index.
 */
export class SearchIndex {
  readonly #session: Session;
  readonly #store: RecordStore;
  readonly #turns: Turns;
  readonly #table: Table;
  readonly #limits: typeof LIMITS;
  readonly #shards: Recent<Shard>;
  #buffer: { revision: number; documents: Numbered[] } | undefined;

  constructor(
    session: Session,
    store: RecordStore,
    turns: Turns,
    limits: Partial<typeof LIMITS> = {},
  ) {
    this.#session = session;
    this.#store = store;
    this.#turns = turns;
    this.#table = new Table(store);
    this.#limits = { ...LIMITS, ...limits };
    this.#shards = new Recent(this.#limits.cacheBytes);
    session.onClose(() => this.#forget());
  }

  /** How much of the index is held in the clear. */
  get cachedBytes(): number {
    return this.#shards.bytes;
  }

  /** Adds documents, in place of those with the same ids. */
  add(documents: Document[]): Promise<void> {
    if (documents.length > MAX_BATCH_DOCUMENTS) throw new ContainerFault('too_large');
    return this.#inTurn(async () => {
      let head = await readHead(this.#store);
      const latest = new Map(documents.map((document) => [document.id, document]));
      const replaced = (await this.#table.numbersOf([...latest.keys()])).filter(isNumber);
      const rows = new Map<number, Row | null>(replaced.map((number) => [number, null]));
      const added: Numbered[] = [];
      for (const { id, text, when } of latest.values()) {
        const number = head.nextNumber + added.length;
        added.push({ number, words: wordsOf(text) });
        rows.set(number, { id, when });
      }
      head = {
        ...head,
        nextNumber: head.nextNumber + added.length,
        documents: head.documents + added.length - replaced.length,
        removed: [...head.removed, ...replaced],
      };
      const noted = await this.#table.changes(rows, []);
      head = await this.#keep(head, added, noted);
      for (let due = runsToMerge(head); due.length > 0; due = runsToMerge(head)) {
        head = await mergeRuns(this.#store, head, due);
      }
    });
  }

  remove(ids: string[]): Promise<void> {
    if (ids.length > MAX_BATCH_DOCUMENTS) throw new ContainerFault('too_large');
    return this.#inTurn(async () => {
      const head = await readHead(this.#store);
      const wanted = [...new Set(ids)];
      const numbers = (await this.#table.numbersOf(wanted)).filter(isNumber);
      const rows = new Map(numbers.map((number) => [number, null]));
      const next = {
        ...head,
        documents: head.documents - numbers.length,
        removed: [...head.removed, ...numbers],
      };
      await this.#store.change([headChange(next), ...(await this.#table.changes(rows, wanted))]);
    });
  }

  /**
   * The documents in which all words stand; the last word may go on, if it has three letters or more and nothing stands
   * behind it. `limit` says how many ids are wanted, the latest first; `total` counts all. Ids that are not `wanted` are
   * none of what is found.
   */
  search(text: string, limit = 100, wanted: (id: string) => boolean = () => true): Promise<Hits> {
    const words = wordsOf(text).slice(0, MAX_QUERY_WORDS);
    return this.#session.during(async () => {
      if (words.length === 0) return { ids: [], total: 0 };
      for (let tries = 1; ; tries += 1) {
        const head = await readHead(this.#store);
        const numbers = await this.#matches(head, words, /[\p{L}\p{M}\p{N}]$/u.test(text));
        const found = await this.#table.rows(numbers, head.revision);
        const rows = found.filter(({ id }) => wanted(id));
        // Another tab merged meanwhile, and what was looked for had just moved.
        if ((await readHead(this.#store)).revision !== head.revision && tries < TRIES) continue;
        return { ids: latest(rows, limit).map(({ id }) => id), total: rows.length };
      }
    });
  }

  /** Forgets everything, for an index that is to be made anew. Numbers of runs go on, other tabs know the old ones. */
  clear(): Promise<void> {
    return this.#inTurn(async () => {
      const head = await readHead(this.#store);
      const empty = {
        nextNumber: 0,
        documents: 0,
        runs: [],
        buffered: 0,
        bufferedWords: 0,
        removed: [],
      };
      await this.#store.change([
        headChange({ ...head, ...empty }),
        { clear: BUFFER },
        ...this.#table.cleared(),
        ...head.runs.map(({ run }) => ({ clear: runCollection(run) })),
      ]);
    });
  }

  async documents(): Promise<number> {
    return (await readHead(this.#store)).documents;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    return this.#session.during(() => this.#turns(TURN, 'exclusive', work));
  }

  /** New documents go to the buffer, or with it into a run of their own. */
  async #keep(head: Head, added: Numbered[], noted: Change[]): Promise<Head> {
    const words = added.reduce((sum, one) => sum + one.words.length, 0);
    const buffered = head.buffered + added.length;
    const bufferedWords = head.bufferedWords + words;
    const { bufferDocuments, bufferWords } = this.#limits;
    if (buffered <= bufferDocuments && bufferedWords <= bufferWords) {
      const next = { ...head, buffered, bufferedWords };
      const first = String(added[0]?.number ?? 'none');
      const put = { put: BUFFER, id: first, value: added };
      await this.#store.change([headChange(next), put, ...noted]);
      return { ...next, revision: next.revision + 1 };
    }
    const removed = new Set(head.removed);
    const waiting = [...(await this.#buffered(head)), ...added];
    const documents = waiting.filter(({ number }) => !removed.has(number));
    await writeRun(this.#store, head.nextRun, documents);
    const from = waiting[0]?.number ?? head.nextNumber;
    const run = { run: head.nextRun, from, to: head.nextNumber, documents: documents.length };
    const next: Head = {
      ...head,
      nextRun: head.nextRun + 1,
      runs: [...head.runs, run],
      buffered: 0,
      bufferedWords: 0,
      removed: head.removed.filter((number) => number < from),
    };
    await this.#store.change([headChange(next), { clear: BUFFER }, ...noted]);
    return { ...next, revision: next.revision + 1 };
  }

  async #matches(head: Head, words: string[], goesOn: boolean): Promise<number[]> {
    // How many of the words were found, by document.
    const found = new Uint8Array(head.nextNumber);
    for (const number of head.removed) found[number] = REMOVED;
    const buffered = await this.#buffered(head);
    for (const [index, word] of words.entries()) {
      const beginning = goesOn && index === words.length - 1 && fillsShard(word);
      const tell = (number: number) => {
        if (found[number] === index) found[number] = index + 1;
      };
      for (const shard of await this.#shardsFor(head, word)) shard.tell(word, beginning, tell);
      for (const { number, words: own } of buffered) {
        const fits = beginning ? own.some((one) => one.startsWith(word)) : own.includes(word);
        if (fits) tell(number);
      }
    }
    const numbers: number[] = [];
    for (let number = 0; number < found.length; number += 1) {
      if (found[number] === words.length) numbers.push(number);
    }
    return numbers;
  }

  /** The shard of this word in each run. What a run is made of never changes, so what was read stays right. */
  #shardsFor(head: Head, word: string): Promise<Shard[]> {
    const name = shardOf(word);
    return Promise.all(
      head.runs.map(async ({ run }) => {
        const kept = this.#shards.get(`${run} ${name}`);
        if (kept) return kept;
        const record = await this.#store.get(runCollection(run), name);
        const shard = new Shard(record?.bytes ?? new Uint8Array(1));
        if (this.#session.isOpen) this.#shards.keep(`${run} ${name}`, shard);
        return shard;
      }),
    );
  }

  async #buffered(head: Head): Promise<Numbered[]> {
    if (this.#buffer?.revision === head.revision) return this.#buffer.documents;
    const parts = await this.#store.getAll(BUFFER);
    const documents = parts
      .flatMap(({ value }) => value as Numbered[])
      .sort((one, other) => one.number - other.number);
    if (this.#session.isOpen) this.#buffer = { revision: head.revision, documents };
    return documents;
  }

  #forget(): void {
    this.#shards.clear();
    this.#table.clear();
    this.#buffer = undefined;
  }
}

/** The latest rows in order. Of a hundred thousand rows a few are wanted, and sorting all would take a while. */
function latest(rows: Row[], limit: number): Row[] {
  const kept: Row[] = [];
  for (const row of rows) {
    if (kept.length === limit && (kept[limit - 1]?.when ?? 0) >= row.when) continue;
    let low = 0;
    let high = kept.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((kept[middle]?.when ?? 0) >= row.when) low = middle + 1;
      else high = middle;
    }
    kept.splice(low, 0, row);
    if (kept.length > limit) kept.pop();
  }
  return kept;
}

function isNumber(value: number | undefined): value is number {
  return value !== undefined;
}
