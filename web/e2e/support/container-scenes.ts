import {
  Container,
  ContainerFault,
  type Document,
  type FaultKind,
  type ShareKeeper,
} from '../../src/features/mail/container/index.ts';

/** Runs in the browser: what a story does with the container, since functions do not travel into a page. */
const container = new Container();
const share = new Uint8Array(32).fill(7);
const keeper: ShareKeeper = { release: async () => share.slice(), opened: async () => {} };

async function create(passphrase: string): Promise<number> {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
    'sign',
  ]);
  const policyKey = new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey));
  const bytes = new TextEncoder().encode(
    JSON.stringify({ version: 1, device: 'd1', serial: 1, idle_min: 10, offline_until_ms: null }),
  );
  const message = new Blob(['fernamt-container-policy\0', bytes]);
  const signature = await crypto.subtle.sign(
    { name: 'ECDSA', hash: 'SHA-256' },
    pair.privateKey,
    await message.arrayBuffer(),
  );
  const policy = { bytes, signature: new Uint8Array(signature) };
  const start = performance.now();
  await container.create({ passphrase, keeper, device: 'd1', policyKey, policy });
  return performance.now() - start;
}

/** Unlocks; says what stood against it, and how long it took. */
async function unlock(passphrase: string): Promise<{ fault: FaultKind | null; ms: number }> {
  const start = performance.now();
  const fault = await faultOf(() => container.unlock({ passphrase, keeper }));
  return { fault, ms: performance.now() - start };
}

/** Puts these words everywhere: into records, their names, attachments, their names, and the index. */
async function plant(words: string[]): Promise<void> {
  await container.records.change(
    words.map((word) => ({ put: `collection ${word}`, id: `id ${word}`, value: { text: word } })),
  );
  await container.search.add(words.map((word, when) => ({ id: word, text: word, when })));
  // Longer than a chunk, so that files have several.
  const body = `${words.join('\n')}\n${'.'.repeat(300_000)}\n${words.join('\n')}`;
  await container.blobs.write(`file ${words[0]}`, new Blob([body]).stream());
}

/** How many of the words are still found, in each of the three places. */
async function recall(words: string[]): Promise<{ records: number; hits: number; file: number }> {
  const read = await container.blobs.read(`file ${words[0]}`);
  const file = await new Response(read).text();
  let records = 0;
  let hits = 0;
  for (const word of words) {
    const record = await container.records.get(`collection ${word}`, `id ${word}`);
    if ((record?.value as { text?: string } | undefined)?.text === word) records += 1;
    if ((await container.search.search(word)).ids.includes(word)) hits += 1;
  }
  return { records, hits, file: words.filter((word) => file.split(word).length === 3).length };
}

/** What is on the disk, by kind. */
async function onDisk() {
  const databases = (await indexedDB.databases()).map(({ name }) => name);
  const folder = await navigator.storage.getDirectory();
  const files: string[] = [];
  // biome-ignore lint/suspicious/noExplicitAny: TypeScript's DOM has no asynchronous iterators here.
  for await (const name of (folder as any).keys()) files.push(name);
  return { databases, files, localStorage: localStorage.length };
}

/** Words as of a language: the second is half as frequent as the first, the third a third. */
function vocabulary(dice: () => number): string[] {
  return Array.from({ length: 60_000 }, () => made(dice));
}

/** Fills the index with so many documents of 60 words. */
async function fillSearch(count: number): Promise<{ addedMs: number; bytes: number }> {
  const dice = seeded(5);
  const words = vocabulary(dice);
  const word = () => words[Math.floor(words.length ** dice()) - 1] ?? '';
  let addedMs = 0;
  for (let from = 0; from < count; from += 2_000) {
    const batch: Document[] = Array.from({ length: Math.min(2_000, count - from) }, (_, at) => ({
      id: `Mdeadbeef${from + at}`,
      text: Array.from({ length: 60 }, word).join(' '),
      when: Math.floor(dice() * 1e9),
    }));
    const start = performance.now();
    await container.search.add(batch);
    addedMs += performance.now() - start;
    container.touch();
  }
  const { usage } = await navigator.storage.estimate();
  return { addedMs, bytes: usage ?? 0 };
}

/** How long searches of what `fillSearch` wrote take: the first of each is cold if the page has just begun. */
async function measureSearch() {
  const words = vocabulary(seeded(5));
  const at = (rank: number, letters = 99) => (words[rank] ?? '').slice(0, letters);
  const queries = {
    'a rare word': at(2_000),
    'a word and a beginning': `${at(30)} ${at(200, 4)}`,
    'the most frequent word': at(0),
    'three letters': at(0, 3),
    'two words and a beginning': `${at(0)} ${at(1)} ${at(2, 3)}`,
  };
  const cases = [];
  for (const [name, query] of Object.entries(queries)) {
    const runs = [];
    let hits = 0;
    for (let run = 0; run < 9; run += 1) {
      const start = performance.now();
      hits = (await container.search.search(query)).total;
      runs.push(performance.now() - start);
    }
    const [coldMs = 0, ...warm] = runs;
    warm.sort((one, other) => one - other);
    cases.push({ name, hits, coldMs, warmMs: warm[4] ?? 0 });
  }
  const start = performance.now();
  await container.search.add([{ id: 'one more', text: 'Wolkenbruch', when: 0 }]);
  return { cases, oneMoreMs: performance.now() - start, cachedBytes: container.search.cachedBytes };
}

function made(dice: () => number): string {
  const syllables = [
    'ver',
    'ge',
    'ein',
    'be',
    'aus',
    'an',
    'ung',
    'lich',
    'ter',
    'en',
    'sch',
    'st',
  ];
  const letters = 'abcdefghiklmnoprstuwz';
  const beginning = Array.from({ length: 2 }, () => letters[Math.floor(dice() * 21)]).join('');
  const rest = Array.from({ length: 1 + Math.floor(dice() * 4) }, () => {
    return syllables[Math.floor(dice() * syllables.length)];
  });
  return beginning + rest.join('');
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function faultOf(act: () => Promise<unknown>): Promise<FaultKind | null> {
  try {
    await act();
    return null;
  } catch (error) {
    if (error instanceof ContainerFault) return error.kind;
    throw error;
  }
}

const scenes = {
  create,
  unlock,
  plant,
  recall,
  onDisk,
  fillSearch,
  measureSearch,
  lock: () => container.lock(),
  wipe: () => container.wipe(),
  state: () => container.state(),
  readFault: () => faultOf(() => container.records.get('a', 'b')),
};

export type Scenes = typeof scenes;

Object.assign(globalThis, { scenes });
