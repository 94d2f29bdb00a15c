import { MAIL_RIGHTS, type MailRight } from '../model.ts';
import { mayTouch } from './jmap-rights.fixture.ts';
import { type FakeEmail, nothingDone } from './jmap-shapes.fixture.ts';
import { FakeStates } from './jmap-states.fixture.ts';
import type { Obj } from './obj.ts';

/** The messages in a mailbox of the fake server: they arrive, and are changed here and elsewhere. */
export class FakeEmails extends FakeStates {
  /** What the person at the other end of the line may do in it. */
  rights: MailRight[] = [...MAIL_RIGHTS];
  readonly emails = new Map<string, FakeEmail>();
  readonly blobs = new Map<string, Uint8Array<ArrayBuffer>>();

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
    this.setEmails(given, new Map());
    this.rights = rights;
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

  /** What is made, changed and destroyed by `Email/set`. */
  protected setEmails(given: Obj, created: Map<string, string>): Obj {
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
}
