// @vitest-environment node
import { beforeEach, expect, test, vi } from 'vitest';
import { TestProfile } from './browser.fixture.ts';
import { random } from './bytes.ts';
import { Database } from './database.ts';
import { ContainerFault } from './fault.ts';
import { deriveKeys } from './keys.ts';
import { MAX_CHANGES, MAX_RECORD_BYTES, RecordStore } from './record-store.ts';
import { flipped } from './secrets.fixture.ts';
import { Session } from './session.ts';

// Many small steps: a busy machine takes a while for them.
vi.setConfig({ testTimeout: 60_000 });

let profile: TestProfile;
let dataKey: Uint8Array<ArrayBuffer>;
let session: Session;
let database: Database;
let store: RecordStore;

beforeEach(async () => {
  profile = new TestProfile();
  dataKey = random(32);
  ({ session, database, store } = await tab());
  await store.remember(() => ({ generation: 0, policySerial: 0, seenMs: 0 }));
});

test('what was put is found, and only there', async () => {
  await store.put('mails', 'm1', { subject: 'Straße' }, new Uint8Array([1, 2, 3]));
  expect(await store.get('mails', 'm1')).toEqual({
    id: 'm1',
    value: { subject: 'Straße' },
    bytes: new Uint8Array([1, 2, 3]),
  });
  expect(await store.get('mails', 'm2')).toBeUndefined();
  expect(await store.get('folders', 'm1')).toBeUndefined();
  await store.put('mails', 'm1', 'anew');
  expect((await store.get('mails', 'm1'))?.value).toBe('anew');
});

test('a collection of several pages is listed, each record once and nobody else', async () => {
  const ids = Array.from({ length: 600 }, (_, index) => `m${index}`);
  await store.putAll(
    'mails',
    ids.map((id) => ({ id, value: id })),
  );
  await store.put('folders', 'inbox', null);
  const all = await store.getAll('mails');
  expect(all.map(({ id }) => id).sort()).toEqual([...ids].sort());
  expect((await store.getAll('mails')).map(({ id }) => id)).toEqual(all.map(({ id }) => id));
  expect(await store.getAll('nothing')).toEqual([]);
});

test('deleting and clearing leave the others alone', async () => {
  await store.putAll('mails', [
    { id: 'm1', value: 1 },
    { id: 'm2', value: 2 },
  ]);
  await store.put('folders', 'inbox', 0);
  await store.delete('mails', 'm1');
  expect((await store.getAll('mails')).map(({ id }) => id)).toEqual(['m2']);
  await store.clear('mails');
  expect(await store.getAll('mails')).toEqual([]);
  expect(await store.get('folders', 'inbox')).toBeDefined();
});

test('changes are made together or not at all', async () => {
  await store.put('mails', 'm1', 1);
  const tooLarge = { put: 'mails', id: 'm3', value: null, bytes: new Uint8Array(MAX_RECORD_BYTES) };
  await expect(
    store.change([{ put: 'mails', id: 'm2', value: 2 }, { delete: 'mails', id: 'm1' }, tooLarge]),
  ).rejects.toEqual(new ContainerFault('too_large'));
  expect((await store.getAll('mails')).map(({ id }) => id)).toEqual(['m1']);
});

test('one go takes so many changes and no more', () => {
  const changes = Array.from({ length: MAX_CHANGES + 1 }, () => ({ clear: 'mails' }));
  expect(() => store.change(changes)).toThrow(new ContainerFault('too_large'));
});

test("the container's own collection is nobody's", () => {
  expect(() => store.clear('')).toThrow(ContainerFault);
  expect(() => store.put('', 'state', {})).toThrow(ContainerFault);
});

test('each change counts, in whichever tab it is made', async () => {
  const other = await tab();
  const before = (await store.state()).generation;
  await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      (index % 2 ? store : other.store).put('mails', `m${index}`, index),
    ),
  );
  expect((await store.state()).generation).toBe(before + 10);
  expect(await other.store.getAll('mails')).toHaveLength(10);
});

test('records without a state are not added to', async () => {
  const [state] = await database.keys('records');
  await database.change('records', 'strict', (shelf) => shelf.delete(state as IDBValidKey));
  await expect(store.put('mails', 'm1', 1)).rejects.toEqual(new ContainerFault('damaged'));
});

