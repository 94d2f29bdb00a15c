import type { Turns } from './browser.ts';
import { type Bytes, framed, join } from './bytes.ts';
import { beginningWith, bytesOf, type Database, type Durability } from './database.ts';
import { ContainerFault } from './fault.ts';
import { hiddenName, type Ring } from './keys.ts';
import { type Content, type Json, packRecord, unpackRecord } from './record.ts';
import { seal, unseal } from './seal.ts';
import type { Session } from './session.ts';

export const MAX_RECORD_BYTES = 16 * 1024 * 1024;
export const MAX_CHANGES = 10_000;
const PAGE_RECORDS = 256;
const MAX_COLLECTIONS = 256;

/** No collection of anybody's can have this name. */
const OWN_COLLECTION = '';
const STATE = 'state';

export type Found = Required<Content>;

export type Change =
  | { put: string; id: string; value: Json; bytes?: Uint8Array }
  | { delete: string; id: string }
  | { clear: string };

/** What the container knows of itself. */
export type State = {
  /** Grows with each change; the server is told, so that an older copy of the disk is noticed. */
  generation: number;
  policySerial: number;
  /** The latest time at which it was unlocked: a clock that was set back gains nobody a longer period. */
  seenMs: number;
};

type NextState = (state: State | undefined) => State;

/**
 * Sealed records, by collection and id. On the disk a record stands under HMAC(collection) and HMAC(collection, id),
 * sixteen bytes each: a collection can be listed, and neither names nor an order of the content are told. So listing has
 * an order that stays and means nothing; who needs one by date keeps it in a record.
 *
 * One tab writes at a time. A change is settled when it will survive a power cut.
 */
export class RecordStore {
  readonly #session: Session;
  readonly #database: Database;
  readonly #turns: Turns;
  readonly #shelf: 'records' | 'search';
  /** Hidden names of collections, by the key that hid them: another container's must not be taken for ours. */
  readonly #collections = new WeakMap<CryptoKey, Map<string, Promise<Bytes>>>();

  constructor(
    session: Session,
    database: Database,
    turns: Turns,
    shelf: 'records' | 'search' = 'records',
  ) {
    this.#session = session;
    this.#database = database;
    this.#turns = turns;
    this.#shelf = shelf;
  }

  put(collection: string, id: string, value: Json, bytes?: Uint8Array): Promise<void> {
    return this.change([{ put: collection, id, value, ...(bytes && { bytes }) }]);
  }

  putAll(collection: string, contents: Content[]): Promise<void> {
    return this.change(contents.map((content) => ({ put: collection, ...content })));
  }

  delete(collection: string, id: string): Promise<void> {
    return this.change([{ delete: collection, id }]);
  }

  clear(collection: string): Promise<void> {
    return this.change([{ clear: collection }]);
  }

  /** Makes all of these changes, or none. */
  change(changes: Change[]): Promise<void> {
    for (const change of changes) {
      if (collectionOf(change) === OWN_COLLECTION) throw new ContainerFault('missing');
    }
    if (changes.length > MAX_CHANGES) throw new ContainerFault('too_large');
    return this.#write(changes, same);
  }

  async get(collection: string, id: string): Promise<Found | undefined> {
    return (await this.getEach(collection, [id]))[0];
  }

