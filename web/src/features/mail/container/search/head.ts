import { ContainerFault } from '../fault.ts';
import type { RecordStore } from '../record-store.ts';

const VERSION = 1;
const COLLECTION = 'head';

/** Shards that were written together: the words of the documents from one number up to another, excluded. */
export type Run = { run: number; from: number; to: number; documents: number };

/** What says which parts of the index count. Whatever else lies on the disk is of a merge that did not come to its end. */
export type Head = {
  version: number;
  /** Grows with every change: what another tab remembers of an older one is old. */
  revision: number;
  nextRun: number;
  nextNumber: number;
  documents: number;
  /** In the order of their documents. */
  runs: Run[];
  /** Documents in the buffer, and their words. */
  buffered: number;
  bufferedWords: number;
  /** Numbers of documents that were removed and still stand in shards. */
  removed: number[];
};

export async function readHead(store: RecordStore): Promise<Head> {
  const found = (await store.get(COLLECTION, COLLECTION))?.value as Head | undefined;
  if (found && found.version !== VERSION) throw new ContainerFault('damaged');
  return (
    found ?? {
      version: VERSION,
      revision: 0,
      nextRun: 0,
      nextNumber: 0,
      documents: 0,
      runs: [],
      buffered: 0,
      bufferedWords: 0,
      removed: [],
    }
  );
}

export function headChange(head: Head) {
  return {
    put: COLLECTION,
    id: COLLECTION,
    value: { ...head, revision: head.revision + 1 },
  };
}

export function runCollection(run: number): string {
  return `run ${run}`;
}