test('nothing readable lies on the disk, neither names nor content', async () => {
  await store.put('mails-of-erika', 'id-of-the-mail', 'Wolkenbruch', Buffer.from('Anhang'));
  const disk = Buffer.concat(await everything());
  for (const word of ['erika', 'id-of', 'Wolkenbruch', 'Anhang', 'generation']) {
    expect(disk.includes(Buffer.from(word))).toBe(false);
    expect(disk.includes(Buffer.from(word, 'utf16le'))).toBe(false);
  }
});

test('every flipped bit of a record is noticed, and no other record suffers', async () => {
  await store.put('mails', 'm1', 'one');
  await store.put('mails', 'm2', 'two');
  const key = await keyOf('mails', 'm1');
  const sealed = (await database.get('records', key)) as Uint8Array<ArrayBuffer>;
  for (const changed of flipped(sealed, 11)) {
    await database.change('records', 'relaxed', (shelf) => shelf.put(changed, key));
    await expect(store.get('mails', 'm1')).rejects.toEqual(new ContainerFault('damaged'));
    expect((await store.get('mails', 'm2'))?.value).toBe('two');
  }
  await expect(store.getAll('mails')).rejects.toEqual(new ContainerFault('damaged'));
});

test('records can not change places', async () => {
  await store.put('mails', 'm1', 'one');
  await store.put('mails', 'm2', 'two');
  const one = await keyOf('mails', 'm1');
  const two = await keyOf('mails', 'm2');
  const sealed = await database.get('records', two);
  await database.change('records', 'relaxed', (shelf) => shelf.put(sealed, one));
  await expect(store.get('mails', 'm1')).rejects.toEqual(new ContainerFault('damaged'));
});

test('something else than bytes on the disk is damaged', async () => {
  await store.put('mails', 'm1', 'one');
  const key = await keyOf('mails', 'm1');
  for (const value of ['text', 7, { value: 1 }, new ArrayBuffer(80)]) {
    await database.change('records', 'relaxed', (shelf) => shelf.put(value, key));
    await expect(store.get('mails', 'm1')).rejects.toEqual(new ContainerFault('damaged'));
  }
});

test('once locked, everything refuses, what had begun before too', async () => {
  await store.put('mails', 'm1', 'one');
  await store.put('mails', 'm2', 'two');
  const listing = store.each('mails');
  await listing.next();
  const begun = [store.get('mails', 'm1'), store.put('mails', 'm3', 'three')];
  session.close();
  const locked = new ContainerFault('locked');
  const ended = await Promise.allSettled(begun);
  expect(ended).toEqual(begun.map(() => ({ status: 'rejected', reason: locked })));
  await expect(listing.next()).rejects.toEqual(locked);
  await expect(store.get('mails', 'm1')).rejects.toEqual(locked);
  await expect(store.put('mails', 'm1', 1)).rejects.toEqual(locked);
  await expect(store.clear('mails')).rejects.toEqual(locked);
  await expect(store.getAll('mails')).rejects.toEqual(locked);
  await expect(store.state()).rejects.toEqual(locked);
});

async function tab() {
  const browser = profile.tab();
  const session = new Session(browser.clock);
  session.open(await deriveKeys(dataKey), 10, () => session.close());
  const database = new Database(browser.indexedDB);
  return { session, database, store: new RecordStore(session, database, browser.turns) };
}

/** Where a record lies: the one key that goes when it is deleted. */
async function keyOf(collection: string, id: string): Promise<IDBValidKey> {
  const found = await store.get(collection, id);
  const before = await database.keys('records');
  await store.delete(collection, id);
  const after = (await database.keys('records')).map(hex);
  await store.put(collection, id, found?.value ?? null);
  return before.find((key) => !after.includes(hex(key))) as IDBValidKey;
}

async function everything(): Promise<Buffer[]> {
  const keys = await database.keys('records');
  const values = await database.getEach('records', keys);
  return [...keys, ...values].map((part) => Buffer.from(part as Uint8Array<ArrayBuffer>));
}

function hex(key: IDBValidKey): string {
  return Buffer.from(key as ArrayBuffer).toString('hex');
}
