import {
  type Absence,
  type Address,
  type Attachment,
  type Draft,
  Elsewhere,
  type EmailBody,
  type EmailChange,
  type EmailHead,
  type Line,
  MAIL_RIGHTS,
  type Mail,
  type MailAccount,
  type Mailbox,
  MailFault,
  type MailFaultKind,
  type MailIdentity,
  type Page,
  type PictureFlow,
  type ReadEmail,
  type Sending,
  type Team,
  type ThreadHead,
} from '../model.ts';
import { box, threadOf } from './mail-heads.fixture.ts';

const MINUTE_MS = 60_000;
/** How long the fake holds what is sent. */
export const HELD_MS = 10_000;

type Text = Partial<EmailHead> & { body?: Partial<EmailBody> };

/** A fake: mail in memory for tests and screens. Nothing of it goes anywhere. */
export class FakeMail implements Mail {
  readonly boxes: Mailbox[] = [
    box('inbox', 'inbox', 1),
    box('drafts', 'drafts', 2),
    box('sent', 'sent', 3),
    box('archive', 'archive', 4),
    box('junk', 'junk', 5),
    box('trash', 'trash', 6),
    box('winter', 'other', 7, 'Winterdienst'),
  ];
  readonly heads: EmailHead[] = [];
  readonly bodies = new Map<string, EmailBody>();
  readonly blobs = new Map<string, Uint8Array<ArrayBuffer>>();
  /** Whether pictures from elsewhere are fetched, and which there are by their addresses. */
  fetches = false;
  /** Whether only those that come encrypted, and why one does not come that is not there. */
  encryptedOnly = false;
  pictureFault: MailFaultKind = 'refused';
  readonly elsewherePictures = new Map<string, Uint8Array<ArrayBuffer>>();
  /** Messages within messages. */
  readonly emails = new Map<string, ReadEmail>();
  /** What was changed, saved and sent, in this order. */
  readonly told: string[] = [];
  readonly drafts: Draft[] = [];
  readonly sent: Draft[] = [];
  /** Texts that no draft may hold any more. */
  readonly lost = new Map<string, string>();
  sending: Sending[] = [];
  /** Whether mail leaves the house. */
  outside = true;
  away: Absence | null = null;
  /** Those that are suggested. */
  known: Address[] = [];
  readonly signatures = new Map<string, string>();
  at: Line = 'online';
  queued = 0;
  synced: number | null;
  /** Set, everything that is asked for fails with it. */
  fault: MailFault | null = null;
  /** Set, whatever is asked for waits for it. */
  gate: Promise<void> = Promise.resolve();
  /** Whose mail it is, and who else works with it. */
  of: MailAccount = OWN_ACCOUNT;
  shared: Team | null = null;
  readonly now: number;
  /** Set, what is sent next was sent elsewhere before. */
  elsewhere: { sent: boolean; draft: string | null } | null = null;
  readonly #calls = new Set<() => void>();
  readonly #draftOf = new Map<string, string>();
  #next = 1;

  constructor(now: number) {
    this.now = now;
    this.synced = now - 2 * MINUTE_MS;
  }

