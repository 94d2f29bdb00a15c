import { type EmailBody, type EmailHead, type Mailbox, MailFault } from '../model.ts';
import { draftBody, draftHead } from './draft.ts';
import type { MailNet } from './net.ts';
import {
  changedHead,
  changedRow,
  emailsOf,
  isAsked,
  isWrite,
  type Op,
  type WriteOp,
} from './queue.ts';
import { isSame, type PackedRow, packRow, type Row, Rows, unpackRow } from './rows.ts';
import type { Shelf } from './shelf.ts';
import {
  BODIES,
  EMPTY_META,
  type Folders,
  HEADS,
  type KeptSending,
  LAYOUT,
  type Meta,
  OWN,
  QUEUE,
  ROWS,
  SENDINGS,
  Writing,
} from './writing.ts';

/** Rows lie in so many records: opening reads few, and a change writes little. */
const BUCKETS = 256;
const TURN = 'fernamt-mail';
const LINE = 'fernamt-mail-kept';

type Said = { revision: number; buckets: number[] };

/**
 * What this device keeps of a mail account: what the server told, the changes that it does not know yet, and what both
 * make together. Tabs share it; one writes at a time.
 *
 * What the server told is never changed by what was done here. A change that waits lies above it, so it can be dropped
 * without a trace, and what the server says meanwhile takes its place below.
 */
export class Kept {
  readonly #shelf: Shelf;
  readonly #net: MailNet;
  readonly #line: ReturnType<MailNet['line']>;
  readonly #watchers = new Set<() => void>();
  readonly #base = new Rows();
  readonly #shown = new Rows();
  readonly #buckets = new Map<number, Set<string>>();
  /** Waiting changes by the message that they are about. */
  #opsOf = new Map<string, Op[]>();
  #reading: Promise<void> = Promise.resolve();
  #closed = false;
  meta: Meta = EMPTY_META;
  folders: Folders = { mailboxes: [], identities: [] };
  ops: Op[] = [];
  sendings = new Map<string, KeptSending>();
  todo = new Set<string>();

  private constructor(shelf: Shelf, net: MailNet) {
    this.#shelf = shelf;
    this.#net = net;
    this.#line = net.line(LINE);
    this.#line.listen((said) => this.#hear(said as Said));
  }

  static async open(shelf: Shelf, net: MailNet): Promise<Kept> {
    const kept = new Kept(shelf, net);
    try {
      await kept.#readAll();
    } catch (error) {
      kept.close();
      throw error;
    }
    return kept;
  }

  close(): void {
    this.#closed = true;
    this.#line.close();
    this.#watchers.clear();
  }

  onChange(call: () => void): () => void {
    this.#watchers.add(call);
    return () => this.#watchers.delete(call);
  }

