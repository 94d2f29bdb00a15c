import type { RecordStore } from '../record-store.ts';
import { type Head, headChange, type Run, runCollection } from './head.ts';
import { packShard, Shard, shardOf } from './shard.ts';

/** So many runs of one size become one of the next size. */
const FAN = 4;
const SMALLEST_RUN_DOCUMENTS = 500;
/** Shards that are merged at a time; what is in memory is theirs. */
const BATCH_SHARDS = 64;
/** No beginning of a word is empty, so the list of a run's shards has this name. */
const LIST = '';

export type Numbered = { number: number; words: string[] };

/** Writes the words of these documents as a new run. It counts once the head names it. */
export async function writeRun(
  store: RecordStore,
  run: number,
  documents: Numbered[],
): Promise<void> {
  const shards = new Map<string, Map<string, number[]>>();
  for (const { number, words } of documents) {
    for (const word of words) {
      const name = shardOf(word);
      const shard = shards.get(name) ?? new Map<string, number[]>();
      shards.set(name, shard);
      const list = shard.get(word);
      if (list) list.push(number);
      else shard.set(word, [number]);
    }
  }
  const names = [...shards.keys()].sort();
  await begin(store, run, names);
  for (const batch of batches(names)) {
    await writeShards(
      store,
      run,
      batch.map((name) => [name, shards.get(name) ?? new Map()]),
    );
  }
}

/** The runs that should become one now: the last ones of a size, or all when too much of them was removed. */
export function runsToMerge({ runs, removed, documents }: Head): Run[] {
  if (removed.length > SMALLEST_RUN_DOCUMENTS && removed.length > documents / 4) return runs;
  const last = runs.slice(-FAN);
  const [first] = last;
  const newest = last.at(-1);
  if (last.length < FAN || !first || !newest) return [];
  return sizeClass(first) <= sizeClass(newest) ? last : [];
}

/** Makes one run of several neighbours, without what was removed. */
export async function mergeRuns(store: RecordStore, head: Head, merged: Run[]): Promise<Head> {
  const [first] = merged;
  const last = merged.at(-1);
  if (!first || !last) return head;
  const removed = new Set(head.removed);
  const lists = await Promise.all(merged.map(({ run }) => shardNames(store, run)));
  const names = [...new Set(lists.flat())].sort();
  await begin(store, head.nextRun, names);
  for (const batch of batches(names)) {
    const parts = await Promise.all(
      merged.map(({ run }) => store.getEach(runCollection(run), batch)),
    );
    const shards = batch.map((name, index): [string, Map<string, number[]>] => {
      const words = new Map<string, number[]>();
      // Neighbours in order: their numbers go on growing from one to the next.
      for (const part of parts) {
        const bytes = part[index]?.bytes;
        if (bytes) collect(new Shard(bytes), removed, words);
      }
      return [name, words];
    });
    await writeShards(store, head.nextRun, shards);
  }
  const within = (number: number) => number >= first.from && number < last.to;
  const documents = merged.reduce((sum, run) => sum + run.documents, 0);
  const gone = head.removed.filter(within).length;
  const run = { run: head.nextRun, from: first.from, to: last.to, documents: documents - gone };
  const next: Head = {
    ...head,
    nextRun: head.nextRun + 1,
    runs: [...head.runs.filter((other) => !merged.includes(other)), run].sort(
      (one, other) => one.from - other.from,
    ),
    removed: head.removed.filter((number) => !within(number)),
  };
  await store.change([
    headChange(next),
    ...merged.map((old) => ({ clear: runCollection(old.run) })),
  ]);
  return { ...next, revision: next.revision + 1 };
}

function collect(shard: Shard, removed: Set<number>, words: Map<string, number[]>): void {
  for (const [index, word] of shard.words.entries()) {
    const kept = shard.documents(index).filter((document) => !removed.has(document));
    if (kept.length === 0) continue;
    const before = words.get(word);
    if (before) for (const document of kept) before.push(document);
    else words.set(word, kept);
  }
}

/** A run of this number that did not come to its end is in the way. */
function begin(store: RecordStore, run: number, names: string[]): Promise<void> {
  const collection = runCollection(run);
  return store.change([{ clear: collection }, { put: collection, id: LIST, value: names }]);
}

async function shardNames(store: RecordStore, run: number): Promise<string[]> {
  return ((await store.get(runCollection(run), LIST))?.value ?? []) as string[];
}

function writeShards(
  store: RecordStore,
  run: number,
  shards: [string, Map<string, number[]>][],
): Promise<void> {
  return store.change(
    shards.map(([name, words]) => {
      const postings = [...words.keys()]
        .sort()
        .map((word) => ({ word, documents: words.get(word) ?? [] }));
      return { put: runCollection(run), id: name, value: null, bytes: packShard(postings) };
    }),
  );
}

function* batches(names: string[]): Generator<string[]> {
  for (let at = 0; at < names.length; at += BATCH_SHARDS) yield names.slice(at, at + BATCH_SHARDS);
}

function sizeClass({ documents }: Run): number {
  return Math.floor(Math.log(Math.max(1, documents / SMALLEST_RUN_DOCUMENTS)) / Math.log(FAN));
}