  /** Puts a message there; the newest come last. */
  add(text: Text = {}): EmailHead {
    const { body, ...given } = text;
    const id = given.id ?? `m${this.#next++}`;
    const head: EmailHead = {
      id,
      threadId: `t-${id}`,
      mailboxIds: ['inbox'],
      seen: true,
      flagged: false,
      answered: false,
      draft: false,
      from: [{ name: 'Jens Ahlers', email: 'jens.ahlers@stadt.example' }],
      to: [OWN],
      cc: [],
      bcc: [],
      replyTo: [],
      subject: 'Ohne Bedeutung',
      preview: '',
      receivedAtMs: this.now - (1_000 - this.#next) * MINUTE_MS,
      sizeBytes: 4_000,
      hasAttachment: (body?.attachments?.length ?? 0) > 0,
      waiting: false,
      ...given,
    };
    this.heads.push(head);
    this.bodies.set(id, {
      text: head.preview,
      html: null,
      attachments: [],
      truncated: false,
      messageId: `${id}@stadt.example`,
      references: [],
      ...body,
    });
    return head;
  }

  /** Says that something has changed. */
  changed(): void {
    for (const call of this.#calls) call();
  }

  onChange(call: () => void): () => void {
    this.#calls.add(call);
    return () => this.#calls.delete(call);
  }

  account = (): MailAccount => this.of;
  team = (): Team | null => this.shared;
  line = (): Line => this.at;
  syncedAtMs = (): number | null => this.synced;
  waiting = (): number => this.queued;
  sendings = (): Sending[] => this.sending;
  leavesHouse = (): boolean => this.outside;

  async mailboxes(): Promise<Mailbox[]> {
    await this.#asked();
    return this.boxes.map((one) => {
      const within = this.heads.filter(({ mailboxIds }) => mailboxIds.includes(one.id));
      return {
        ...one,
        totalEmails: within.length,
        unreadEmails: within.filter(({ seen }) => !seen).length,
      };
    });
  }

  identities = async (): Promise<MailIdentity[]> =>
    [
      { id: 'own', ...OWN, textSignature: 'Erika Linde\nBauamt, Stadt Beispielau' },
      {
        id: 'office',
        name: 'Bauamt',
        email: 'bauamt@stadt.example',
        textSignature: 'Bauamt der Stadt Beispielau',
      },
    ].map((one) => ({ ...one, textSignature: this.signatures.get(one.id) ?? one.textSignature }));

  async setSignature(identityId: string, text: string): Promise<void> {
    await this.#asked();
    this.signatures.set(identityId, text.trim());
    this.changed();
  }

  absence = async (): Promise<Absence | null> => this.away;

  async setAbsence(absence: Absence): Promise<void> {
    await this.#asked();
    this.away = absence;
    this.changed();
  }

  async people(words: string, limit: number): Promise<Address[]> {
    const wanted = words.toLowerCase();
    return this.known
      .filter(({ name, email }) => `${name} ${email}`.toLowerCase().includes(wanted))
      .slice(0, limit);
  }

  async list(mailboxId: string, skip: number, limit: number): Promise<Page<ThreadHead>> {
    await this.#asked();
    return this.#page(({ mailboxIds }) => mailboxIds.includes(mailboxId), skip, limit);
  }

  async search(words: string, mailboxId: string | null, limit: number): Promise<Page<ThreadHead>> {
    await this.#asked();
    const wanted = words.toLowerCase().split(/\s+/);
    return this.#page(
      ({ subject, preview, from, mailboxIds }) => {
        const text = `${subject} ${preview} ${from[0]?.name}`.toLowerCase();
        const there = !mailboxId || mailboxIds.includes(mailboxId);
        return there && wanted.every((word) => text.includes(word));
      },
      0,
      limit,
    );
  }

  async thread(threadId: string): Promise<EmailHead[]> {
    await this.#asked();
    const found = this.heads
      .filter((head) => head.threadId === threadId)
      .map((one) => ({ ...one }));
    if (found.length === 0) throw new MailFault('not_found');
    return found.sort((one, other) => one.receivedAtMs - other.receivedAtMs);
  }

  async body(emailId: string): Promise<EmailBody> {
    await this.#asked();
    const body = this.bodies.get(emailId);
    if (!body) throw new MailFault('not_found');
    return body;
  }

  async attachment(blobId: string): Promise<Uint8Array<ArrayBuffer>> {
    await this.#asked();
    const bytes = this.blobs.get(blobId);
    if (!bytes) throw new MailFault('not_found');
    return bytes;
  }

  loadsPictures = (): PictureFlow =>
    !this.fetches ? 'none' : this.encryptedOnly ? 'encrypted' : 'all';

  async picture(emailId: string, url: string): Promise<Uint8Array<ArrayBuffer>> {
    this.told.push(`picture ${emailId} ${url}`);
    await this.#asked();
    const bytes = this.elsewherePictures.get(url);
    if (!bytes) throw new MailFault(this.pictureFault);
    return bytes;
  }

  async readEmail(blobId: string): Promise<ReadEmail> {
    await this.#asked();
    const email = this.emails.get(blobId);
    if (!email) throw new MailFault('not_found');
    return email;
  }

  async change(emailIds: string[], change: EmailChange): Promise<void> {
    await this.#asked();
    const said = Object.entries(change).filter(([name]) => name !== 'unasked');
    this.told.push(`${emailIds.join('+')} ${said.map(([, value]) => value).join(' ')}`);
    for (const head of this.heads.filter(({ id }) => emailIds.includes(id))) {
      if (change.kind === 'keyword') head[change.keyword] = change.on;
      else if (change.kind === 'destroy') this.heads.splice(this.heads.indexOf(head), 1);
      else {
        const kept = head.mailboxIds.filter((id) => id !== change.from && change.from !== null);
        head.mailboxIds = [...kept, change.to];
      }
    }
    this.changed();
  }

  async createMailbox(name: string, parentId: string | null = null): Promise<Mailbox> {
    await this.#asked();
    if (this.boxes.some((one) => one.name === name && one.parentId === parentId)) {
      throw new MailFault('name_taken');
    }
    const made = { ...box(`box-${this.#next++}`, 'other', 99, name), parentId };
    this.boxes.push(made);
    this.changed();
    return made;
  }

  async changeMailbox(id: string, change: Partial<Mailbox>): Promise<void> {
    await this.#asked();
    this.told.push(`folder ${id} ${JSON.stringify(change)}`);
    Object.assign(this.boxes.find((one) => one.id === id) ?? {}, change);
    this.changed();
  }

  async destroyMailbox(id: string): Promise<void> {
    await this.#asked();
    this.told.push(`folder ${id} destroyed`);
    this.boxes.splice(
      this.boxes.findIndex((one) => one.id === id),
      1,
    );
    this.changed();
  }

  async saveDraft(draft: Draft): Promise<string> {
    await this.#asked();
    const id = draft.id ?? `draft-${this.#next++}`;
    this.drafts.push({ ...draft, id });
    this.told.push(`saved ${id}`);
    const at = this.heads.findIndex((head) => head.id === id);
    if (at >= 0) this.heads.splice(at, 1);
    this.add({
      id,
      mailboxIds: ['drafts'],
      draft: true,
      from: [OWN],
      to: draft.to,
      cc: draft.cc,
      bcc: draft.bcc,
      subject: draft.subject,
      preview: draft.text.slice(0, 100),
      receivedAtMs: this.now,
      body: { text: draft.text, html: draft.html },
    });
    this.changed();
    return id;
  }

  async keepLost(draft: Draft, before: string | null): Promise<string> {
    const id = before ?? `lost-${this.#next++}`;
    this.lost.set(id, draft.text);
    return id;
  }

  async send(draft: Draft): Promise<string> {
    await this.#asked();
    const id = `sending-${this.#next++}`;
    const { subject, to } = draft;
    if (this.elsewhere) {
      const { sent, draft: kept } = this.elsewhere;
      this.elsewhere = null;
      throw new Elsewhere(sent, kept);
    }
    this.sent.push(draft);
    const held = { state: 'held' as const, heldUntilMs: Date.now() + HELD_MS, refusal: null };
    this.sending = [...this.sending, { id, subject, to, ...held }];
    this.changed();
    return id;
  }

  async takeBack(sendingId: string): Promise<boolean> {
    this.told.push(`back ${sendingId}`);
    this.sending = this.sending.filter(({ id }) => id !== sendingId);
    const draft = this.sent.pop();
    if (draft) this.#draftOf.set(sendingId, await this.saveDraft({ ...draft, id: null }));
    this.changed();
    return draft !== undefined;
  }

  async draftOf(sendingId: string): Promise<EmailHead | null> {
    const id = this.#draftOf.get(sendingId) ?? sendingId;
    return this.heads.find((head) => head.id === id && head.draft) ?? null;
  }

  async settle(sendingId: string, how: 'again' | 'forget'): Promise<void> {
    this.told.push(`${how} ${sendingId}`);
    this.sending = this.sending.filter(({ id }) => id !== sendingId);
    this.changed();
  }

  async sync(): Promise<void> {
    await this.#asked();
    this.told.push('sync');
    this.changed();
  }

  async #asked(): Promise<void> {
    await this.gate;
    if (this.fault) throw this.fault;
  }

  #page(wanted: (head: EmailHead) => boolean, skip: number, limit: number): Page<ThreadHead> {
    const threads = new Map<string, EmailHead[]>();
    for (const head of this.heads.filter(wanted)) {
      threads.set(head.threadId, [...(threads.get(head.threadId) ?? []), head]);
    }
    const items = [...threads]
      .map(([id, heads]) => threadOf(id, heads))
      .sort((one, other) => other.newest.receivedAtMs - one.newest.receivedAtMs);
    return { items: items.slice(skip, skip + limit), more: items.length > skip + limit };
  }
}

const OWN = { name: 'Erika Linde', email: 'erika.linde@stadt.example' };

const OWN_ACCOUNT: MailAccount = {
  id: 'acc-own',
  number: 0,
  kind: 'own',
  name: OWN.name,
  address: OWN.email,
  rights: MAIL_RIGHTS,
  unread: null,
};

/** An attachment of so many bytes. */
export function attachmentOf(name: string, type: string, sizeBytes: number): Attachment {
  return { blobId: `blob-${name}`, name, type, sizeBytes, cid: null };
}
