import type { EmailHead, MailFault, MailFaultKind } from '../model.ts';
import { draftHead } from './draft.ts';
import { filed, type HandedIn, type HandIn, reasonOf } from './hand-in.ts';
import {
  type Answers,
  type Call,
  isNotOpen,
  type Jmap,
  MethodFault,
  type Obj,
  object,
  text,
} from './jmap.ts';
import type { Kept } from './kept.ts';
import { changedHead, isAsked, isWrite, type Op, type SimpleOp, type WriteOp } from './queue.ts';
import { type Lost, lostDraft, lostOf } from './undone.ts';
import type { Writing } from './writing.ts';

/** Waiting changes that go in one request. */
const TOGETHER = 16;
/** Changes that came to nothing, of which the person can be told. */
const MAX_DROPPED = 100;

/** Bytes, a sender or a right that are no longer there, or may not go, come by no repetition. */
const FINAL: Partial<Record<MailFaultKind, string>> = {
  too_large: 'tooLarge',
  malware: 'malware',
  not_scanned: 'notScanned',
  not_found: 'gone',
};

/** A change that the server did not take: what it says holds. */
export type Dropped = {
  change: SimpleOp['kind'] | 'write';
  emails: string[];
  reason: string;
  /** What of it is told, where that is more. */
  lost?: Lost;
};

/** Brings what was done here to the server, in the order in which it was done. One tab does so. */
export class Outbox {
  readonly #jmap: Jmap;
  readonly #kept: Kept;
  readonly #handIn: HandIn;
  readonly #drop: (dropped: Dropped) => void;
  readonly #maySend: () => boolean;

  constructor(
    jmap: Jmap,
    kept: Kept,
    handIn: HandIn,
    drop: (dropped: Dropped) => void,
    maySend: () => boolean,
  ) {
    this.#jmap = jmap;
    this.#kept = kept;
    this.#handIn = handIn;
    this.#drop = drop;
    this.#maySend = maySend;
  }

  /** Until nothing waits that can go. */
  async run(): Promise<void> {
    for (;;) {
      await this.#letGo();
      const ready = this.#kept.ops.filter((op) => !isWrite(op) || !op.parked);
      const [first] = ready;
      if (!first) return;
      if (isWrite(first)) {
        await this.#write(first);
      } else {
        const end = ready.findIndex(isWrite);
        const simple = ready.slice(0, end < 0 ? undefined : end);
        await this.#change(simple.slice(0, TOGETHER) as (Op & SimpleOp)[]);
      }
    }
  }

