import { type Draft, Elsewhere, type EmailChange, MailFault } from '../model.ts';
import { checkDraft, checkRecipients, printOf } from './draft.ts';
import { isSameText, isSuperseded, sendingOf } from './elsewhere.ts';
import type { Files } from './files.ts';
import type { Kept } from './kept.ts';
import type { MailNet } from './net.ts';
import {
  emailsOf,
  isWrite,
  type KeptDraft,
  MAX_WAITING,
  MAX_WAITING_EMAILS,
  type Op,
  type SimpleOp,
  type WriteOp,
} from './queue.ts';
import type { Writing } from './writing.ts';

/** One change names so many messages; the server takes no more at once. */
const MAX_EMAILS_OF_CHANGE = 500;

/** Changes made here: kept at once, in their order, until the server knows them. */
export class Changes {
  readonly #kept: Kept;
  readonly #files: Files;
  readonly #net: MailNet;

  constructor(kept: Kept, files: Files, net: MailNet) {
    this.#kept = kept;
    this.#files = files;
    this.#net = net;
  }

  change(ids: string[], change: EmailChange): Promise<void> {
    return this.#kept.change((writing) => {
      for (const op of this.#opsFor([...new Set(ids)], change, writing)) this.#add(writing, op);
    });
  }

  /** Keeps a draft in place of the one it was written from; returns its id. */
  async saveDraft(draft: Draft): Promise<string> {
    checkDraft(draft);
    const kept = await this.#keep(draft);
    const done = await this.#kept.change((writing) => {
      const elsewhere = this.#setApart(kept, writing);
      if (elsewhere) return elsewhere;
      const write = this.#writeFor(kept, null, writing);
      this.#add(writing, write);
      return write.localId;
    });
    if (done instanceof Elsewhere) throw done;
    return done;
  }

  async send(draft: Draft): Promise<string> {
    checkDraft(draft);
    checkRecipients(draft);
    const kept = await this.#keep(draft);
    const done = await this.#kept.change((writing) => {
      const elsewhere = this.#setApart(kept, writing);
      if (elsewhere) return elsewhere;
      const id = this.#net.newId();
      const write = this.#writeFor(kept, id, writing);
      this.#add(writing, write);
      const { subject, to } = kept;
      const none = { heldUntilMs: null, refusal: null, submissionId: null, emailId: null };
      const own = { localId: write.localId, draft: kept, atMs: this.#net.clock.now() };
      writing.putSending({ id, subject, to, state: 'waiting', ...none, ...own });
      return id;
    });
    if (done instanceof Elsewhere) throw done;
    return done;
  }

  /**
   * Where this draft was sent, written on or thrown away elsewhere while it was open here, nothing of that is undone:
   * what differs is kept as a draft of its own.
   */
  #setApart(draft: KeptDraft, writing: Writing): Elsewhere | null {
    const sent = sendingOf(draft, this.#kept);
    if (!sent && !isSuperseded(draft, this.#kept)) return null;
    if (sent?.draft && isSameText(draft, sent.draft)) return new Elsewhere(true, null);
    const write = this.#writeFor({ ...draft, id: null, root: null }, null, writing);
    this.#add(writing, write);
    return new Elsewhere(sent !== undefined, write.localId);
  }

  /** Takes back what has not left this device; false if it may have. */
  takeBack(sendingId: string): Promise<boolean> {
    return this.#kept.change((writing) => {
      const op = this.#kept.ops.filter(isWrite).find((one) => one.sendingId === sendingId);
      const sending = writing.sendings.get(sendingId);
      if (!op || op.attempt !== null || !sending) return false;
      // Under a number of its own: whoever was about to hand it in finds it gone.
      writing.dropOp(op.seq);
      writing.putOp({ ...op, seq: writing.nextSeq(), sendingId: null });
      writing.putSending({ ...sending, state: 'taken_back' });
      return true;
    });
  }

  /** Sends again what is uncertain, or forgets what became of a sending. */
  settle(sendingId: string, how: 'again' | 'forget'): Promise<void> {
    return this.#kept.change((writing) => {
      const sending = writing.sendings.get(sendingId);
      if (!sending) throw new MailFault('not_found', 'nothing is known of this sending');
      if (how === 'forget') {
        const open = ['waiting', 'held'].includes(sending.state);
        if (open) throw new MailFault('refused', 'it is still to be sent');
        writing.dropSending(sendingId);
        return;
      }
      if (sending.state !== 'uncertain' || !sending.draft) {
        throw new MailFault('refused', 'only what is uncertain is sent again');
      }
      const draft = { ...sending.draft, id: sending.emailId };
      this.#add(writing, this.#newWrite(draft, sendingId, sending.emailId));
      writing.putSending({ ...sending, state: 'waiting', refusal: null });
    });
  }

  #add(writing: Writing, op: SimpleOp | WriteOp): void {
    const waiting = this.#waiting(writing);
    if (waiting.length >= MAX_WAITING) {
      throw new MailFault('queue_full', `at most ${MAX_WAITING} changes wait for the server`);
    }
    const seq = writing.nextSeq();
    const added: Op = { seq, key: this.#net.newId(), ...op };
    const named = [...waiting, added].reduce((sum, one) => sum + emailsOf(one).length, 0);
    if (named > MAX_WAITING_EMAILS) {
      throw new MailFault(
        'queue_full',
        `waiting changes name at most ${MAX_WAITING_EMAILS} messages`,
      );
    }
    writing.putOp(added);
  }

  #waiting(writing: Writing): Op[] {
    const before = this.#kept.ops.filter(({ seq }) => !writing.ops.has(seq));
    return [...before, ...[...writing.ops.values()].filter((op) => op !== null)];
  }

  *#opsFor(ids: string[], change: EmailChange, writing: Writing): Generator<SimpleOp> {
    if (change.kind === 'keyword') {
      const keyword = change.keyword === 'seen' ? '$seen' : '$flagged';
      const { on, unasked } = change;
      for (const emails of parts(ids)) {
        yield { kind: 'mark', emails, keyword, on, ...(unasked && { unasked }) };
      }
      return;
    }
    // What never left this device goes by itself.
    const rest = ids.filter((id) => !this.#discard(id, change, writing));
    if (change.kind === 'move') {
      const { from, to } = change;
      if (from === to) return;
      for (const emails of parts(rest)) yield { kind: 'move', emails, from, to };
      return;
    }
    const trash = this.#kept.roleId('trash');
    const lies = (id: string) =>
      (change.outright || this.#kept.shown.get(this.#kept.resolve(id))?.boxes.includes(trash)) ??
      false;
    for (const emails of parts(rest.filter(lies))) yield { kind: 'destroy', emails };
    for (const emails of parts(rest.filter((id) => !lies(id)))) {
      yield { kind: 'move', emails, from: null, to: trash };
    }
  }

  /** A draft that waits and that the server never heard of is dropped, whether it is moved to the trash or destroyed. */
  #discard(id: string, change: EmailChange, writing: Writing): boolean {
    const draft = this.#kept.waitingDraft(id);
    if (!draft || draft.attempt !== null || draft.replaces !== null) return false;
    const drops =
      change.kind === 'destroy' ||
      (change.kind === 'move' && change.to === this.#kept.roleId('trash'));
    if (drops) writing.dropOp(draft.seq);
    return drops;
  }

  #writeFor(draft: KeptDraft, sendingId: string | null, writing: Writing): WriteOp {
    if (!this.#kept.folders.identities.some(({ id }) => id === draft.identityId)) {
      throw new MailFault('refused', 'there is no such sender');
    }
    const before = draft.id === null ? undefined : this.#kept.waitingDraft(draft.id);
    if (before && before.attempt === null) {
      writing.dropOp(before.seq);
      return { ...this.#newWrite(draft, sendingId, before.replaces), localId: before.localId };
    }
    const write = this.#newWrite(draft, sendingId, draft.id);
    // The page goes on with the name that it knows.
    return draft.id !== null && isLocal(draft.id) ? { ...write, localId: draft.id } : write;
  }

  #newWrite(draft: KeptDraft, sendingId: string | null, replaces: string | null): WriteOp {
    const { identities } = this.#kept.folders;
    const email = identities.find(({ id }) => id === draft.identityId)?.email ?? '';
    const domain = email.split('@')[1] ?? 'localhost';
    return {
      kind: 'write',
      localId: `${LOCAL}${this.#net.newId()}`,
      replaces,
      draft,
      atMs: this.#net.clock.now(),
      messageId: `${this.#net.newId()}@${domain}`,
      sendingId,
      attempt: null,
      emailId: null,
      parked: false,
    };
  }

  async #keep(draft: Draft): Promise<KeptDraft> {
    const attachments: KeptDraft['attachments'] = [];
    for (const one of draft.attachments) {
      const print =
        one.kind === 'new' ? await this.#files.add(one.bytes) : printOf(one.attachment.blobId);
      if (one.kind === 'new') {
        const { name, type, bytes } = one;
        attachments.push({ kind: 'new', name, type, print: print ?? '', sizeBytes: bytes.length });
      } else if (print !== null) {
        const { name, type, sizeBytes } = one.attachment;
        attachments.push({ kind: 'new', name, type, print, sizeBytes });
      } else {
        attachments.push(one);
      }
    }
    return { ...draft, attachments };
  }
}

const LOCAL = 'draft-';

function isLocal(id: string): boolean {
  return id.startsWith(LOCAL);
}

function* parts(ids: string[]): Generator<string[]> {
  for (let at = 0; at < ids.length; at += MAX_EMAILS_OF_CHANGE) {
    yield ids.slice(at, at + MAX_EMAILS_OF_CHANGE);
  }
}
