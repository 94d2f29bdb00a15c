import type { EmailHead } from '../model.ts';

/** What lists need to know of a message to put it in its place. */
export type Row = {
  id: string;
  thread: string;
  boxes: string[];
  atMs: number;
  seen: boolean;
  flagged: boolean;
};

export type PackedRow = [id: string, thread: string, boxes: string[], atMs: number, marks: number];

const SEEN = 1;
const FLAGGED = 2;

export function rowOf(head: EmailHead): Row {
  const { id, threadId, mailboxIds, receivedAtMs, seen, flagged } = head;
  return { id, thread: threadId, boxes: mailboxIds, atMs: receivedAtMs, seen, flagged };
}

export function packRow({ id, thread, boxes, atMs, seen, flagged }: Row): PackedRow {
  return [id, thread, boxes, atMs, (seen ? SEEN : 0) | (flagged ? FLAGGED : 0)];
}

export function unpackRow([id, thread, boxes, atMs, marks]: PackedRow): Row {
  const seen = (marks & SEEN) !== 0;
  return { id, thread, boxes, atMs, seen, flagged: (marks & FLAGGED) !== 0 };
}

export function isSame(one: Row, other: Row | undefined): boolean {
  return other !== undefined && JSON.stringify(packRow(one)) === JSON.stringify(packRow(other));
}

/** Rows by id, by thread, and by folder in their order: newest first. */
export class Rows {
  readonly #rows = new Map<string, Row>();
  readonly #threads = new Map<string, Set<string>>();
  /** Only of folders that somebody looked into. */
  readonly #orders = new Map<string, Row[]>();

  get size(): number {
    return this.#rows.size;
  }

  get(id: string): Row | undefined {
    return this.#rows.get(id);
  }

  ids(): IterableIterator<string> {
    return this.#rows.keys();
  }

  set(row: Row): void {
    this.delete(row.id);
    this.#rows.set(row.id, row);
    const thread = this.#threads.get(row.thread) ?? new Set();
    this.#threads.set(row.thread, thread.add(row.id));
    for (const box of row.boxes) {
      const order = this.#orders.get(box);
      order?.splice(placeIn(order, row), 0, row);
    }
  }

  delete(id: string): void {
    const row = this.#rows.get(id);
    if (!row) return;
    this.#rows.delete(id);
    const thread = this.#threads.get(row.thread);
    thread?.delete(id);
    if (thread?.size === 0) this.#threads.delete(row.thread);
    for (const box of row.boxes) {
      const order = this.#orders.get(box);
      order?.splice(placeIn(order, row), 1);
    }
  }

  clear(): void {
    this.#rows.clear();
    this.#threads.clear();
    this.#orders.clear();
  }

  /** What lies in a folder, newest first. */
  inMailbox(mailbox: string): readonly Row[] {
    const known = this.#orders.get(mailbox);
    if (known) return known;
    const order = [...this.#rows.values()].filter(({ boxes }) => boxes.includes(mailbox));
    order.sort(newestFirst);
    this.#orders.set(mailbox, order);
    return order;
  }

  inThread(thread: string): Row[] {
    return [...(this.#threads.get(thread) ?? [])].flatMap((id) => this.#rows.get(id) ?? []);
  }
}

/** Nothing is in the same place as another: ids are unique. */
function newestFirst(one: Row, other: Row): number {
  if (one.atMs !== other.atMs) return other.atMs - one.atMs;
  return one.id < other.id ? 1 : one.id > other.id ? -1 : 0;
}

function placeIn(order: Row[], row: Row): number {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const there = order[middle];
    if (there && newestFirst(there, row) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
