import { MailFault, type Refusal } from '../model.ts';
import { emailToCreate, recipientsOf } from './draft.ts';
import type { Files } from './files.ts';
import {
  type Answers,
  type Call,
  type Jmap,
  list,
  MethodFault,
  number,
  type Obj,
  object,
  resultOf,
  text,
} from './jmap.ts';
import type { Kept } from './kept.ts';
import type { MailNet } from './net.ts';
import type { Attempt, Op, WriteOp } from './queue.ts';

/** For how long a message can be taken back. */
export const HOLD_S = 10;
/** Others may change the account again and again between two questions. */
const TRIES = 8;
const PAGE = 500;

/** What came of a message that was brought to the server. */
export type HandedIn =
  | { kind: 'written'; email: Obj }
  | { kind: 'sent'; email: Obj; submission: Obj; heldUntilMs: number | null; filed: boolean }
  /** `email` where the server has it as a draft all the same. */
  | { kind: 'refused'; reason: string; refusal: Refusal; email: Obj | null }
  /** It may have been sent, and cannot be learnt. */
  | { kind: 'uncertain'; reason: string }
  /** Somebody took it back, or wrote on, before anything of it left. */
  | { kind: 'gone' };

type Found = { attempt: Attempt; email: Obj | null; submission: Obj | null; lost: boolean };

/**
 * Brings a message to the server exactly once, however often an answer is lost and whoever is killed.
 *
 * Each request is made for the states that messages and submissions have (`ifInState`), and these are written down before
 * it leaves. The server carries a request out in exactly these states, each step of which changes them. So of a request
 * and its repetition one takes effect at most, also if the first one arrives late; and what changed since these states
 * tells whether the first one did. The message is known by its Message-ID, the submission by the message.
 */
export class HandIn {
  readonly #jmap: Jmap;
  readonly #kept: Kept;
  readonly #files: Files;
  readonly #net: MailNet;

  constructor(jmap: Jmap, kept: Kept, files: Files, net: MailNet) {
    this.#jmap = jmap;
    this.#kept = kept;
    this.#files = files;
    this.#net = net;
  }

