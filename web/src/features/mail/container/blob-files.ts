/// <reference lib="dom.asynciterable" />
import { type Bytes, utf8 } from './bytes.ts';
import { beginningWith, bytesOf, type Database, numbered } from './database.ts';
import { quotaOr } from './fault.ts';

const FOLDER = 'fernamt-container';

/** A file that is being written; it is there only once it is closed. */
export type Writing = {
  append(piece: Bytes): Promise<void>;
  close(): Promise<void>;
  abort(): Promise<void>;
};

/** Where sealed attachments lie: files of pieces, all of one length but the last. */
export interface BlobFiles {
  create(name: string): Promise<Writing>;
  /** One piece, cut short where the file is; undefined if there is no such file. */
  piece(name: string, index: number): Promise<Bytes | undefined>;
  names(): Promise<string[]>;
  remove(name: string): Promise<void>;
}

/** Files in the origin's own folder. */
export class FolderFiles implements BlobFiles {
  readonly #root: FileSystemDirectoryHandle;
  readonly #pieceBytes: number;

  constructor(root: FileSystemDirectoryHandle, pieceBytes: number) {
    this.#root = root;
    this.#pieceBytes = pieceBytes;
  }

  async create(name: string): Promise<Writing> {
    try {
      const folder = await this.#root.getDirectoryHandle(FOLDER, { create: true });
      const file = await folder.getFileHandle(name, { create: true });
      const writable = await file.createWritable();
      return {
        append: (piece) => writable.write(piece).catch(full),
        close: () => writable.close().catch(full),
        abort: () => writable.abort(),
      };
    } catch (error) {
      return full(error);
    }
  }

  async piece(name: string, index: number): Promise<Bytes | undefined> {
    const folder = await this.#folder();
    const handle = await folder?.getFileHandle(name).catch(absent);
    const file = await handle?.getFile().catch(absent);
    const start = index * this.#pieceBytes;
    const bytes = await file?.slice(start, start + this.#pieceBytes).arrayBuffer();
    return bytes && new Uint8Array(bytes);
  }

  async names(): Promise<string[]> {
    const names: string[] = [];
    const folder = await this.#folder();
    if (folder) for await (const name of folder.keys()) names.push(name);
    return names;
  }

  async remove(name: string): Promise<void> {
    const folder = await this.#folder();
    await folder?.removeEntry(name).catch(absent);
  }

  /** Only writing makes the folder: another tab that just looks must not bring it back while it is wiped. */
  #folder(): Promise<FileSystemDirectoryHandle | undefined> {
    return this.#root.getDirectoryHandle(FOLDER).catch(absent);
  }

  static async destroy(root: FileSystemDirectoryHandle): Promise<void> {
    await root.removeEntry(FOLDER, { recursive: true }).catch(absent);
  }
}

/** The same in IndexedDB, a piece a row, for browsers whose pages can not write files. */
export class RowFiles implements BlobFiles {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async create(name: string): Promise<Writing> {
    let index = 0;
    return {
      append: (piece) => {
        const key = numbered(utf8(name), index);
        index += 1;
        return this.#database.change('chunks', 'strict', (store) => store.put(piece, key));
      },
      close: async () => {},
      abort: () => this.remove(name),
    };
  }

  async piece(name: string, index: number): Promise<Bytes | undefined> {
    const value = await this.#database.get('chunks', numbered(utf8(name), index));
    return value === undefined ? undefined : bytesOf(value);
  }

  async names(): Promise<string[]> {
    const keys = await this.#database.keys('chunks');
    const decoder = new TextDecoder();
    return [...new Set(keys.map((key) => decoder.decode((key as ArrayBuffer).slice(0, -4))))];
  }

  remove(name: string): Promise<void> {
    const range = beginningWith(utf8(name));
    return this.#database.change('chunks', 'relaxed', (store) => store.delete(range));
  }
}

function absent(error: unknown): undefined {
  if ((error as DOMException).name !== 'NotFoundError') throw error;
  return undefined;
}

function full(error: unknown): never {
  throw quotaOr(error);
}
