// @vitest-environment node
import { beforeEach, expect, test, vi } from 'vitest';
import { TestProfile } from '../browser.fixture.ts';
import { random } from '../bytes.ts';
import { Database } from '../database.ts';
import { ContainerFault } from '../fault.ts';
import { deriveKeys } from '../keys.ts';
import { RecordStore } from '../record-store.ts';
import { Session } from '../session.ts';
import { readHead } from './head.ts';
import { type Document, MAX_BATCH_DOCUMENTS, SearchIndex } from './search-index.ts';
import { wordsOf } from './words.ts';

// IndexedDB in memory is slow, and the machines that run this are busy.
vi.setConfig({ testTimeout: 60_000 });

let profile: TestProfile;
let dataKey: Uint8Array<ArrayBuffer>;
let session: Session;
let database: Database;
let store: RecordStore;
let index: SearchIndex;

beforeEach(async () => {
  profile = new TestProfile();
  dataKey = random(32);
  ({ session, database, store, index } = await tab());
});

test('all words must stand in a document, and the last may go on', async () => {
  await index.add([
    { id: 'm1', text: 'Bauantrag Musterstraße 7', when: 1 },
    { id: 'm2', text: 'Bauantrag Lindenallee', when: 2 },
    { id: 'm3', text: 'Die Strasse ist gesperrt', when: 3 },
  ]);
  expect(await found('bauantrag')).toEqual(['m2', 'm1']);
  expect(await found('BAUANTRAG musterst')).toEqual(['m1']);
  expect(await found('musterst bauantrag')).toEqual([]);
  expect(await found('Straße')).toEqual(['m3']);
  expect(await found('bauan ')).toEqual([]);
  expect(await found('bauantrag strasse')).toEqual([]);
  expect(await found('di')).toEqual([]);
  expect(await found('7')).toEqual(['m1']);
  expect(await found(' ?! ')).toEqual([]);
});

test('the latest come first, as many as wanted, and all are counted', async () => {
  await index.add(
    Array.from({ length: 50 }, (_, when) => ({
      id: `m${when}`,
      text: 'Akte',
      when: (when * 7) % 50,
    })),
  );
  const { ids, total } = await index.search('akte', 3);
  expect(ids).toEqual(['m7', 'm14', 'm21']);
  expect(total).toBe(50);
});

test('it finds what a plain search finds, whatever was added, changed and removed', async () => {
  const browser = profile.tab();
  const small = new SearchIndex(session, store, browser.turns, { bufferDocuments: 40 });
  const dice = seeded(27);
  const vocabulary = Array.from({ length: 120 }, () => {
    const length = 1 + (dice() % 6);
    return Array.from({ length }, () => 'abcäß'[dice() % 5]).join('');
  });
  const plain = new Map<string, Document>();
  const text = () => Array.from({ length: 4 }, () => vocabulary[dice() % 120]).join(' ');
  for (let round = 0; round < 16; round += 1) {
    const added = Array.from({ length: dice() % 90 }, () => {
      return { id: `m${dice() % 500}`, text: text(), when: dice() };
    });
    await small.add(added);
    for (const document of added) plain.set(document.id, document);
    const gone = Array.from({ length: dice() % 25 }, () => `m${dice() % 500}`);
    await small.remove(gone);
    for (const id of gone) plain.delete(id);

    expect(await small.documents()).toBe(plain.size);
    for (let query = 0; query < 8; query += 1) {
      const asked = text().slice(0, 3 + (dice() % 9));
      const { ids, total } = await small.search(asked, 10_000);
      expect([...ids].sort(), asked).toEqual(search(plain, asked));
      expect(total).toBe(ids.length);
    }
  }
  expect((await readHead(store)).nextRun).toBeGreaterThan(5);
});

test('runs become fewer and larger ones, and what was removed leaves them', async () => {
  for (let round = 0; round < 6; round += 1) await index.add(batch(round * 600, 600));
  const { runs } = await readHead(store);
  expect(runs.map(({ documents }) => documents)).toEqual([2_400, 600, 600]);
  await index.remove(Array.from({ length: 1_500 }, (_, id) => `m${id}`));
  await index.add(batch(10_000, 600));
  const after = await readHead(store);
  expect(after.removed).toEqual([]);
  expect(after.runs.map(({ documents }) => documents)).toEqual([2_700]);
  expect((await index.search('wort', 1)).total).toBe(2_700);
});