  async run(op: Op & WriteOp): Promise<HandedIn> {
    let current = op;
    let email: Obj | null = null;
    let blobs: Map<string, string> | undefined;
    for (let tries = 0; tries < TRIES; tries += 1) {
      let attempt: Attempt;
      if (current.attempt) {
        const found = await this.#look(current, current.attempt);
        email = found.email;
        if (found.submission && email) {
          const heldUntilMs =
            found.submission.undoStatus === 'pending'
              ? Date.parse(text(found.submission.sendAt))
              : null;
          return { kind: 'sent', email, submission: found.submission, heldUntilMs, filed: false };
        }
        if (email && current.sendingId === null) return { kind: 'written', email };
        if (found.lost) return { kind: 'uncertain', reason: 'the server forgot what became of it' };
        attempt = found.attempt;
      } else {
        attempt = await this.#states();
      }
      if (!email) blobs ??= await this.#files.upload(current.draft);
      current = { ...current, attempt, emailId: email ? text(email.id) : null };
      if (!(await this.#note(current))) return { kind: 'gone' };
      const sentAtMs = this.#net.clock.now();
      const answers = await this.#jmap.call(await this.#calls(current, attempt, blobs));
      const done = this.#read(answers, current, email, sentAtMs);
      if (done !== 'again') return done;
    }
    throw new MailFault('offline', 'others change the account all the time');
  }

  /** From here on it may have been carried out, whoever is killed. */
  #note(op: Op & WriteOp): Promise<boolean> {
    return this.#kept.change((writing) => {
      const there = this.#kept.ops.some(({ seq }) => seq === op.seq);
      if (there) writing.putOp(op);
      return there;
    });
  }

  async #calls(op: WriteOp, attempt: Attempt, blobs?: Map<string, string>): Promise<Call[]> {
    const { maxHoldS } = await this.#jmap.session();
    const { identities } = this.#kept.folders;
    const identity = identities.find(({ id }) => id === op.draft.identityId);
    if (!identity) throw new MailFault('not_found', 'there is no such sender');
    const calls: Call[] = [];
    if (op.emailId === null) {
      const drafts = this.#kept.roleId('drafts');
      const d = emailToCreate(op, identity, drafts, blobs ?? new Map());
      const replaced = op.replaces === null ? [] : [this.#kept.resolve(op.replaces)];
      calls.push(['Email/set', { ifInState: attempt.email, create: { d }, destroy: replaced }]);
    }
    if (op.sendingId !== null) {
      const hold = Math.min(HOLD_S, maxHoldS);
      const parameters = hold > 0 ? { HOLDFOR: String(hold) } : null;
      const envelope = {
        mailFrom: { email: identity.email, parameters },
        rcptTo: recipientsOf(op.draft).map(({ email }) => ({ email })),
      };
      const s = { identityId: identity.id, emailId: op.emailId ?? '#d', envelope };
      calls.push([
        'EmailSubmission/set',
        {
          ifInState: attempt.submission,
          create: { s },
          onSuccessUpdateEmail: { '#s': filed(this.#kept.roleId('sent')) },
        },
      ]);
    }
    return calls;
  }

  #read(answers: Answers, op: WriteOp, known: Obj | null, sentAtMs: number): HandedIn | 'again' {
    let email = known;
    let call = 0;
    if (!email) {
      const set = settled(answers, call);
      if (set === 'again') return 'again';
      if ('refused' in set) return { kind: 'refused', ...set.refused, email: null };
      const refused = object(set.answer.notCreated).d;
      if (refused) return { kind: 'refused', ...refusalOf(object(refused)), email: null };
      email = object(object(set.answer.created).d);
      call += 1;
    }
    if (op.sendingId === null) return { kind: 'written', email };
    const set = settled(answers, call);
    if (set === 'again') return 'again';
    if ('refused' in set) return { kind: 'refused', ...set.refused, email };
    const refused = object(set.answer.notCreated).s;
    if (refused) return { kind: 'refused', ...refusalOf(object(refused)), email };
    const submission = object(object(set.answer.created).s);
    const held = submission.undoStatus === 'pending';
    return {
      kind: 'sent',
      email,
      submission,
      heldUntilMs: held ? sentAtMs + HOLD_S * 1_000 : null,
      filed: text(email.id) in object(answers.after(call)?.updated),
    };
  }

  async #states(): Promise<Attempt> {
    const none = { ids: [] };
    const answers = await this.#jmap.call([
      ['Email/get', none],
      ['EmailSubmission/get', none],
    ]);
    return { email: text(answers.of(0).state), submission: text(answers.of(1).state) };
  }

  /** What became of the requests that were made for these states. */
  async #look(op: WriteOp, { email, submission }: Attempt): Promise<Found> {
    try {
      const [made, handedIn] = [await this.#made(op, email), await this.#handedIn(op, submission)];
      const attempt = { email: made.state, submission: handedIn.state };
      const found = made.email ?? handedIn.email;
      const id = op.emailId ?? text(found?.id);
      const own = handedIn.submissions.find(({ emailId }) => emailId === id);
      if (own) return { attempt, email: found ?? { id }, submission: own, lost: false };
      return { attempt, email: found, submission: null, lost: !found && handedIn.unknown };
    } catch (error) {
      if (!(error instanceof MethodFault) || error.type !== 'cannotCalculateChanges') throw error;
      return this.#lookEverywhere(op);
    }
  }

  /** The message, among those that were made since this state. */
  async #made(op: WriteOp, since: string): Promise<{ state: string; email: Obj | null }> {
    if (op.emailId !== null) {
      const got = await this.#jmap.one('Email/get', { ids: [op.emailId], properties: OF_EMAIL });
      return { state: text(got.state), email: list(got.list)[0] ?? null };
    }
    for (let sinceState = since; ; ) {
      const answers = await this.#jmap.call([
        ['Email/changes', { sinceState, maxChanges: PAGE }],
        ['Email/get', { '#ids': resultOf(0, 'Email/changes', '/created'), properties: OF_EMAIL }],
      ]);
      const changes = answers.of(0);
      const email = list(answers.of(1).list).find((one) => isOf(one, op));
      sinceState = text(changes.newState);
      if (email || changes.hasMoreChanges !== true)
        return { state: sinceState, email: email ?? null };
    }
  }

  /** All submissions since this state, and the message if one is of it. */
  async #handedIn(op: WriteOp, since: string) {
    const submissions: Obj[] = [];
    let email: Obj | null = null;
    let unknown = false;
    for (let sinceState = since; ; ) {
      const answers = await this.#jmap.call([
        ['EmailSubmission/changes', { sinceState, maxChanges: PAGE }],
        [
          'EmailSubmission/get',
          {
            '#ids': resultOf(0, 'EmailSubmission/changes', '/created'),
            properties: ['id', 'emailId', 'undoStatus', 'sendAt'],
          },
        ],
        [
          'Email/get',
          { '#ids': resultOf(1, 'EmailSubmission/get', '/list/*/emailId'), properties: OF_EMAIL },
        ],
      ]);
      const changes = answers.of(0);
      submissions.push(...list(answers.of(1).list));
      email ??= list(answers.of(2).list).find((one) => isOf(one, op)) ?? null;
      // A message that was sent and then destroyed elsewhere could be this one.
      unknown ||= op.emailId === null && list(answers.of(2).notFound).length > 0;
      sinceState = text(changes.newState);
      if (changes.hasMoreChanges !== true) {
        return { state: sinceState, submissions, email, unknown };
      }
    }
  }

  /** The server no longer knows what changed since: the last submissions are asked for the message. */
  async #lookEverywhere(op: WriteOp): Promise<Found> {
    const answers = await this.#jmap.call([
      ['EmailSubmission/get', { ids: null, properties: ['id', 'emailId', 'undoStatus', 'sendAt'] }],
      [
        'Email/get',
        { '#ids': resultOf(0, 'EmailSubmission/get', '/list/*/emailId'), properties: OF_EMAIL },
      ],
      [
        'Email/query',
        {
          filter: { inMailbox: this.#kept.roleId('drafts') },
          sort: [{ property: 'receivedAt', isAscending: false }],
          limit: PAGE,
        },
      ],
      ['Email/get', { '#ids': resultOf(2, 'Email/query', '/ids'), properties: OF_EMAIL }],
    ]);
    const emails = [...list(answers.of(1).list), ...list(answers.of(3).list)];
    const email = emails.find((one) => one.id === op.emailId || isOf(one, op)) ?? null;
    const submissions = list(answers.of(0).list);
    const own = submissions.find(({ emailId }) => email !== null && emailId === email.id) ?? null;
    const attempt = { email: text(answers.of(1).state), submission: text(answers.of(0).state) };
    // All submissions were seen, and the message lies as the draft that it was.
    const certain = own !== null || (email !== null && submissions.length < PAGE);
    return { attempt, email, submission: own, lost: op.sendingId !== null && !certain };
  }
}

