import { type Change, type Container, MAX_BATCH_DOCUMENTS } from '../container/index.ts';
import { portions } from './jmap.ts';
import type { Op } from './queue.ts';
import { collectionOf, shelfOf } from './shelf.ts';
import { bounded, type Lost, lostOf, lostWork } from './undone.ts';
import type { WorkOp } from './work-shapes.ts';
import { WORK, WORK_QUEUE } from './works.ts';
import { BODIES, HEADS, OWN, QUEUE, ROWS, SENDINGS } from './writing.ts';

/** Everything of another mailbox that lies in the container. */
export const COLLECTIONS = [OWN, HEADS, BODIES, ROWS, QUEUE, SENDINGS, WORK, WORK_QUEUE];
/** What is left to be removed of a mailbox whose records are gone, by its id. */
const REST = 'mail leaving';

type Rest = { searched: string[]; files: string[]; lost: Lost[] };

/**
 * Removes all of a mailbox from this device; says which changes of it came to nothing. Its records go at once, its words
 * and attachments behind them; ended in between, it goes on when it is called again.
 */
export async function removeMailbox(container: Container, account: string): Promise<Lost[]> {
  const { records } = container;
  const shelf = shelfOf(container, account);
  const [heads, queue, works] = await Promise.all([
    shelf.records.getAll(HEADS),
    shelf.records.getAll(QUEUE),
    shelf.records.getAll(WORK_QUEUE),
  ]);
  const [todo, files] = await shelf.records.getEach(OWN, ['todo', 'files']);
  const before = (await records.get(REST, account))?.value as Rest | undefined;
  const ids = [...heads.map(({ id }) => id), ...((todo?.value ?? []) as string[])];
  const rest: Rest = {
    searched: [...new Set([...(before?.searched ?? []), ...ids])],
    files: [...new Set([...(before?.files ?? []), ...Object.keys(files?.value ?? {})])],
    lost: bounded([
      ...(before?.lost ?? []),
      ...queue
        .map(({ value }) => value as unknown as Op)
        .sort((one, other) => one.seq - other.seq)
        .map(lostOf),
      ...works.map(({ value }) => lostWork(value as unknown as WorkOp)),
    ]),
  };
  const cleared: Change[] = COLLECTIONS.map((one) => ({ clear: collectionOf(one, account) }));
  await records.change([...cleared, { put: REST, id: account, value: rest }]);
  for (const part of portions(rest.searched, MAX_BATCH_DOCUMENTS)) await shelf.search.remove(part);
  for (const blob of rest.files) await shelf.blobs.remove(blob);
  await records.delete(REST, account);
  return rest.lost;
}
