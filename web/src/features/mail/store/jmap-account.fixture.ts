import { FakeEmails } from './jmap-emails.fixture.ts';
import { checkRights } from './jmap-rights.fixture.ts';
import { FakeSettings } from './jmap-settings.fixture.ts';
import {
  emailOf,
  type FakeSubmission,
  mailboxOf,
  nothingDone,
  query,
  Refusal,
  submissionOf,
  threads,
} from './jmap-shapes.fixture.ts';
import { FakeWorks } from './jmap-works.fixture.ts';
import type { Obj } from './obj.ts';

/** Who sits at the other end of the line. */
export const ADA = { id: 'idn-1', name: 'Ada Amt', email: 'ada@amt.example' };

const ROLES = ['inbox', 'drafts', 'sent', 'archive', 'junk', 'trash'];

/** One mailbox of the fake server, whose mail goes nowhere. */
export class FakeAccount extends FakeEmails {
  readonly identity;
  readonly settings: FakeSettings;
  kind: 'own' | 'person' | 'functional' = 'functional';
  /** The people who have it open. */
  sharing = ['p-ada', 'p-mira'];
  /** Those of them who may only read. */
  reading: string[] = [];
  readonly works: FakeWorks;
  readonly submissions: FakeSubmission[] = [];
  refusedRecipients: string[] = [];
  /** Ends the server after so many more methods of a request, as `kill -9` would. */
  killAfter: number | null = null;

  constructor(now: () => number, account = 'acc-1', identity = ADA) {
    super(now, account);
    this.identity = identity;
    this.settings = new FakeSettings(identity);
    this.works = new FakeWorks(account, now);
    for (const [index, role] of ROLES.entries()) {
      const id = `mbx-${role}`;
      this.mailboxes.set(id, {
        id,
        name: role,
        role,
        sortOrder: index + 1,
        createdIn: 0,
        changedIn: 0,
      });
    }
  }

  /** Another device sends a message of this account. */
  submitElsewhere(id: string): void {
    const s = { emailId: id, identityId: 'idn-1', envelope: { mailFrom: {}, rcptTo: [] } };
    this.#submit({ create: { s } }, new Map());
  }

  /** What is no longer held leaves. */
  deliver(): void {
    for (const submission of this.submissions) {
      if (submission.undoStatus !== 'pending' || submission.sendAtMs > this.now()) continue;
      this.step('EmailSubmission');
      submission.undoStatus = 'final';
      submission.changedIn = this.counter;
    }
  }

  /** Message-IDs of what left the house. */
  sent(): string[] {
    return this.submissions
      .filter(({ undoStatus }) => undoStatus === 'final')
      .map((one) => one.messageId);
  }

