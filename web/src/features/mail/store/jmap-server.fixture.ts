import type { Obj } from './jmap.ts';
import { FakeSettings, SETTINGS_ARGUMENTS } from './jmap-settings.fixture.ts';
import {
  ARGUMENTS,
  emailOf,
  type FakeEmail,
  type FakeMailbox,
  type FakeSubmission,
  json,
  mailboxOf,
  nothingDone,
  query,
  Refusal,
  resolve,
  sessionOf,
  submissionOf,
  threads,
} from './jmap-shapes.fixture.ts';

type Kind = 'Mailbox' | 'Email' | 'EmailSubmission';

const MAX_OBJECTS = 500;
const ROLES = ['inbox', 'drafts', 'sent', 'archive', 'junk', 'trash'];

/**
 * A JMAP server in memory, a fake: it answers in the shapes of crates/mail, refuses arguments that it does not know, and
 * changes states in the same steps. One account, whose mail goes nowhere.
 */
export class FakeJmapServer {
  readonly account = 'acc-1';
  readonly settings = new FakeSettings();
  readonly emails = new Map<string, FakeEmail>();
  readonly mailboxes = new Map<string, FakeMailbox>();
  readonly submissions: FakeSubmission[] = [];
  readonly blobs = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly requests: string[][] = [];
  readonly states: Record<Kind, number> = { Mailbox: 0, Email: 0, EmailSubmission: 0 };
  /** Older states are forgotten. */
  forgotten = 0;
  signedIn = true;
  refusedRecipients: string[] = [];
  /** Requests that are still under way while nobody waits for them any more. */
  readonly late: [path: string, init?: RequestInit][] = [];
  /** Ends the server after so many more methods of a request, as `kill -9` would. */
  killAfter: number | null = null;
  readonly #now: () => number;
  readonly #gone: { id: string; createdIn: number; goneIn: number }[] = [];
  #counter = 0;
  #ids = 0;