test('a merge that was broken off leaves the index as it was, and the next one goes through', async () => {
  await index.add(batch(0, 600));
  const change = database.change.bind(database);
  const quota = new ContainerFault('quota');
  let broken = 0;
  // After no change at all, after the first, after the second, and so on until it comes to its end.
  for (let whole = false; !whole; ) {
    let left = broken;
    database.change = (...asked) => {
      left -= 1;
      return left < 0 ? Promise.reject(quota) : change(...asked);
    };
    whole = await index.add(batch(600, 600)).then(
      () => true,
      (error) => {
        expect(error).toEqual(quota);
        return false;
      },
    );
    if (!whole) broken += 1;
    expect((await index.search('wort', 1)).total).toBe(whole ? 1_200 : 600);
  }
  expect(broken).toBeGreaterThan(2);
});

test('what another tab adds, merges and removes is seen', async () => {
  const other = await tab();
  await index.add(batch(0, 10));
  expect((await other.index.search('wort')).total).toBe(10);
  await Promise.all([index.add(batch(10, 700)), other.index.add(batch(710, 700))]);
  await other.index.remove(['m1']);
  expect((await index.search('wort')).total).toBe(1_409);
});

test('what is held in the clear has a limit', async () => {
  const small = new SearchIndex(session, store, profile.tab().turns, { cacheBytes: 4_000 });
  await small.add(batch(0, 600));
  const words = ['wort', 'nummer', 'aaa', 'bbb', 'ccc'];
  for (const word of words) {
    await small.search(word);
    expect(small.cachedBytes).toBeLessThanOrEqual(4_000);
  }
});

test('locking drops what was in the clear, and everything refuses', async () => {
  await index.add(batch(0, 600));
  await index.search('wort');
  expect(index.cachedBytes).toBeGreaterThan(0);
  const searching = expect(index.search('nummer')).rejects.toEqual(new ContainerFault('locked'));
  session.close();
  await searching;
  expect(index.cachedBytes).toBe(0);
  for (const act of [
    index.search('wort'),
    index.add(batch(0, 1)),
    index.remove(['m1']),
    index.documents(),
    index.clear(),
  ]) {
    await expect(act).rejects.toEqual(new ContainerFault('locked'));
  }
});

test('an index can be made anew', async () => {
  await index.add(batch(0, 700));
  await index.clear();
  expect(await index.search('wort')).toEqual({ ids: [], total: 0 });
  expect(await index.documents()).toBe(0);
  await index.add(batch(0, 5));
  expect((await index.search('wort')).total).toBe(5);
});

test('a batch has an end', () => {
  expect(() => index.add(batch(0, MAX_BATCH_DOCUMENTS + 1))).toThrow(ContainerFault);
});

test('words do not stand on the disk', async () => {
  await index.add([{ id: 'id-of-the-mail', text: 'Wolkenbruch', when: 1 }]);
  await index.add(batch(0, 600));
  const keys = await database.keys('search');
  const values = await database.getEach('search', keys);
  const disk = Buffer.concat(
    [...keys, ...values].map((part) => Buffer.from(part as Uint8Array<ArrayBuffer>)),
  );
  for (const word of ['wolkenbruch', 'wol', 'nummer', 'id-of']) {
    // Three letters come about by chance in so many bytes.
    if (word.length > 3) expect(disk.includes(word)).toBe(false);
  }
});

async function found(text: string): Promise<string[]> {
  return (await index.search(text)).ids;
}

function batch(from: number, count: number): Document[] {
  return Array.from({ length: count }, (_, at) => {
    return { id: `m${from + at}`, text: `Wort Nummer n${from + at}`, when: from + at };
  });
}

/** The same search without an index. */
function search(documents: Map<string, Document>, asked: string): string[] {
  const words = wordsOf(asked);
  const goesOn = /[a-zäß]$/.test(asked);
  if (words.length === 0) return [];
  return [...documents.values()]
    .filter(({ text }) => {
      const own = wordsOf(text);
      return words.every((word, at) =>
        goesOn && at === words.length - 1 && word.length >= 3
          ? own.some((one) => one.startsWith(word))
          : own.includes(word),
      );
    })
    .map(({ id }) => id)
    .sort();
}

/** Always the same numbers (mulberry32), so that a fault can be looked at again. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

async function tab() {
  const browser = profile.tab();
  const session = new Session(browser.clock);
  session.open(await deriveKeys(dataKey), 10, () => session.close());
  const database = new Database(browser.indexedDB);
  const store = new RecordStore(session, database, browser.turns, 'search');
  return { session, database, store, index: new SearchIndex(session, store, browser.turns) };
}
