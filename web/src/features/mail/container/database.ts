import { type Bytes, u32 } from './bytes.ts';
import { ContainerFault, quotaOr } from './fault.ts';

const NAME = 'fernamt-container';
const LAYOUT = 1;

/** `header` holds what is read before unlocking; everything else is sealed, under names that say nothing. */
export type Shelf = 'header' | 'records' | 'search' | 'chunks';
const SHELVES: Shelf[] = ['header', 'records', 'search', 'chunks'];

export type Durability = 'strict' | 'relaxed';

/** The container's IndexedDB, with promises. */
export class Database {
  readonly #factory: IDBFactory;
  readonly #onGone: () => void;
  #opened: Promise<IDBDatabase> | undefined;

  /** `onGone` is called when the browser or another tab took the database away. */
  constructor(factory: IDBFactory, onGone: () => void = () => {}) {
    this.#factory = factory;
    this.#onGone = onGone;
  }

  async get(shelf: Shelf, key: IDBValidKey): Promise<unknown> {
    const store = (await this.#open()).transaction(shelf).objectStore(shelf);
    return settled(store.get(key));
  }

  /** All values of these keys, in one go. */
  async getEach(shelf: Shelf, keys: IDBValidKey[]): Promise<unknown[]> {
    const store = (await this.#open()).transaction(shelf).objectStore(shelf);
    return Promise.all(keys.map((key) => settled(store.get(key))));
  }

  /** Values in the order of their keys, at most so many. */
  async page(shelf: Shelf, range: IDBKeyRange, most: number): Promise<[IDBValidKey, unknown][]> {
    const store = (await this.#open()).transaction(shelf).objectStore(shelf);
    const [keys, values] = await Promise.all([
      settled(store.getAllKeys(range, most)),
      settled(store.getAll(range, most)),
    ]);
    return keys.map((key, index) => [key, values[index] as unknown]);
  }

  async keys(shelf: Shelf, range?: IDBKeyRange): Promise<IDBValidKey[]> {
    const store = (await this.#open()).transaction(shelf).objectStore(shelf);
    return settled(store.getAllKeys(range));
  }

  /** Makes all changes or none; settled when they will survive the end of the browser. */
  async change(
    shelf: Shelf,
    durability: Durability,
    make: (store: IDBObjectStore) => void,
  ): Promise<void> {
    const database = await this.#open();
    const transaction = database.transaction(shelf, 'readwrite', { durability });
    const done = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(quotaOr(transaction.error));
    });
    try {
      make(transaction.objectStore(shelf));
    } catch (error) {
      transaction.abort();
      await done.catch(() => undefined);
      throw quotaOr(error);
    }
    return done;
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    (await opened?.catch(() => undefined))?.close();
  }

  /** Deletes everything. Other tabs close their connections when they are asked to. */
  async destroy(): Promise<void> {
    await this.close();
    await settled(this.#factory.deleteDatabase(NAME));
  }

  #open(): Promise<IDBDatabase> {
    this.#opened ??= this.#connect().catch((error: unknown) => {
      this.#opened = undefined;
      throw quotaOr(error);
    });
    return this.#opened;
  }

  async #connect(): Promise<IDBDatabase> {
    const opening = this.#factory.open(NAME, LAYOUT);
    opening.onupgradeneeded = () => {
      for (const shelf of SHELVES) opening.result.createObjectStore(shelf);
    };
    const database = await settled(opening);
    const gone = () => {
      this.#opened = undefined;
      this.#onGone();
    };
    // Another tab wipes, or brings a newer layout: nobody may stand in its way.
    database.onversionchange = () => {
      database.close();
      gone();
    };
    database.onclose = gone;
    return database;
  }
}

/** All keys that begin with these bytes, after the given key if there is one. */
export function beginningWith(prefix: Bytes, after?: IDBValidKey): IDBKeyRange {
  const end = new Uint8Array(prefix.length + 64).fill(0xff);
  end.set(prefix);
  return after === undefined ? IDBKeyRange.bound(prefix, end) : IDBKeyRange.bound(after, end, true);
}

/** Bytes as IndexedDB gives them back; anything else was not written by us. */
export function bytesOf(value: unknown): Bytes {
  if (value instanceof Uint8Array) return value as Bytes;
  throw new ContainerFault('damaged');
}

export function numbered(name: Bytes, index: number): Bytes {
  const key = new Uint8Array(name.length + 4);
  key.set(name);
  key.set(u32(index), name.length);
  return key;
}

function settled<T>(pending: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    pending.onsuccess = () => resolve(pending.result);
    pending.onerror = () => reject(quotaOr(pending.error));
  });
}
