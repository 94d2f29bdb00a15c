// @vitest-environment node
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { type BlobFiles, FolderFiles, RowFiles } from './blob-files.ts';
import { BlobStore, CHUNK_BYTES, PIECE_BYTES } from './blob-store.ts';
import { TestProfile } from './browser.fixture.ts';
import { random } from './bytes.ts';
import { Database } from './database.ts';
import { ContainerFault } from './fault.ts';
import { TestFolder } from './folder.fixture.ts';
import { deriveKeys } from './keys.ts';
import { RecordStore } from './record-store.ts';
import { Session } from './session.ts';

// Many small steps: a busy machine takes a while for them.
vi.setConfig({ testTimeout: 60_000 });

const damaged = new ContainerFault('damaged');

for (const place of ['folder', 'rows'] as const) {
  describe(`attachments in ${place}`, () => {
    let root: TestFolder;
    let session: Session;
    let database: Database;
    let records: RecordStore;
    let files: BlobFiles;
    let blobs: BlobStore;

    beforeEach(async () => {
      const { clock, turns, indexedDB } = new TestProfile().tab();
      session = new Session(clock);
      session.open(await deriveKeys(random(32)), 10, () => session.close());
      database = new Database(indexedDB);
      records = new RecordStore(session, database, turns);
      await records.remember(() => ({ generation: 0, policySerial: 0, seenMs: 0 }));
      root = new TestFolder();
      files =
        place === 'folder' ? new FolderFiles(root.asHandle(), PIECE_BYTES) : new RowFiles(database);
      blobs = new BlobStore(session, records, async () => files, turns);
    });

    test('every length comes back whole', async () => {
      const lengths = [0, 1, 64, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 1_000_003];
      for (const length of lengths) {
        const content = noise(length);
        expect(await blobs.write('a', stream(content))).toBe(length);
        expect(await blobs.size('a')).toBe(length);
        expect((await read('a')).equals(content)).toBe(true);
      }
      expect(await files.names()).toHaveLength(1);
    });

    test('what is not there is not there, and goes when removed', async () => {
      expect(await blobs.read('a')).toBeUndefined();
      await blobs.remove('a');
      await blobs.write('a', stream(noise(10)));
      await blobs.remove('a');
      expect(await blobs.size('a')).toBeUndefined();
      expect(await files.names()).toEqual([]);
    });

    test('a flipped bit anywhere is noticed, and nothing wrong is given out before', async () => {
      const content = noise(CHUNK_BYTES + 1_000);
      await blobs.write('a', stream(content));
      const pieces = await allPieces();
      for (const [index, piece] of pieces.entries()) {
        for (const at of [0, 1, piece.length >> 1, piece.length - 17, piece.length - 1]) {
          const changed = piece.slice();
          changed[at] = (changed[at] ?? 0) ^ 0x10;
          await lay(pieces.map((before, other) => (other === index ? changed : before)));
          const given = await begin('a');
          expect(given.error).toEqual(damaged);
          expect(content.subarray(0, given.bytes.length).equals(given.bytes)).toBe(true);
        }
      }
    });

    test('chunks that were left out, moved, doubled or cut are noticed', async () => {
      await blobs.write('a', stream(noise(3 * CHUNK_BYTES + 5)));
      const pieces = await allPieces();
      const [one, two, three, four] = pieces as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
      for (const wrong of [
        [two, one, three, four],
        [one, one, three, four],
        [one, two, four],
        [one, two, three],
        [one, two, three, four.slice(0, -1)],
        [one],
      ]) {
        await lay(wrong);
        expect(['damaged', 'missing']).toContain((await begin('a')).error?.kind);
      }
      await lay(pieces);
      expect((await begin('a')).error).toBeUndefined();
    });

    test('what stood there before does not fit any more', async () => {
      await blobs.write('a', stream(noise(5_000)));
      const before = await allPieces();
      await blobs.write('a', stream(noise(5_000)));
      await lay(before);
      expect((await begin('a')).error).toEqual(damaged);
    });

    test('an evicted file is missing, so that it can be fetched again', async () => {
      await blobs.write('a', stream(noise(5_000)));
      for (const name of await files.names()) await files.remove(name);
      expect((await begin('a')).error).toEqual(new ContainerFault('missing'));
    });

    test('files that nothing leads to are removed, the others stay', async () => {
      await blobs.write('a', stream(noise(5_000)));
      const unfinished = await files.create('ab'.repeat(16));
      await unfinished.append(random(100));
      await unfinished.close();
      await records.put('blobs-of-others', 'a', null);
      await blobs.removeOrphans();
      expect(await files.names()).toHaveLength(1);
      expect(await read('a')).toHaveLength(5_000);
    });

    test('a source that fails leaves what was there, and no remains', async () => {
      await blobs.write('a', stream(noise(5_000)));
      const failing = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(noise(2 * CHUNK_BYTES)),
        pull: (controller) => controller.error(new Error('the line dropped')),
      });
      await expect(blobs.write('a', failing)).rejects.toThrow('the line dropped');
      expect(await read('a')).toHaveLength(5_000);
      expect(await files.names()).toHaveLength(1);
    });

    test('one byte too many is too large, and nothing of it stays', async () => {
      const most = 3 * CHUNK_BYTES;
      const { turns } = new TestProfile().tab();
      const small = new BlobStore(session, records, async () => files, turns, most);
      await small.write('a', stream(noise(most)));
      await small.remove('a');
      let asked = 0;
      const endless = new ReadableStream<Uint8Array>({
        pull: (controller) => {
          asked += 1;
          controller.enqueue(noise(asked === 1 ? most : 1));
        },
      });
      await expect(small.write('a', endless)).rejects.toEqual(new ContainerFault('too_large'));
      expect(asked).toBeLessThan(5);
      expect(await files.names()).toEqual([]);
    });

    test('after locking no further chunk is given out', async () => {
      await blobs.write('a', stream(noise(2 * CHUNK_BYTES)));
      const reader = (await blobs.read('a'))?.getReader();
      await reader?.read();
      session.close();
      const locked = new ContainerFault('locked');
      await expect(reader?.read()).rejects.toEqual(locked);
      await expect(blobs.read('a')).rejects.toEqual(locked);
      await expect(blobs.write('a', stream(noise(1)))).rejects.toEqual(locked);
      await expect(blobs.remove('a')).rejects.toEqual(locked);
      await expect(blobs.removeOrphans()).rejects.toEqual(locked);
    });

    test('content and id do not stand on the disk', async () => {
      const words = Buffer.from('Wolkenbruch '.repeat(1_000));
      await blobs.write('id-of-the-file', stream(words));
      const disk = Buffer.concat(await allPieces());
      expect(disk.includes('Wolkenbruch')).toBe(false);
      expect((await files.names()).join()).toMatch(/^[0-9a-f]{32}$/);
    });

    async function allPieces(): Promise<Uint8Array[]> {
      const [name] = (await files.names()) as [string];
      const pieces: Uint8Array[] = [];
      for (let index = 0; ; index += 1) {
        const piece = await files.piece(name, index);
        if (!piece?.length) return pieces;
        pieces.push(piece);
      }
    }

    /** Puts these pieces where the attachment's file is. */
    async function lay(pieces: Uint8Array[]): Promise<void> {
      const [name] = (await files.names()) as [string];
      await files.remove(name);
      const writing = await files.create(name);
      for (const piece of pieces) await writing.append(piece as Uint8Array<ArrayBuffer>);
      await writing.close();
    }

    async function begin(id: string): Promise<{ bytes: Buffer; error?: ContainerFault }> {
      const parts: Uint8Array[] = [];
      try {
        for await (const part of (await blobs.read(id)) as unknown as AsyncIterable<Uint8Array>) {
          parts.push(part);
        }
        return { bytes: Buffer.concat(parts) };
      } catch (error) {
        return { bytes: Buffer.concat(parts), error: error as ContainerFault };
      }
    }

    async function read(id: string): Promise<Buffer> {
      const { bytes, error } = await begin(id);
      if (error) throw error;
      return bytes;
    }
  });
}

