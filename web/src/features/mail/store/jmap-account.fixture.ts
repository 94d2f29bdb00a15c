import { MAIL_RIGHTS, type MailRight } from '../model.ts';
import { checkRights, mayTouch } from './jmap-rights.fixture.ts';
import { FakeSettings } from './jmap-settings.fixture.ts';
import {
  emailOf,
  type FakeEmail,
  type FakeSubmission,
  mailboxOf,
  nothingDone,
  query,
  Refusal,
  submissionOf,
  threads,
} from './jmap-shapes.fixture.ts';
import { FakeStates } from './jmap-states.fixture.ts';
import { FakeWorks } from './jmap-works.fixture.ts';
import type { Obj } from './obj.ts';

/** Who sits at the other end of the line. */
export const ADA = { id: 'idn-1', name: 'Ada Amt', email: 'ada@amt.example' };

const ROLES = ['inbox', 'drafts', 'sent', 'archive', 'junk', 'trash'];

/** One mailbox of the fake server, whose mail goes nowhere. */
export class FakeAccount extends FakeStates {
  readonly identity;
  readonly settings: FakeSettings;
  /** What the person at the other end of the line may do in it. */
  rights: MailRight[] = [...MAIL_RIGHTS];
  kind: 'own' | 'person' | 'functional' = 'functional';
  /** The people who have it open. */
  sharing = ['p-ada', 'p-mira'];
  readonly works: FakeWorks;
  readonly emails = new Map<string, FakeEmail>();
  readonly submissions: FakeSubmission[] = [];
  readonly blobs = new Map<string, Uint8Array<ArrayBuffer>>();
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

  /** Mail arrives, or lies there from before. */
  arrive(given: Partial<FakeEmail> = {}): FakeEmail {
    this.step('Email', 'Mailbox');
    const id = this.newId('eml');
    const email: FakeEmail = {
      id,
      threadId: `thr-${id}`,
      mailboxIds: new Set(['mbx-inbox']),
      keywords: new Set(),
      subject: 'Akte',
      text: 'Guten Tag',
      html: null,
      from: [{ name: 'Ben', email: 'ben@amt.example' }],
      to: [{ name: null, email: 'ada@amt.example' }],
      cc: [],
      bcc: [],
      sender: [],
      messageId: `${id}@elsewhere.example`,
      references: [],
      attachments: [],
      atMs: this.now(),
      createdIn: this.counter,
      changedIn: this.counter,
      ...given,
    };
    this.emails.set(email.id, email);
    this.count([...email.mailboxIds]);
    return email;
  }

  /** Another device changes something. */
  mark(id: string, keyword: string, on: boolean): void {
    this.#elsewhere({ update: { [id]: { [`keywords/${keyword}`]: on ? true : null } } });
  }

  move(id: string, to: string): void {
    this.#elsewhere({ update: { [id]: { mailboxIds: { [to]: true } } } });
  }

  destroy(id: string): void {
    this.#elsewhere({ destroy: [id] });
  }

  /** Whoever else has the mailbox open may do everything in it. */
  #elsewhere(given: Obj): void {
    const { rights } = this;
    this.rights = [...MAIL_RIGHTS];
    this.#set(given, new Map());
    this.rights = rights;
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

  /** Everything that a client should show, in a form to compare. */
  contents(): unknown[] {
    return [...this.emails.values()]
      .map(({ id, mailboxIds, keywords, subject }) => [
        id,
        [...mailboxIds].sort(),
        [...keywords].filter((word) => ['$seen', '$flagged', '$draft'].includes(word)).sort(),
        subject,
      ])
      .sort();
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
              [...this.emails.values()].map((one) => emailOf(one)),
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
        return [[name, this.#set(given, created)]];
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

  #set(given: Obj, created: Map<string, string>): Obj {
    const done = nothingDone(this.account, this.states.Email);
    const pending: (() => void)[] = [];
    for (const [name, properties] of Object.entries((given.create ?? {}) as Record<string, Obj>)) {
      if (!mayTouch(this, [], Object.keys(properties.mailboxIds as Obj))) {
        done.notCreated[name] = { type: 'forbidden' };
        continue;
      }
      const missing = ((properties.attachments ?? []) as Obj[]).filter(
        ({ blobId }) => !this.blobs.has(String(blobId)),
      );
      if (missing.length > 0) {
        done.notCreated[name] = {
          type: 'blobNotFound',
          notFound: missing.map(({ blobId }) => blobId),
        };
        continue;
      }
      pending.push(() => {
        const values = properties.bodyValues as Record<string, { value: string }>;
        const email = this.arrive({
          mailboxIds: new Set(Object.keys(properties.mailboxIds as Obj)),
          keywords: new Set(Object.keys(properties.keywords as Obj)),
          subject: String(properties.subject),
          text: values.t?.value ?? '',
          html: values.h?.value ?? null,
          from: properties.from as Obj[],
          to: (properties.to ?? []) as Obj[],
          cc: (properties.cc ?? []) as Obj[],
          bcc: (properties.bcc ?? []) as Obj[],
          sender: (properties.sender ?? []) as Obj[],
          messageId: (properties.messageId as string[])[0] ?? '',
          references: (properties.references ?? []) as string[],
          attachments: (properties.attachments ?? []) as Obj[],
        });
        created.set(name, email.id);
        done.created[name] = {
          id: email.id,
          blobId: `B${email.id}`,
          threadId: email.threadId,
          size: 100,
        };
      });
    }
    for (const make of pending) make();
    for (const [key, patch] of Object.entries((given.update ?? {}) as Record<string, Obj>)) {
      const email = this.emails.get(key.startsWith('#') ? (created.get(key.slice(1)) ?? '') : key);
      const problem = email ? this.#patch(email, patch) : { type: 'notFound' };
      if (problem) done.notUpdated[key] = problem;
      else done.updated[key] = null;
    }
    for (const id of (given.destroy ?? []) as string[]) {
      const email = this.emails.get(id);
      if (!email) {
        done.notDestroyed[id] = { type: 'notFound' };
        continue;
      }
      if (!mayTouch(this, [...email.mailboxIds], [])) {
        done.notDestroyed[id] = { type: 'forbidden' };
        continue;
      }
      this.step('Email', 'Mailbox');
      this.count([...email.mailboxIds]);
      this.emails.delete(id);
      this.gone.push({ id, createdIn: email.createdIn, goneIn: this.counter });
      done.destroyed.push(id);
    }
    return { ...done, newState: String(this.states.Email) };
  }

  #patch(email: FakeEmail, patch: Obj): Obj | null {
    const boxes = new Set(email.mailboxIds);
    const words = new Set(email.keywords);
    for (const [path, value] of Object.entries(patch)) {
      const [property, member] = path.split('/');
      const target = property === 'mailboxIds' ? boxes : words;
      if (member === undefined) {
        target.clear();
        for (const one of Object.keys(value as Obj)) target.add(one);
      } else if (value === null) target.delete(member);
      else target.add(member);
    }
    const invalid = { type: 'invalidProperties', properties: ['mailboxIds'] };
    if (!mayTouch(this, [...email.mailboxIds], [...boxes])) return { type: 'forbidden' };
    if (boxes.size === 0 || [...boxes].some((id) => !this.mailboxes.has(id))) return invalid;
    this.step('Email', 'Mailbox');
    this.count([...email.mailboxIds, ...boxes]);
    Object.assign(email, { mailboxIds: boxes, keywords: words, changedIn: this.counter });
    return null;
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
      answers.push(['Email/set', this.#set({ update: follows }, created)]);
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