  /** Makes changes together or not at all, on top of what all tabs wrote before. */
  change<T>(work: (writing: Writing) => T | Promise<T>): Promise<T> {
    return this.#net.turns(TURN, 'exclusive', async () => {
      await this.#reading;
      const stored = (await this.#shelf.records.get(OWN, 'meta'))?.value as Meta | undefined;
      if ((stored?.revision ?? 0) !== this.meta.revision) await this.#readAll();
      const writing = new Writing(this.meta, this.folders, this.sendings, this.todo);
      const result = await work(writing);
      const buckets = new Set([...writing.rows.keys()].map(bucketOf));
      const changes = writing.changes();
      for (const bucket of buckets) {
        changes.push({ put: ROWS, id: String(bucket), value: this.#packed(bucket, writing.rows) });
      }
      await this.#shelf.records.change(changes);
      this.#take(writing);
      this.#line.send({ revision: this.meta.revision, buckets: [...buckets] } satisfies Said);
      this.#tell();
      return result;
    });
  }

  /** Rows with what was done here, as lists show them. */
  get shown(): Rows {
    return this.#shown;
  }

  /** Rows as the server told them. */
  get base(): Rows {
    return this.#base;
  }

  /** What the server calls a message, once it has named it. */
  resolve(id: string): string {
    return this.meta.aliases[id] ?? id;
  }

  waitingDraft(id: string): (Op & WriteOp) | undefined {
    return this.ops.filter(isWrite).findLast((op) => op.localId === id && op.sendingId === null);
  }

  /** What lists show of these messages; what is not here is left out. */
  async heads(ids: string[]): Promise<EmailHead[]> {
    const resolved = ids.map((id) => this.resolve(id));
    const found = await this.#shelf.records.getEach(HEADS, resolved);
    return ids.flatMap((id, index) => {
      const draft = this.waitingDraft(id);
      if (draft) return [draftHead(draft, this.folders, null)];
      const head = found[index]?.value as EmailHead | undefined;
      return head ? [this.#withChanges(head)] : [];
    });
  }

  /** As the server told them. */
  async baseHeads(ids: string[]): Promise<Map<string, EmailHead>> {
    const found = await this.#shelf.records.getEach(HEADS, ids);
    return new Map(
      found.flatMap((one) => (one ? [[one.id, one.value as unknown as EmailHead]] : [])),
    );
  }

  async body(id: string): Promise<EmailBody | undefined> {
    const draft = this.waitingDraft(id);
    if (draft) return draftBody(draft);
    const found = await this.#shelf.records.get(BODIES, this.resolve(id));
    return found?.value as EmailBody | undefined;
  }

  /** Folders, counted with what was done here. */
  mailboxes(): Mailbox[] {
    const counts = new Map<string, [total: number, unread: number]>();
    const count = (row: Row | undefined, by: number) => {
      for (const box of row?.boxes ?? []) {
        const [total, unread] = counts.get(box) ?? [0, 0];
        counts.set(box, [total + by, unread + (row?.seen ? 0 : by)]);
      }
    };
    const drafts = this.ops.filter(isWrite).map(({ localId }) => localId);
    for (const id of new Set([...this.#opsOf.keys(), ...drafts])) {
      count(this.#base.get(id), -1);
      count(this.#shown.get(id), 1);
    }
    return this.folders.mailboxes.map((mailbox) => {
      const [total, unread] = counts.get(mailbox.id) ?? [0, 0];
      return {
        ...mailbox,
        totalEmails: Math.max(0, mailbox.totalEmails + total),
        unreadEmails: Math.max(0, mailbox.unreadEmails + unread),
      };
    });
  }

  roleId(role: Mailbox['role']): string {
    return this.folders.mailboxes.find((mailbox) => mailbox.role === role)?.id ?? '';
  }

  #withChanges(head: EmailHead): EmailHead {
    const ops = this.#opsOf.get(head.id) ?? [];
    return { ...ops.reduce(changedHead, head), waiting: ops.some(isAsked) };
  }

  #take(writing: Writing): void {
    this.meta = writing.meta;
    this.folders = writing.folders;
    this.sendings = writing.sendings;
    this.todo = writing.todo;
    for (const [id, row] of writing.rows) this.#setBase(id, row);
    const touched = new Set(writing.rows.keys());
    for (const id of this.#opsOf.keys()) touched.add(id);
    for (const op of this.ops) if (isWrite(op)) touched.add(op.localId);
    if (writing.ops.size > 0) {
      const kept = this.ops.filter(({ seq }) => !writing.ops.has(seq));
      const put = [...writing.ops.values()].filter((op) => op !== null);
      this.ops = [...kept, ...put].sort((one, other) => one.seq - other.seq);
    }
    this.#refresh(touched);
  }

  /** Works out anew what is shown of these messages, and of all that changes wait for. */
  #refresh(touched: Set<string>): void {
    this.#opsOf = new Map();
    for (const op of this.ops) {
      for (const id of emailsOf(op).map((id) => this.resolve(id))) {
        this.#opsOf.set(id, [...(this.#opsOf.get(id) ?? []), op]);
        touched.add(id);
      }
      if (isWrite(op)) touched.add(op.localId);
    }
    for (const id of touched) {
      const row = this.#rowShown(id);
      if (!row) this.#shown.delete(id);
      else if (!isSame(row, this.#shown.get(id))) this.#shown.set(row);
    }
  }

  #rowShown(id: string): Row | null {
    const draft = this.waitingDraft(id);
    if (draft) {
      const { threadId, mailboxIds, receivedAtMs } = draftHead(draft, this.folders, null);
      const marks = { seen: true, flagged: false };
      return { id, thread: threadId, boxes: mailboxIds, atMs: receivedAtMs, ...marks };
    }
    let row: Row | null = this.#base.get(id) ?? null;
    for (const op of this.#opsOf.get(id) ?? []) row = row && changedRow(row, op);
    return row;
  }

  #setBase(id: string, row: Row | null): void {
    const bucket = this.#buckets.get(bucketOf(id)) ?? new Set();
    this.#buckets.set(bucketOf(id), bucket);
    if (row) {
      this.#base.set(row);
      bucket.add(id);
    } else {
      this.#base.delete(id);
      bucket.delete(id);
    }
  }

  #packed(bucket: number, changed: Map<string, Row | null>): PackedRow[] {
    const rows = new Map<string, Row>();
    for (const id of this.#buckets.get(bucket) ?? []) {
      const row = this.#base.get(id);
      if (row) rows.set(id, row);
    }
    for (const [id, row] of changed) {
      if (bucketOf(id) !== bucket) continue;
      if (row) rows.set(id, row);
      else rows.delete(id);
    }
    return [...rows.values()].map(packRow);
  }

  #hear({ revision, buckets }: Said): void {
    this.#reading = this.#reading.then(async () => {
      if (this.#closed || revision <= this.meta.revision) return;
      // What was missed in between is not known by its parts.
      if (revision === this.meta.revision + 1) await this.#readAll(buckets);
      else await this.#readAll();
      this.#tell();
    });
    // Locked meanwhile: whoever asks next hears it.
    this.#reading = this.#reading.catch(() => undefined);
  }

  /** Reads what is kept, of the rows these buckets alone. */
  async #readAll(buckets?: number[]): Promise<void> {
    const { records } = this.#shelf;
    const [meta, folders, todo] = await records.getEach(OWN, ['meta', 'folders', 'todo']);
    const known = meta?.value as Meta | undefined;
    if (known && known.layout !== LAYOUT) {
      throw new MailFault('refused', 'another version of this program laid out what is kept');
    }
    // Another change was made behind the one that was told: its rows lie elsewhere.
    const told = known?.revision === this.meta.revision + 1 ? buckets : undefined;
    const wanted = told ?? Array.from({ length: BUCKETS }, (_, bucket) => bucket);
    const parts = await records.getEach(ROWS, wanted.map(String));
    const [ops, sendings] = await Promise.all([records.getAll(QUEUE), records.getAll(SENDINGS)]);
    this.meta = known ?? EMPTY_META;
    this.folders = (folders?.value as Folders | undefined) ?? { mailboxes: [], identities: [] };
    this.todo = new Set(todo?.value as string[] | undefined);
    this.ops = ops
      .map(({ value }) => value as unknown as Op)
      .sort((one, other) => one.seq - other.seq);
    const results = sendings.map(({ value }) => value as unknown as KeptSending);
    this.sendings = new Map(results.map((sending) => [sending.id, sending]));
    const touched = new Set(this.#shown.ids());
    for (const [index, bucket] of wanted.entries()) {
      for (const id of [...(this.#buckets.get(bucket) ?? [])]) this.#setBase(id, null);
      for (const packed of (parts[index]?.value ?? []) as PackedRow[]) {
        this.#setBase(packed[0], unpackRow(packed));
        touched.add(packed[0]);
      }
    }
    this.#refresh(touched);
  }

  #tell(): void {
    for (const call of this.#watchers) call();
  }
}

/** FNV-1a: ids of one moment begin alike, and must not all lie in one bucket. */
function bucketOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < id.length; at += 1) {
    hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193) >>> 0;
  }
  return hash % BUCKETS;
}
