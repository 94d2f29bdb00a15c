import type { Change, Json } from '../container/index.ts';
import type { EmailBody, EmailHead, Mailbox, MailIdentity, Sending } from '../model.ts';
import type { KeptDraft, Op } from './queue.ts';
import { type Row, rowOf } from './rows.ts';

/** How what is kept is laid out. Another number is read anew from the server. */
export const LAYOUT = 1;
/** The collections of the container that mail lives in. */
export const OWN = 'mail';
export const HEADS = 'mail heads';
export const BODIES = 'mail bodies';
export const ROWS = 'mail rows';
export const QUEUE = 'mail queue';
export const SENDINGS = 'mail sendings';

/** Results of sending that are remembered. */
const MAX_SENDINGS = 50;
/** Names of drafts that pages may still know from before the server named them. */
const MAX_ALIASES = 200;
const MAX_GONE = 300;

/** Up to where this device has everything. */
export type Meta = {
  layout: number;
  /** Grows with every change: what a tab holds of an older one is old. */
  revision: number;
  nextSeq: number;
  /** The states that the server told last; null: nothing was read yet. */
  states: { mailbox: string; email: string } | null;
  syncedAtMs: number | null;
  /** Everything received since is here. By folder where more was read than of the others. */
  horizonMs: number;
  horizonsMs: { [mailbox: string]: number };
  /** What the server calls drafts that were named here. */
  aliases: { [localId: string]: string };
  /** Which texts are read ahead; left out: all of them. */
  ahead?: string;
  /** What was destroyed last: an answer that was asked for before must not bring it back. */
  gone: string[];
};

export type Folders = { mailboxes: Mailbox[]; identities: MailIdentity[] };

/** What becomes of a message that was handed over for sending, with what it takes to do it again. */
export type KeptSending = Sending & {
  submissionId: string | null;
  emailId: string | null;
  /** What its draft was called here. */
  localId?: string;
  draft: KeptDraft | null;
  atMs: number;
};

export const EMPTY_META: Meta = {
  layout: LAYOUT,
  revision: 0,
  nextSeq: 1,
  states: null,
  syncedAtMs: null,
  horizonMs: Number.MAX_SAFE_INTEGER,
  horizonsMs: {},
  aliases: {},
  gone: [],
};

/** Changes of what is kept that are made together or not at all. */
export class Writing {
  readonly meta: Meta;
  readonly rows = new Map<string, Row | null>();
  readonly ops = new Map<number, Op | null>();
  readonly sendings: Map<string, KeptSending>;
  readonly todo: Set<string>;
  folders: Folders;
  foldersChanged = false;
  todoChanged = false;
  readonly #changes: Change[] = [];

  constructor(meta: Meta, folders: Folders, sendings: Map<string, KeptSending>, todo: Set<string>) {
    this.meta = structuredClone(meta);
    this.folders = folders;
    this.sendings = new Map(sendings);
    this.todo = new Set(todo);
  }

  putHead(head: EmailHead): void {
    this.rows.set(head.id, rowOf(head));
    this.#put(HEADS, head.id, head);
  }

  dropEmail(id: string): void {
    this.rows.set(id, null);
    this.meta.gone = [...this.meta.gone.slice(1 - MAX_GONE), id];
    this.#changes.push({ delete: HEADS, id }, { delete: BODIES, id });
  }

  putBody(id: string, body: EmailBody): void {
    this.#put(BODIES, id, body);
  }

  dropBody(id: string): void {
    this.#changes.push({ delete: BODIES, id });
  }

  /** Texts are read and words are searched later, in whichever tab and after whatever end. */
  putTodo(ids: string[]): void {
    for (const id of ids) this.todo.add(id);
    this.todoChanged = true;
  }

  dropTodo(ids: string[]): void {
    for (const id of ids) this.todo.delete(id);
    this.todoChanged = true;
  }

  putFolders(folders: Partial<Folders>): void {
    this.folders = { ...this.folders, ...folders };
    this.foldersChanged = true;
  }

  /** Puts a change at the end of the queue, or another form of one in its place. */
  putOp(op: Op): void {
    this.ops.set(op.seq, op);
    this.#put(QUEUE, nameOf(op.seq), op);
  }

  dropOp(seq: number): void {
    this.ops.set(seq, null);
    this.#changes.push({ delete: QUEUE, id: nameOf(seq) });
  }

  nextSeq(): number {
    this.meta.nextSeq += 1;
    return this.meta.nextSeq - 1;
  }

  putSending(sending: KeptSending): void {
    this.sendings.set(sending.id, sending);
    this.#put(SENDINGS, sending.id, sending);
    const ended = [...this.sendings.values()]
      .filter(({ state }) => state !== 'waiting' && state !== 'uncertain')
      .sort((one, other) => one.atMs - other.atMs);
    for (const { id } of ended.slice(0, Math.max(0, this.sendings.size - MAX_SENDINGS))) {
      this.dropSending(id);
    }
  }

  dropSending(id: string): void {
    this.sendings.delete(id);
    this.#changes.push({ delete: SENDINGS, id });
  }

  name(localId: string, emailId: string): void {
    const { aliases } = this.meta;
    delete aliases[localId];
    aliases[localId] = emailId;
    for (const oldest of Object.keys(aliases).slice(0, -MAX_ALIASES)) delete aliases[oldest];
  }

  /** Everything as the container takes it. */
  changes(): Change[] {
    this.meta.revision += 1;
    this.#put(OWN, 'meta', this.meta);
    if (this.foldersChanged) this.#put(OWN, 'folders', this.folders);
    if (this.todoChanged) this.#put(OWN, 'todo', [...this.todo]);
    return this.#changes;
  }

  #put(collection: string, id: string, value: unknown): void {
    this.#changes.push({ put: collection, id, value: value as Json });
  }
}

function nameOf(seq: number): string {
  return String(seq).padStart(16, '0');
}