  /** What was refused waits for the person to change it; who may not write here any more never can. */
  async #letGo(): Promise<void> {
    const isParked = (op: Op): op is Op & WriteOp => isWrite(op) && op.parked;
    if (this.#maySend() || !this.#kept.ops.some(isParked)) return;
    const gone = await this.#kept.change((writing) =>
      this.#kept.ops.filter(isParked).map((op): Dropped => {
        writing.dropOp(op.seq);
        const refused = [...writing.sendings.values()].filter(
          ({ state, localId }) => state === 'refused' && localId === op.localId,
        );
        for (const { id } of refused) writing.dropSending(id);
        const lost = lostDraft(op.draft, op.localId, refused.length > 0 ? 'send' : 'draft');
        return { change: 'write', emails: [op.localId], reason: 'forbidden', lost };
      }),
    );
    for (const one of gone) this.#drop(one);
  }

  async #change(ops: (Op & SimpleOp)[]): Promise<void> {
    const answers = await this.#jmap.call(ops.map((op) => this.#callOf(op)));
    const results = ops.map((op, index) => ({ op, ...resultOf(answers, index) }));
    const done = results.filter(({ refused }) => refused === null);
    const ids = new Set(done.flatMap(({ op }) => op.emails.map((id) => this.#kept.resolve(id))));
    await this.#kept.change(async (writing) => {
      // What the server said of them before, changed as it was just changed there.
      const heads = await this.#kept.baseHeads([...ids]);
      const before = new Map(heads);
      for (const { op, failed } of results) {
        writing.dropOp(op.seq);
        for (const id of op.emails.map((id) => this.#kept.resolve(id))) {
          const head = heads.get(id);
          if (!head || id in failed) continue;
          if (op.kind === 'destroy') heads.delete(id);
          else heads.set(id, changedHead(head, op));
        }
      }
      for (const id of before.keys()) {
        const head = heads.get(id);
        if (head) writing.putHead(head);
        else writing.dropEmail(id);
      }
      recount(writing, before, heads);
    });
    for (const { op, refused, failed } of results) {
      const emails = refused === null ? Object.keys(failed) : op.emails;
      if (emails.length === 0 || !isAsked(op)) continue;
      const first = object(Object.values(failed)[0]);
      this.#drop({ change: op.kind, emails, reason: refused ?? reasonOf(first) });
    }
  }

  #callOf(op: SimpleOp): Call {
    const ids = op.emails.map((id) => this.#kept.resolve(id));
    if (op.kind === 'destroy') return ['Email/set', { destroy: ids }];
    const patch: Obj =
      op.kind === 'mark'
        ? { [`keywords/${op.keyword}`]: op.on ? true : null }
        : op.from === null
          ? { mailboxIds: { [op.to]: true } }
          : { [`mailboxIds/${op.from}`]: null, [`mailboxIds/${op.to}`]: true };
    return ['Email/set', { update: Object.fromEntries(ids.map((id) => [id, patch])) }];
  }

  async #write(op: Op & WriteOp): Promise<void> {
    let result: HandedIn;
    try {
      result = await this.#handIn.run(op);
    } catch (error) {
      const { kind, message, detail } = error as MailFault;
      const code = isNotOpen(error) ? 'forbiddenToSend' : FINAL[kind];
      if (code === undefined) throw error;
      const refusal = { code, recipients: [], most: null };
      result = { kind: 'refused', reason: detail ?? message, refusal, email: null };
    }
    if (result.kind === 'gone') return;
    if (result.kind === 'sent' && !result.filed) await this.#file(text(result.email.id));
    const settled = result;
    await this.#kept.change((writing) => this.#settle(writing, op, settled));
    if (result.kind === 'refused' && op.sendingId === null) {
      // The text is still there, as a draft.
      const { text: _, ...lost } = lostOf(op);
      this.#drop({ change: 'write', emails: [op.localId], reason: result.reason, lost });
    }
  }

  /** The server was ended between handing in and filing: the message would lie among the drafts for ever. */
  async #file(id: string): Promise<void> {
    await this.#jmap.one('Email/set', { update: { [id]: filed(this.#kept.roleId('sent')) } });
  }

  #settle(writing: Writing, op: Op & WriteOp, result: Exclude<HandedIn, { kind: 'gone' }>): void {
    const email = 'email' in result ? result.email : null;
    writing.dropOp(op.seq);
    if (email) {
      const asSent = result.kind === 'sent' ? op : { ...op, sendingId: null };
      if (text(email.threadId) !== '')
        writing.putHead(draftHead(asSent, this.#kept.folders, email));
      writing.putTodo([text(email.id)]);
      writing.name(op.localId, text(email.id));
      if (op.replaces !== null) writing.dropEmail(this.#kept.resolve(op.replaces));
    } else if (result.kind === 'refused') {
      // Nothing of it is at the server: it stays here as a draft, for the person to change it.
      writing.putOp({ ...op, sendingId: null, attempt: null, parked: true });
    }
    const sending = op.sendingId === null ? undefined : writing.sendings.get(op.sendingId);
    if (!sending) return;
    const held = result.kind === 'sent' && result.heldUntilMs !== null;
    const submission = result.kind === 'sent' ? result.submission : {};
    const ended = submission.undoStatus === 'canceled' ? 'taken_back' : result.kind;
    writing.putSending({
      ...sending,
      state: held ? 'held' : ended === 'written' ? 'sent' : ended,
      heldUntilMs: result.kind === 'sent' ? result.heldUntilMs : null,
      refusal: result.kind === 'refused' ? result.refusal : null,
      submissionId: text(submission.id) || null,
      emailId: email ? text(email.id) : op.emailId,
      draft: op.draft,
    });
    const { answers } = op.draft;
    if (result.kind !== 'sent' || !answers) return;
    const keyword = answers.how === 'reply' ? '$answered' : '$forwarded';
    const emails = [answers.emailId];
    const mark: SimpleOp = { kind: 'mark', emails, keyword, on: true, unasked: true };
    writing.putOp({ seq: writing.nextSeq(), key: `${op.key} answered`, ...mark });
  }
}

/** The last changes that came to nothing. */
export class DroppedChanges {
  #all: Dropped[] = [];

  get all(): Dropped[] {
    return [...this.#all];
  }

  add(dropped: Dropped): void {
    this.#all = [...this.#all, dropped].slice(-MAX_DROPPED);
  }

  clear(): void {
    this.#all = [];
  }
}

type Result = { refused: string | null; failed: { [id: string]: unknown } };

function resultOf(answers: Answers, call: number): Result {
  try {
    const { notUpdated, notDestroyed } = answers.of(call);
    return { refused: null, failed: { ...object(notUpdated), ...object(notDestroyed) } };
  } catch (error) {
    // Later it may go: nothing of the request is settled, and repeating it does no harm.
    if (!(error instanceof MethodFault) || error.type.startsWith('server')) throw error;
    return { refused: error.message, failed: {} };
  }
}

/** The folders' counts as they are now, until the server tells them. */
function recount(
  writing: Writing,
  before: Map<string, EmailHead>,
  after: Map<string, EmailHead>,
): void {
  const counts = new Map<string, [total: number, unread: number]>();
  const count = (head: EmailHead | undefined, by: number) => {
    for (const box of head?.mailboxIds ?? []) {
      const [total, unread] = counts.get(box) ?? [0, 0];
      counts.set(box, [total + by, unread + (head?.seen ? 0 : by)]);
    }
  };
  for (const [id, head] of before) {
    count(head, -1);
    count(after.get(id), 1);
  }
  const mailboxes = writing.folders.mailboxes.map((mailbox) => {
    const [total, unread] = counts.get(mailbox.id) ?? [0, 0];
    const { totalEmails, unreadEmails } = mailbox;
    return {
      ...mailbox,
      totalEmails: Math.max(0, totalEmails + total),
      unreadEmails: Math.max(0, unreadEmails + unread),
    };
  });
  writing.putFolders({ mailboxes });
}