  /** What stands under these ids, in their order. */
  getEach(collection: string, ids: string[]): Promise<(Found | undefined)[]> {
    return this.#session.during(async (keys) => {
      const ring = keys[this.#shelf];
      const places = await Promise.all(ids.map((id) => this.#place(ring, collection, id)));
      const values = await this.#database.getEach(this.#shelf, places);
      return Promise.all(
        places.map((key, index) => {
          const value = values[index];
          return value === undefined ? undefined : this.#unseal(ring, key, value);
        }),
      );
    });
  }

  async getAll(collection: string): Promise<Found[]> {
    const all: Found[] = [];
    for await (const found of this.each(collection)) all.push(found);
    return all;
  }

  /** A collection, page by page. What changes meanwhile may or may not be seen. */
  async *each(collection: string): AsyncGenerator<Found> {
    let after: IDBValidKey | undefined;
    do {
      const page = await this.#page(collection, after);
      for (const found of page.found) {
        // The rest of a page must not be handed out after the locking.
        this.#session.check();
        yield found;
      }
      after = page.next;
    } while (after !== undefined);
  }

  /** What the container knows of itself. Records without it are not whole. */
  async state(): Promise<State> {
    const own = await this.get(OWN_COLLECTION, STATE);
    if (!own) throw new ContainerFault('damaged');
    return own.value as State;
  }

  /** Changes what the container knows of itself; `undefined` where nothing is known yet. */
  remember(next: NextState): Promise<void> {
    return this.#write([], next);
  }

  /** The next state is sealed and written with the changes; only records count, since the index can be made anew. */
  #write(changes: Change[], next: NextState): Promise<void> {
    return this.#session.during((keys) =>
      this.#turns(`fernamt-container-${this.#shelf}`, 'exclusive', async () => {
        const ring = keys[this.#shelf];
        const counted = this.#shelf === 'records' ? [await this.#counted(next)] : [];
        const made = await Promise.all(
          [...changes, ...counted].map((one) => this.#made(ring, one)),
        );
        // Locked while waiting: nothing more is written.
        this.#session.check();
        await this.#database.change(this.#shelf, this.#durability(), (store) => {
          for (const make of made) make(store);
        });
      }),
    );
  }

  async #counted(next: NextState): Promise<Change> {
    const known = await this.get(OWN_COLLECTION, STATE);
    const state = next(known?.value as State | undefined);
    const value = { ...state, generation: state.generation + 1 };
    return { put: OWN_COLLECTION, id: STATE, value };
  }

  /** Everything that takes time is done before the transaction, which ends by itself when nothing is asked of it. */
  async #made(ring: Ring, change: Change): Promise<(store: IDBObjectStore) => void> {
    if ('clear' in change) {
      const range = beginningWith(await this.#collection(ring, change.clear));
      return (store) => store.delete(range);
    }
    if ('delete' in change) {
      const key = await this.#place(ring, change.delete, change.id);
      return (store) => store.delete(key);
    }
    const key = await this.#place(ring, change.put, change.id);
    const packed = packRecord(change);
    if (packed.length > MAX_RECORD_BYTES) throw new ContainerFault('too_large');
    const sealed = await seal(ring.seal, this.#bound(key), packed);
    return (store) => store.put(sealed, key);
  }

  #page(collection: string, after: IDBValidKey | undefined) {
    return this.#session.during(async (keys) => {
      const ring = keys[this.#shelf];
      const range = beginningWith(await this.#collection(ring, collection), after);
      const page = await this.#database.page(this.#shelf, range, PAGE_RECORDS);
      const found = await Promise.all(
        page.map(([key, value]) => this.#unseal(ring, new Uint8Array(key as ArrayBuffer), value)),
      );
      const next = page.length === PAGE_RECORDS ? page.at(-1)?.[0] : undefined;
      return { found, next };
    });
  }

  async #unseal(ring: Ring, key: Bytes, value: unknown): Promise<Found> {
    return unpackRecord(await unseal(ring.seal, this.#bound(key), bytesOf(value)));
  }

  /** The name on the disk says which collection and id it is, and can not be made without the key. */
  #bound(key: Bytes): Bytes {
    return framed(this.#shelf, key);
  }

  async #place(ring: Ring, collection: string, id: string): Promise<Bytes> {
    const [hidden, name] = await Promise.all([
      this.#collection(ring, collection),
      hiddenName(ring.names, 'record', collection, id),
    ]);
    return join(hidden, name);
  }

  /** A merge of the index asks thousands of times for the same few. */
  #collection(ring: Ring, collection: string): Promise<Bytes> {
    let hidden = this.#collections.get(ring.names);
    if (!hidden || hidden.size >= MAX_COLLECTIONS) {
      hidden = new Map();
      this.#collections.set(ring.names, hidden);
    }
    const known = hidden.get(collection) ?? hiddenName(ring.names, 'collection', collection);
    hidden.set(collection, known);
    return known;
  }

  #durability(): Durability {
    return this.#shelf === 'records' ? 'strict' : 'relaxed';
  }
}

/** Records without a state are not whole: nothing is added to them. */
function same(state: State | undefined): State {
  if (!state) throw new ContainerFault('damaged');
  return state;
}

function collectionOf(change: Change): string {
  if ('put' in change) return change.put;
  return 'delete' in change ? change.delete : change.clear;
}
