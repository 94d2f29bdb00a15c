import type { BlobFiles, Writing } from './blob-files.ts';
import type { Turns } from './browser.ts';
import { type Bytes, framed, join, random, u32 } from './bytes.ts';
import { ContainerFault } from './fault.ts';
import { fileKey, hiddenName, type Keys } from './keys.ts';
import { padded } from './padding.ts';
import type { RecordStore } from './record-store.ts';
import { decrypt, encrypt, NONCE_BYTES, TAG_BYTES } from './seal.ts';
import type { Session } from './session.ts';

export const MAX_BLOB_BYTES = 64 * 1024 * 1024;
export const CHUNK_BYTES = 256 * 1024;
/** How long a sealed chunk is on the disk; the last one may be shorter. */
export const PIECE_BYTES = CHUNK_BYTES + TAG_BYTES;

/** The collection that says which attachments there are. */
export const BLOBS = 'blobs';
const VERSION = 1;
const SALT_BYTES = 32;
const TURN = 'fernamt-container-blobs';

type Head = { name: string; size: number; key: CryptoKey };

/**
 * Attachments, sealed chunk by chunk under a key of their own. A record of the collection `blobs` is an attachment's
 * head: its size, and the salt that its key is made from. A chunk's nonce is its index and whether it is the last one, and
 * its tag covers those and the file's name. So no chunk can be left out, doubled or moved, and what was written before
 * under the same id does not fit. Files are padded like records.
 */
export class BlobStore {
  readonly #session: Session;
  readonly #records: RecordStore;
  readonly #files: () => Promise<BlobFiles>;
  readonly #turns: Turns;
  readonly #maxBytes: number;

  constructor(
    session: Session,
    records: RecordStore,
    files: () => Promise<BlobFiles>,
    turns: Turns,
    maxBytes = MAX_BLOB_BYTES,
  ) {
    this.#session = session;
    this.#records = records;
    this.#files = files;
    this.#turns = turns;
    this.#maxBytes = maxBytes;
  }