test('a full disk is told as such', async () => {
  const { clock, turns, indexedDB } = new TestProfile().tab();
  const session = new Session(clock);
  session.open(await deriveKeys(random(32)), 10, () => session.close());
  const records = new RecordStore(session, new Database(indexedDB), turns);
  await records.remember(() => ({ generation: 0, policySerial: 0, seenMs: 0 }));
  const root = new TestFolder();
  const files = new FolderFiles(root.asHandle(), PIECE_BYTES);
  const blobs = new BlobStore(session, records, async () => files, turns);
  root.roomBytes = 300_000;
  await expect(blobs.write('a', stream(noise(400_000)))).rejects.toEqual(
    new ContainerFault('quota'),
  );
  expect(await files.names()).toEqual([]);
  expect(await blobs.size('a')).toBeUndefined();
});

function noise(length: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  return bytes;
}

/** In uneven parts, as lines deliver. */
function stream(content: Buffer): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= content.length) return controller.close();
      controller.enqueue(content.subarray(at, at + 77_777));
      at += 77_777;
    },
  });
}

test('looking at files makes no folder, so that none comes back while another tab wipes', async () => {
  const root = new TestFolder();
  const files = new FolderFiles(root.asHandle(), PIECE_BYTES);
  expect(await files.names()).toEqual([]);
  expect(await files.piece('a', 0)).toBeUndefined();
  await files.remove('a');
  expect(root.folders.size).toBe(0);
});