  constructor(now: () => number) {
    this.#now = now;
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
    this.#step('Email', 'Mailbox');
    const id = this.#id('eml');
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
      messageId: `${id}@elsewhere.example`,
      references: [],
      attachments: [],
      atMs: this.#now(),
      createdIn: this.#counter,
      changedIn: this.#counter,
      ...given,
    };
    this.emails.set(email.id, email);
    this.#count([...email.mailboxIds]);
    return email;
  }

  /** Another device changes something. */
  mark(id: string, keyword: string, on: boolean): void {
    this.#set({ update: { [id]: { [`keywords/${keyword}`]: on ? true : null } } }, new Map());
  }

  move(id: string, to: string): void {
    this.#set({ update: { [id]: { mailboxIds: { [to]: true } } } }, new Map());
  }

  destroy(id: string): void {
    this.#set({ destroy: [id] }, new Map());
  }

  /** Another device sends a message of this account. */
  submitElsewhere(id: string): void {
    const s = { emailId: id, identityId: 'idn-1', envelope: { mailFrom: {}, rcptTo: [] } };
    this.#submit({ create: { s } }, new Map());
  }

  /** What is no longer held leaves. */
  deliver(): void {
    for (const submission of this.submissions) {
      if (submission.undoStatus !== 'pending' || submission.sendAtMs > this.#now()) continue;
      this.#step('EmailSubmission');
      submission.undoStatus = 'final';
      submission.changedIn = this.#counter;
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

  async takeLate(): Promise<void> {
    const [late] = this.late.splice(0, 1);
    // Whoever sent it hears nothing of it, not even of the server's end.
    if (late) await this.fetch(...late).catch(() => undefined);
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    if (!this.signedIn) return json({ code: 'signed_out', detail: 'sign in' }, 401);
    if (path === '/jmap/session') {
      return json(this.settings.session(sessionOf(this.account), this.account));
    }
    if (path === `/jmap/upload/${this.account}`) {
      const bytes = new Uint8Array(await new Response(init.body).arrayBuffer());
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
      const blobId = `B${Buffer.from(digest).toString('hex')}`;
      this.blobs.set(blobId, bytes);
      return json({ accountId: this.account, blobId, type: 'x/y', size: bytes.length }, 201);
    }
    const download = /^\/jmap\/download\/acc-1\/([^/]+)\//.exec(path);
    if (download) {
      const bytes = this.blobs.get(download[1] ?? '');
      return bytes ? new Response(bytes) : json({ code: 'not_found' }, 404);
    }
    if (path !== '/jmap/api') return json({ code: 'not_found' }, 404);
    return this.#api(JSON.parse(String(init.body)) as { methodCalls: [string, Obj, string][] });
  }

  #api({ methodCalls }: { methodCalls: [string, Obj, string][] }): Response {
    if (methodCalls.length > 32) return json({ detail: 'maxCallsInRequest' }, 400);
    this.requests.push(methodCalls.map(([name]) => name));
    const answered: [string, Obj, string][] = [];
    const created = new Map<string, string>();
    for (const [name, given, call] of methodCalls) {
      if (this.killAfter !== null) {
        if (this.killAfter === 0) {
          this.killAfter = null;
          throw new TypeError('the server was killed');
        }
        this.killAfter -= 1;
      }
      try {
        const resolved = resolve(given, answered);
        const methods = { ...ARGUMENTS, ...SETTINGS_ARGUMENTS };
        const known = [...(methods[name] ?? []), 'accountId'];
        if (!(name in methods)) throw new Refusal('unknownMethod');
        const unknown = Object.keys(resolved).find((one) => !known.includes(one));
        if (unknown) throw new Refusal('invalidArguments', `unknown field ${unknown}`);
        if (resolved.accountId !== this.account) throw new Refusal('accountNotFound');
        for (const [other, answer] of this.#call(name, resolved, created)) {
          answered.push([other, answer, call]);
        }
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        answered.push(['error', { type: error.type, description: error.message }, call]);
      }
    }
    return json({ methodResponses: answered, sessionState: 's' });
  }

  #call(name: string, given: Obj, created: Map<string, string>): [string, Obj][] {
    switch (name) {
      case 'Mailbox/get':
        return [
          [
            name,
            this.#got(
              'Mailbox',
              given,
              [...this.mailboxes.values()].map((one) => mailboxOf(one, [...this.emails.values()])),
            ),
          ],
        ];
      case 'Mailbox/changes':
        return [[name, this.#changes('Mailbox', given, [...this.mailboxes.values()])]];
      case 'Mailbox/set':
        return [[name, this.#setMailboxes(given)]];
      case 'Identity/get':
        return [[name, { list: [{ ...this.settings.identity }], state: '1', notFound: [] }]];
      case 'Thread/get':
        return [[name, threads(given, [...this.emails.values()], this.states.Email, this.account)]];
      case 'Email/get': {
        if (given.ids === null) throw new Refusal('requestTooLarge', 'name the messages');
        return [
          [
            name,
            this.#got(
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
        return [[name, this.#changes('Email', given, [...this.emails.values()])]];
      case 'Email/set':
        this.#check('Email', given);
        return [[name, this.#set(given, created)]];
      case 'EmailSubmission/get':
        return [[name, this.#got('EmailSubmission', given, this.submissions.map(submissionOf))]];
      case 'EmailSubmission/changes':
        return [[name, this.#changes('EmailSubmission', given, this.submissions)]];
      case 'EmailSubmission/set':
        return this.#submit(given, created);
      default:
        return [[name, this.settings.call(name, given, this.account)]];
    }
  }

  #got(kind: Kind, given: Obj, all: Obj[]): Obj {
    const ids = (given.ids ?? null) as string[] | null;
    if (ids && ids.length > MAX_OBJECTS)
      throw new Refusal('requestTooLarge', 'at most 500 objects');
    const wanted = given.properties as string[] | undefined;
    const byId: Map<string, Obj> = new Map(all.map((one): [string, Obj] => [String(one.id), one]));
    const unique: string[] = ids === null ? [...byId.keys()] : [...new Set(ids)];
    const list = unique
      .map((id) => byId.get(id))
      .filter((one) => one !== undefined)
      .map((one) => {
        const unknown = wanted?.find((property) => !(property in one));
        if (unknown) throw new Refusal('invalidArguments', `there is no property ${unknown}`);
        return wanted
          ? Object.fromEntries(
              Object.entries(one).filter(([key]) => key === 'id' || wanted.includes(key)),
            )
          : one;
      });
    const notFound = unique.filter((id) => !byId.has(id));
    return { accountId: this.account, state: String(this.states[kind]), list, notFound };
  }

  #changes(
    kind: Kind,
    { sinceState, maxChanges }: Obj,
    all: { id: string; createdIn: number; changedIn: number }[],
  ): Obj {
    const since = Number(sinceState);
    const known =
      /^\d+$/.test(String(sinceState)) && since <= this.states[kind] && since >= this.forgotten;
    if (!known) throw new Refusal('cannotCalculateChanges', 'read everything anew');
    const prefix = { Mailbox: 'mbx', Email: 'eml', EmailSubmission: 'sub' }[kind];
    const events = [
      ...all
        .filter(({ changedIn }) => changedIn > since)
        .map(({ id, createdIn, changedIn }) => ({
          id,
          in: changedIn,
          what: createdIn > since ? 'created' : 'updated',
        })),
      ...this.#gone
        .filter(
          ({ id, createdIn, goneIn }) =>
            id.startsWith(prefix) && goneIn > since && createdIn <= since,
        )
        .map(({ id, goneIn }) => ({ id, in: goneIn, what: 'destroyed' })),
    ].sort((one, other) => one.in - other.in);
    let end = Math.min(events.length, Number(maxChanges ?? Number.POSITIVE_INFINITY));
    // A page is cut between two steps.
    while (end > 0 && end < events.length && events[end]?.in === events[end - 1]?.in) end -= 1;
    if (end === 0) end = events.length;
    const page = events.slice(0, end);
    const more = end < events.length;
    const of = (what: string) => page.filter((event) => event.what === what).map(({ id }) => id);
    return {
      accountId: this.account,
      oldState: sinceState,
      newState: String(more ? page.at(-1)?.in : this.states[kind]),
      hasMoreChanges: more,
      created: of('created'),
      updated: of('updated'),
      destroyed: of('destroyed'),
    };
  }

  #check(kind: Kind, given: Obj): void {
    const count = ['create', 'update', 'destroy'].reduce(
      (sum, name) => sum + Object.keys((given[name] ?? {}) as Obj).length,
      0,
    );
    if (count > MAX_OBJECTS) throw new Refusal('requestTooLarge', 'at most 500 objects');
    const { ifInState } = given;
    if (ifInState !== undefined && ifInState !== String(this.states[kind])) {
      throw new Refusal('stateMismatch', 'somebody else changed something since');
    }
  }

  #set(given: Obj, created: Map<string, string>): Obj {
    const done = nothingDone(this.account, this.states.Email);
    const pending: (() => void)[] = [];
    for (const [name, properties] of Object.entries((given.create ?? {}) as Record<string, Obj>)) {
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
      this.#step('Email', 'Mailbox');
      this.#count([...email.mailboxIds]);
      this.emails.delete(id);
      this.#gone.push({ id, createdIn: email.createdIn, goneIn: this.#counter });
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
    if (boxes.size === 0 || [...boxes].some((id) => !this.mailboxes.has(id))) return invalid;
    this.#step('Email', 'Mailbox');
    this.#count([...email.mailboxIds, ...boxes]);
    Object.assign(email, { mailboxIds: boxes, keywords: words, changedIn: this.#counter });
    return null;
  }

  #submit(given: Obj, created: Map<string, string>): [string, Obj][] {
    this.#check('EmailSubmission', given);
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
      if (refused.length > 0) {
        const description = 'these addresses are not reached from here';
        done.notCreated[name] = {
          type: 'invalidRecipients',
          description,
          invalidRecipients: refused,
        };
        continue;
      }
      this.#step('EmailSubmission');
      const hold = Number(envelope.mailFrom.parameters?.HOLDFOR ?? 0);
      const submission: FakeSubmission = {
        id: this.#id('sub'),
        emailId: email.id,
        messageId: email.messageId,
        subject: email.subject,
        undoStatus: hold > 0 ? 'pending' : 'final',
        sendAtMs: this.#now() + hold * 1_000,
        rcptTo,
        createdIn: this.#counter,
        changedIn: this.#counter,
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
        this.#step('EmailSubmission');
        Object.assign(found, { undoStatus: 'canceled', changedIn: this.#counter });
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
        this.#step('Mailbox');
        Object.assign(mailbox, patch, { changedIn: this.#counter });
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
      this.#step('Mailbox');
      this.mailboxes.delete(id);
      this.#gone.push({ id, createdIn: mailbox.createdIn, goneIn: this.#counter });
      done.destroyed.push(id);
    }
    for (const [name, { name: title, parentId }] of Object.entries(
      (given.create ?? {}) as Record<string, Obj>,
    )) {
      if (taken(title, '')) {
        done.notCreated[name] = badName;
        continue;
      }
      this.#step('Mailbox');
      const id = this.#id('mbx');
      const at = { createdIn: this.#counter, changedIn: this.#counter };
      const parent = { parentId: (parentId ?? null) as string | null };
      const mailbox = { id, name: String(title), ...parent, role: null, sortOrder: 10, ...at };
      this.mailboxes.set(id, mailbox);
      done.created[name] = mailboxOf(mailbox, [...this.emails.values()]);
    }
    return { ...done, newState: String(this.states.Mailbox) };
  }

  #step(...kinds: Kind[]): void {
    this.#counter += 1;
    for (const kind of kinds) this.states[kind] = this.#counter;
  }

  #count(ids: string[]): void {
    for (const id of ids) {
      const mailbox = this.mailboxes.get(id);
      if (mailbox) mailbox.changedIn = this.#counter;
    }
  }

  #id(prefix: string): string {
    this.#ids += 1;
    return `${prefix}-${String(this.#ids).padStart(6, '0')}`;
  }
}