  /** Keeps all of the stream under this id, in place of what was there. Says how many bytes it was. */
  write(id: string, source: ReadableStream<Uint8Array>): Promise<number> {
    return this.#session.during((keys) =>
      // Shared: several may write, while nobody looks for orphans.
      this.#turns(TURN, 'shared', async () => {
        const files = await this.#files();
        const before = await this.#head(keys, id);
        const salt = random(SALT_BYTES);
        const name = await fileName(keys, id, salt);
        const writing = await files.create(name);
        try {
          const size = await this.#copy(
            source,
            writing,
            name,
            await fileKey(keys.blobs.files, salt),
          );
          await this.#records.put(BLOBS, id, { version: VERSION, size }, salt);
          if (before) await files.remove(before.name);
          return size;
        } catch (error) {
          await writing.abort().catch(() => undefined);
          await files.remove(name).catch(() => undefined);
          throw error;
        }
      }),
    );
  }

  /** The attachment as a stream; undefined if there is none. Chunks are opened as they are asked for. */
  read(id: string): Promise<ReadableStream<Uint8Array> | undefined> {
    return this.#session.during(async (keys) => {
      const head = await this.#head(keys, id);
      return head && this.#stream(await this.#files(), head);
    });
  }

  async size(id: string): Promise<number | undefined> {
    return this.#session.during(async (keys) => (await this.#head(keys, id))?.size);
  }

  remove(id: string): Promise<void> {
    return this.#session.during(async (keys) => {
      const head = await this.#head(keys, id);
      if (!head) return;
      // The other way round, a crash in between would leave a head without a file.
      await this.#records.delete(BLOBS, id);
      await (await this.#files()).remove(head.name);
    });
  }

  /** Removes files that no record leads to: what was being written or removed when the browser ended. */
  removeOrphans(): Promise<void> {
    return this.#session.during((keys) =>
      this.#turns(TURN, 'exclusive', async () => {
        const files = await this.#files();
        const orphans = new Set(await files.names());
        if (orphans.size === 0) return;
        for await (const { id, bytes } of this.#records.each(BLOBS)) {
          orphans.delete(await fileName(keys, id, bytes as Bytes));
        }
        for (const name of orphans) await files.remove(name);
      }),
    );
  }

  async #head(keys: Keys, id: string): Promise<Head | undefined> {
    const record = await this.#records.get(BLOBS, id);
    if (!record) return undefined;
    const { version, size } = record.value as { version: number; size: number };
    if (version !== VERSION) throw new ContainerFault('damaged');
    const salt = record.bytes as Bytes;
    const key = await fileKey(keys.blobs.files, salt);
    return { name: await fileName(keys, id, salt), size, key };
  }

  async #copy(
    source: ReadableStream<Uint8Array>,
    writing: Writing,
    name: string,
    key: CryptoKey,
  ): Promise<number> {
    let size = 0;
    const chunks = new Chunks(async (content, index, last) => {
      const place = chunkPlace(name, index, last);
      const piece = await encrypt(key, chunkNonce(index, last), place, content);
      this.#session.check();
      await writing.append(piece);
    });
    const reader = source.getReader();
    try {
      for (
        let { done, value } = await reader.read();
        !done;
        { done, value } = await reader.read()
      ) {
        if (!value) continue;
        size += value.length;
        if (size > this.#maxBytes) throw new ContainerFault('too_large');
        await chunks.push(value);
      }
    } catch (error) {
      await reader.cancel().catch(() => undefined);
      throw error;
    }
    await chunks.end(padded(size) - size);
    await writing.close();
    return size;
  }

  #stream(files: BlobFiles, { name, size, key }: Head): ReadableStream<Uint8Array> {
    const whole = padded(size);
    const last = Math.ceil(whole / CHUNK_BYTES) - 1;
    let index = 0;
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const start = index * CHUNK_BYTES;
          if (start >= size) return controller.close();
          const content = await this.#session.during(async () => {
            const piece = await files.piece(name, index);
            if (!piece) throw new ContainerFault('missing');
            const expected = Math.min(CHUNK_BYTES, whole - start) + TAG_BYTES;
            if (index === last ? piece.length < expected : piece.length !== expected) {
              throw new ContainerFault('damaged');
            }
            const place = chunkPlace(name, index, index === last);
            const sealed = piece.slice(0, expected);
            return decrypt(key, chunkNonce(index, index === last), place, sealed);
          });
          index += 1;
          controller.enqueue(content.subarray(0, Math.min(CHUNK_BYTES, size - start)));
        },
      },
      { highWaterMark: 0 },
    );
  }
}

/** Cuts what comes into chunks. The last one is sealed as such, so a full one waits until more comes. */
class Chunks {
  readonly #take: (content: Bytes, index: number, last: boolean) => Promise<void>;
  readonly #chunk = new Uint8Array(CHUNK_BYTES);
  #filled = 0;
  #index = 0;

  constructor(take: (content: Bytes, index: number, last: boolean) => Promise<void>) {
    this.#take = take;
  }

  async push(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      if (this.#filled === CHUNK_BYTES) await this.#flush(false);
      const part = bytes.subarray(at, at + CHUNK_BYTES - this.#filled);
      this.#chunk.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
    }
  }

  async end(zeros: number): Promise<void> {
    await this.push(new Uint8Array(zeros));
    await this.#flush(true);
  }

  async #flush(last: boolean): Promise<void> {
    await this.#take(this.#chunk.slice(0, this.#filled), this.#index, last);
    this.#index += 1;
    this.#filled = 0;
  }
}

async function fileName(keys: Keys, id: string, salt: Bytes): Promise<string> {
  const name = await hiddenName(keys.blobs.names, id, salt);
  return Array.from(name, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A key is used for one writing of one file, so an index never comes twice. */
function chunkNonce(index: number, last: boolean): Bytes {
  return join(new Uint8Array(NONCE_BYTES - 5), u32(index), new Uint8Array([last ? 1 : 0]));
}

function chunkPlace(name: string, index: number, last: boolean): Bytes {
  const flags = new Uint8Array([VERSION, last ? 1 : 0]);
  return framed('fernamt-container-chunk', flags, name, u32(index));
}