  /** What a method answers, and what follows from it. */
  call(name: string, given: Obj, created: Map<string, string>): [string, Obj][] {
    checkRights(this, name, given);
    switch (name) {
      case 'ThreadWork/get':
      case 'ThreadWork/changes':
      case 'ThreadWork/set':
        return [[name, this.works.call(name, given)]];
      case 'Mailbox/get':
        return [
          [
            name,
            this.got(
              'Mailbox',
              given,
              [...this.mailboxes.values()].map((one) => mailboxOf(one, [...this.emails.values()])),
            ),
          ],
        ];
      case 'Mailbox/changes':
        return [[name, this.changes('Mailbox', given, [...this.mailboxes.values()])]];
      case 'Mailbox/set':
        return [[name, this.#setMailboxes(given)]];
      case 'Identity/get':
        return [[name, { list: [this.#sender()], state: '1', notFound: [] }]];
      case 'Thread/get':
        return [[name, threads(given, [...this.emails.values()], this.states.Email, this.account)]];
      case 'Email/get': {
        if (given.ids === null) throw new Refusal('requestTooLarge', 'name the messages');
        return [
          [
            name,
            this.got(
              'Email',
              given,
              [...this.emails.values()].map((one) => asked(emailOf(one), given)),
            ),
          ],
        ];
      }
      case 'Email/query':
        return [[name, query(given, [...this.emails.values()], this.states.Email, this.account)]];
      case 'Email/changes':
        return [[name, this.changes('Email', given, [...this.emails.values()])]];
      case 'Email/set':
        this.check('Email', given);
        return [[name, this.setEmails(given, created)]];
      case 'EmailSubmission/get':
        return [[name, this.got('EmailSubmission', given, this.submissions.map(submissionOf))]];
      case 'EmailSubmission/changes':
        return [[name, this.changes('EmailSubmission', given, this.submissions)]];
      case 'EmailSubmission/set':
        return this.#submit(given, created);
      default:
        return [[name, this.settings.call(name, given, this.account)]];
    }
  }

  #sender(): Obj {
    const onBehalf = this.rights.includes('send_on_behalf') && !this.rights.includes('send_as');
    return { ...this.settings.identity, sender: onBehalf ? ADA.email : null };
  }

  #submit(given: Obj, created: Map<string, string>): [string, Obj][] {
    this.check('EmailSubmission', given);
    const done = nothingDone(this.account, this.states.EmailSubmission);
    const emails = new Map<string, string>();
    for (const [name, asked] of Object.entries((given.create ?? {}) as Record<string, Obj>)) {
      const named = String(asked.emailId);
      const email = this.emails.get(
        named.startsWith('#') ? (created.get(named.slice(1)) ?? '') : named,
      );
      const envelope = asked.envelope as {
        mailFrom: { parameters: Obj | null };
        rcptTo: { email: string }[];
      };
      const rcptTo = envelope.rcptTo.map((one) => one.email);
      const refused = rcptTo.filter((one) => this.refusedRecipients.includes(one));
      if (!email) {
        done.notCreated[name] = { type: 'invalidProperties', properties: ['emailId'] };
        continue;
      }
      const needsSender = !this.rights.includes('send_as');
      if (needsSender && email.sender[0]?.email !== ADA.email) {
        done.notCreated[name] = { type: 'forbiddenFrom' };
        continue;
      }
      if (refused.length > 0) {
        const description = 'these addresses are not reached from here';
        done.notCreated[name] = {
          type: 'invalidRecipients',
          description,
          invalidRecipients: refused,
        };
        continue;
      }
      this.step('EmailSubmission');
      const hold = Number(envelope.mailFrom.parameters?.HOLDFOR ?? 0);
      const submission: FakeSubmission = {
        id: this.newId('sub'),
        emailId: email.id,
        messageId: email.messageId,
        subject: email.subject,
        undoStatus: hold > 0 ? 'pending' : 'final',
        sendAtMs: this.now() + hold * 1_000,
        rcptTo,
        createdIn: this.counter,
        changedIn: this.counter,
      };
      this.submissions.push(submission);
      emails.set(`#${name}`, email.id);
      done.created[name] = submissionOf(submission);
    }
    for (const [id, patch] of Object.entries((given.update ?? {}) as Record<string, Obj>)) {
      const found = this.submissions.find((one) => one.id === id);
      if (!found) done.notUpdated[id] = { type: 'notFound' };
      else if (patch.undoStatus !== 'canceled') done.notUpdated[id] = { type: 'invalidProperties' };
      else if (found.undoStatus !== 'pending') done.notUpdated[id] = { type: 'cannotUnsend' };
      else {
        this.step('EmailSubmission');
        Object.assign(found, { undoStatus: 'canceled', changedIn: this.counter });
        emails.set(id, found.emailId);
        done.updated[id] = null;
      }
    }
    const answers: [string, Obj][] = [
      ['EmailSubmission/set', { ...done, newState: String(this.states.EmailSubmission) }],
    ];
    const follows: Record<string, Obj> = {};
    for (const [key, patch] of Object.entries(
      (given.onSuccessUpdateEmail ?? {}) as Record<string, Obj>,
    )) {
      const email = emails.get(key);
      if (email !== undefined) follows[email] = patch;
    }
    if (Object.keys(follows).length > 0) {
      // The submission is committed by now: a kill here leaves the message where it lay.
      if (this.killAfter === 0) {
        this.killAfter = null;
        throw new TypeError('the server was killed');
      }
      answers.push(['Email/set', this.setEmails({ update: follows }, created)]);
    }
    return answers;
  }

  #setMailboxes(given: Obj): Obj {
    const done = nothingDone(this.account, this.states.Mailbox);
    const taken = (title: unknown, id: string) =>
      [...this.mailboxes.values()].some((other) => other.name === title && other.id !== id);
    const description = 'there is a folder of this name in the same place';
    const badName = { type: 'invalidProperties', properties: ['name'], description };
    for (const [id, patch] of Object.entries((given.update ?? {}) as Record<string, Obj>)) {
      const mailbox = this.mailboxes.get(id);
      if (!mailbox) done.notUpdated[id] = { type: 'notFound' };
      else if (taken(patch.name, id)) done.notUpdated[id] = badName;
      else {
        this.step('Mailbox');
        Object.assign(mailbox, patch, { changedIn: this.counter });
        done.updated[id] = null;
      }
    }
    for (const id of (given.destroy ?? []) as string[]) {
      const mailbox = this.mailboxes.get(id);
      const full = [...this.emails.values()].some(({ mailboxIds }) => mailboxIds.has(id));
      if (!mailbox || full) {
        done.notDestroyed[id] = { type: full ? 'mailboxHasEmail' : 'notFound' };
        continue;
      }
      this.step('Mailbox');
      this.mailboxes.delete(id);
      this.gone.push({ id, createdIn: mailbox.createdIn, goneIn: this.counter });
      done.destroyed.push(id);
    }
    for (const [name, { name: title, parentId }] of Object.entries(
      (given.create ?? {}) as Record<string, Obj>,
    )) {
      if (taken(title, '')) {
        done.notCreated[name] = badName;
        continue;
      }
      this.step('Mailbox');
      const id = this.newId('mbx');
      const at = { createdIn: this.counter, changedIn: this.counter };
      const parent = { parentId: (parentId ?? null) as string | null };
      const mailbox = { id, name: String(title), ...parent, role: null, sortOrder: 10, ...at };
      this.mailboxes.set(id, mailbox);
      done.created[name] = mailboxOf(mailbox, [...this.emails.values()]);
    }
    return { ...done, newState: String(this.states.Mailbox) };
  }
}

/** Of a message, what was asked for. */
function asked(email: Obj, { properties }: Obj): Obj {
  if (!Array.isArray(properties)) return email;
  const names = ['id', ...properties];
  return Object.fromEntries(Object.entries(email).filter(([name]) => names.includes(name)));
}
