// @vitest-environment node
import { beforeEach, expect, it, vi } from 'vitest';
import { FolderFiles } from '../../container/blob-files.ts';
import { BlobStore, PIECE_BYTES } from '../../container/blob-store.ts';
import { TestProfile } from '../../container/browser.fixture.ts';
import { random } from '../../container/bytes.ts';
import { Database } from '../../container/database.ts';
import { TestFolder } from '../../container/folder.fixture.ts';
import { deriveKeys } from '../../container/keys.ts';
import { RecordStore } from '../../container/record-store.ts';
import { Session } from '../../container/session.ts';
import { cleaned, MAX_FILES, MAX_FILES_BYTES, MAX_NAME_CHARS, OwnFiles } from './own-files.ts';

// Many small steps: a busy machine takes a while for them.
vi.setConfig({ testTimeout: 60_000 });

let files: OwnFiles;
let now: number;
let folder: FolderFiles;

beforeEach(async () => {
  const { clock, turns, indexedDB } = new TestProfile().tab();
  const session = new Session(clock);
  session.open(await deriveKeys(random(32)), 10, () => session.close());
  const records = new RecordStore(session, new Database(indexedDB), turns);
  await records.remember(() => ({ generation: 0, policySerial: 0, seenMs: 0 }));
  folder = new FolderFiles(new TestFolder().asHandle(), PIECE_BYTES);
  const blobs = new BlobStore(session, records, async () => folder, turns);
  now = 0;
  files = new OwnFiles({ records, blobs }, () => ++now);
});

const file = (name: string, text = name) => ({
  name,
  type: 'text/plain',
  bytes: new TextEncoder().encode(text),
  blobId: null,
});
const names = async () => (await files.list()).map(({ name }) => name);

it('keeps files, the newest first, and gives them back', async () => {
  await files.add(file('eins.txt', 'Laterne'));
  const { id } = await files.add(file('zwei.txt', 'Kabel'));
  expect(await names()).toEqual(['zwei.txt', 'eins.txt']);
  expect(new TextDecoder().decode(await files.read(id))).toBe('Kabel');
});

it('tells those who watch, and leaves nothing behind of what was removed', async () => {
  const told = vi.fn();
  const stop = files.onChange(told);
  const { id } = await files.add(file('eins.txt'));
  await files.remove(id);
  stop();
  await files.add(file('zwei.txt'));
  expect(told).toHaveBeenCalledTimes(2);
  expect(await names()).toEqual(['zwei.txt']);
  expect(await folder.names()).toHaveLength(1);
  await expect(files.read(id)).rejects.toMatchObject({ kind: 'not_found' });
  await expect(files.rename(id, 'x')).rejects.toMatchObject({ kind: 'not_found' });
});

it('gives each a name of its own, without what deceives', async () => {
  await files.add(file('Plan.pdf'));
  const { id } = await files.add(file('plan.pdf'));
  await files.add(file('Plan.pdf'));
  expect(await names()).toEqual(['Plan (3).pdf', 'plan (2).pdf', 'Plan.pdf']);
  await files.rename(id, ' ../Plan.pdf ');
  expect(await names()).toContain('.. Plan.pdf');
  await expect(files.rename(id, ' \u202e ')).rejects.toMatchObject({ kind: 'no_name' });
  expect(cleaned('rechnung\u202efdp.exe')).toBe('rechnung fdp.exe');
  expect([...cleaned('😀'.repeat(500))]).toHaveLength(MAX_NAME_CHARS);
});

it('keeps to its limits, also where many come at once', async () => {
  const many = Array.from({ length: MAX_FILES + 2 }, (_, at) => files.add(file(`${at}.txt`)));
  const ends = await Promise.allSettled(many);
  expect(ends.filter(({ status }) => status === 'rejected')).toHaveLength(2);
  expect(await files.list()).toHaveLength(MAX_FILES);
  await files.remove((await files.list())[0]?.id ?? '');
  const large = { ...file('groß'), bytes: { length: MAX_FILES_BYTES } as Uint8Array<ArrayBuffer> };
  await expect(files.add(large)).rejects.toMatchObject({ kind: 'too_large' });
});