/** Where a message lies once it is sent. */
export function filed(sent: string): Obj {
  return { mailboxIds: { [sent]: true }, 'keywords/$draft': null, 'keywords/$seen': true };
}

const OF_EMAIL = ['id', 'threadId', 'size', 'messageId'];

function isOf(email: Obj, { messageId }: WriteOp): boolean {
  return list<string>(email.messageId).includes(messageId);
}

/** A call that was answered; `again` where it was made for other states than there are. */
function settled(answers: Answers, call: number): { answer: Obj } | { refused: Refused } | 'again' {
  try {
    return { answer: answers.of(call) };
  } catch (error) {
    if (!(error instanceof MethodFault)) throw error;
    if (error.type === 'stateMismatch') return 'again';
    // Whether it took effect before it failed is learnt the next time.
    if (error.type.startsWith('server')) throw new MailFault('offline', error.message);
    return { refused: refusalOf({ type: error.type, description: error.description }) };
  }
}

type Refused = { reason: string; refusal: Refusal };

/** More recipients than this are not kept of a refusal. */
const MAX_REFUSED = 500;

function refusalOf(told: Obj): Refused {
  const recipients = list<unknown>(told.invalidRecipients).map(text).slice(0, MAX_REFUSED);
  const most = number(told.maxRecipients) || number(told.maxSize) || null;
  return { reason: reasonOf(told), refusal: { code: text(told.type), recipients, most } };
}

/** What a server says of an object that it refused. */
export function reasonOf({ type, description, ...more }: Obj): string {
  const named = list<string>(more.invalidRecipients ?? more.properties).join(', ');
  return [text(type), text(description), named].filter((part) => part !== '').join(': ');
}
