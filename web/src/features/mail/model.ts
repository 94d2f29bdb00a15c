/** What the mail page shows and does, alike with and without a line. Times are milliseconds since 1970. */

/** What somebody may do in a mailbox; whichever one has, reading is part of it. */
export type MailRight = 'read' | 'write' | 'send_on_behalf' | 'send_as' | 'manage';

export const MAIL_RIGHTS: readonly MailRight[] = [
  'read',
  'write',
  'send_on_behalf',
  'send_as',
  'manage',
];

/** A mailbox that is open to this person. */
export type MailAccount = {
  /** Empty for the own one until the server has named it. */
  id: string;
  /** Stands for it in the address, where no name may stand; 0 is the own one. */
  number: number;
  kind: 'own' | 'person' | 'functional';
  name: string;
  address: string;
  rights: readonly MailRight[];
  /** What the administration switched off for the person here, whatever the rights say; left out where it is nothing. */
  without?: readonly ('sharing' | 'absence')[];
  /** What was unread when this device last looked; null: it never did. */
  unread: number | null;
};

export type Person = { id: string; name: string; email: string };

/** Who is working on a thread, and what those who share the mailbox noted about it. */
export type ThreadWork = {
  assignee: Person | null;
  assignedAtMs: number | null;
  note: string;
  noteBy: Person | null;
  noteAtMs: number | null;
  /** Changed here, and the server does not know yet. */
  waiting: boolean;
};

export type WorkChange =
  | { what: 'assignee'; value: string | null }
  | {
      what: 'note';
      value: string;
      /** What stood there when the person began to write; what stands there instead is another's. */
      was?: string;
    };

/** Two people changed the same of a thread: what was done later holds. */
export type WorkConflict = {
  id: string;
  threadId: string;
  what: WorkChange['what'];
  /** What was done here holds. */
  won: boolean;
  /** Who did the other. */
  by: Person | null;
  /** What does not hold: a note's text, or a person's name; null for nobody. */
  lost: string | null;
};

/** What several people do with a mailbox. */
export interface Team {
  /** Who this person is; null where no server has said so. */
  me(): Person | null;
  /** Those whom a thread can be given to. */
  people(): Person[];
  of(threadId: string): ThreadWork | null;
  change(threadId: string, change: WorkChange): Promise<void>;
  conflicts(threadId: string): WorkConflict[];
  dismiss(conflictId: string): Promise<void>;
}

export type MailboxRole = 'inbox' | 'drafts' | 'sent' | 'archive' | 'junk' | 'trash' | 'other';

export type Mailbox = {
  id: string;
  /** As the server says it; folders with a role have a name in the page's language. */
  name: string;
  parentId: string | null;
  role: MailboxRole;
  sortOrder: number;
  totalEmails: number;
  unreadEmails: number;
};

export type Address = { name: string | null; email: string };

export type EmailHead = {
  id: string;
  threadId: string;
  mailboxIds: string[];
  seen: boolean;
  flagged: boolean;
  answered: boolean;
  draft: boolean;
  /** Who wrote it in the stead of those whom it is from (RFC 5322, section 3.6.2). */
  sender?: Address[];
  from: Address[];
  to: Address[];
  cc: Address[];
  bcc: Address[];
  replyTo: Address[];
  subject: string;
  preview: string;
  receivedAtMs: number;
  sizeBytes: number;
  hasAttachment: boolean;
  /** The person changed it here, and the server does not know yet. */
  waiting: boolean;
};

export type ThreadHead = {
  id: string;
  /** The newest message of the thread in the folder or search that was asked for. */
  newest: EmailHead;
  emailCount: number;
  unreadCount: number;
  flagged: boolean;
  work?: ThreadWork | null;
};

export type Attachment = {
  blobId: string;
  name: string;
  type: string;
  sizeBytes: number;
  /** What an HTML text calls a picture by (`cid:`); null for what is only attached. */
  cid: string | null;
};

export type EmailBody = {
  text: string | null;
  /** Foreign and not to be trusted: it is cleaned before it is shown. */
  html: string | null;
  attachments: Attachment[];
  /** Cut by the server because it is long. */
  truncated: boolean;
  messageId: string | null;
  references: string[];
};

/** A message that lies in no folder. */
export type ReadEmail = {
  sender?: Address[];
  from: Address[];
  to: Address[];
  subject: string;
  sentAtMs: number | null;
  body: EmailBody;
};

export type MailIdentity = {
  id: string;
  name: string;
  email: string;
  textSignature: string;
  /** The own address, where it has to be told that somebody else writes; kept identities of before know none. */
  sender?: string | null;
};

export type DraftAttachment =
  | { kind: 'kept'; attachment: Attachment }
  | { kind: 'new'; name: string; type: string; bytes: Uint8Array<ArrayBuffer> };

export type Draft = {
  /** The draft that this replaces, if it was saved before. */
  id: string | null;
  identityId: string;
  to: Address[];
  cc: Address[];
  bcc: Address[];
  subject: string;
  text: string;
  /** Null for plain text. */
  html: string | null;
  /** What it was called when it was opened or first kept: of all that began as one draft, one is sent. */
  root?: string | null;
  attachments: DraftAttachment[];
  inReplyTo: string | null;
  references: string[];
  /** The message that is answered or forwarded by it: it gets the mark once this is sent. */
  answers: { emailId: string; how: 'reply' | 'forward' } | null;
};

export type EmailChange =
  /** `unasked`: it follows from something else, such as reading, and nobody waits for it. */
  | { kind: 'keyword'; keyword: 'seen' | 'flagged'; on: boolean; unasked?: boolean }
  | { kind: 'move'; from: string | null; to: string }
  /** Only what lies in the trash; what lies elsewhere is moved there, unless it is to go `outright`. */
  | { kind: 'destroy'; outright?: boolean };

/** What becomes of what was sent. `held` can still be taken back; `uncertain` is never sent again by itself. */
export type SendingState = 'waiting' | 'held' | 'sent' | 'refused' | 'uncertain' | 'taken_back';

/** Why a server does not send a message (RFC 8621, section 7.5). */
export type Refusal = {
  /** The server's word, such as `invalidRecipients`. */
  code: string;
  /** Whom it is about; empty where it is about all. */
  recipients: string[];
  /** How many recipients or bytes there may be, where that is what it is about. */
  most: number | null;
};

export type Sending = {
  id: string;
  subject: string;
  to: Address[];
  state: SendingState;
  /** Until when it can be taken back. */
  heldUntilMs: number | null;
  /** Why it was refused. */
  refusal: Refusal | null;
};

/** What is answered to whoever writes while a person is away (RFC 8621, section 8). */
export type Absence = {
  on: boolean;
  /** From and until when; null is open. */
  fromMs: number | null;
  untilMs: number | null;
  subject: string;
  text: string;
  /** Whether those outside the house are answered, too. */
  answersOutside: boolean;
  /** What those outside are answered; null: the same as all. */
  outsideText: string | null;
};

export type Line = 'online' | 'offline' | 'syncing';

export type Page<T> = { items: T[]; more: boolean };

/** One mailbox on this device, while the container is unlocked. */
export interface Mail {
  /** Whose it is, and what may be done in it, as far as is known this moment. */
  account(): MailAccount;
  /** Null where the server knows nothing of it. */
  team(): Team | null;
  /** Calls back after anything of it changed: read anew what is shown. */
  onChange(call: () => void): () => void;
  line(): Line;
  /** When this device last had everything from the server; null: never. */
  syncedAtMs(): number | null;
  /** How many changes made here wait for the server. */
  waiting(): number;
  sendings(): Sending[];
  /** Whether mail leaves the house; as the server said last, also without a line. */
  leavesHouse(): boolean;

  mailboxes(): Promise<Mailbox[]>;
  identities(): Promise<MailIdentity[]>;
  /** Threads of a folder, newest first. `skip` counts threads. */
  list(mailboxId: string, skip: number, limit: number): Promise<Page<ThreadHead>>;
  /** Threads with all of these words; on the server where there is a line, else on this device. */
  search(words: string, mailboxId: string | null, limit: number): Promise<Page<ThreadHead>>;
  /** All messages of a thread, oldest first. */
  thread(threadId: string): Promise<EmailHead[]>;
  body(emailId: string): Promise<EmailBody>;
  attachment(blobId: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Which pictures the server fetches that messages show from elsewhere; none until it has said so. */
  loadsPictures(): PictureFlow;
  /** Such a picture of a message, fetched by the server and kept nowhere. */
  picture(emailId: string, url: string, over?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /** A message that is attached to another, as the server reads it. */
  readEmail(blobId: string): Promise<ReadEmail>;

  /** Shown here at once, and told to the server as soon as there is a line. */
  change(emailIds: string[], change: EmailChange): Promise<void>;
  createMailbox(name: string, parentId?: string | null): Promise<Mailbox>;
  /** Gives a folder another name or another place. */
  changeMailbox(id: string, change: { name?: string; parentId?: string | null }): Promise<void>;
  /** Removes a folder. What lies in it goes into the trash. */
  destroyMailbox(id: string): Promise<void>;
  /** People that were written to or received from, and those that the server knows; the likeliest first. */
  people(words: string, limit: number): Promise<Address[]>;
  /** As known last, also without a line; null: nothing was ever heard of it. */
  absence(): Promise<Absence | null>;
  setAbsence(absence: Absence): Promise<void>;
  setSignature(identityId: string, text: string): Promise<void>;
  /** Keeps a draft; returns its id. Throws {@link Elsewhere} where it is no longer the draft that it was opened as. */
  saveDraft(draft: Draft): Promise<string>;
  /**
   * Keeps what the person wrote of a draft that may not be kept here any more, among what was not done. `before` is what
   * this returned for the same draft.
   */
  keepLost(draft: Draft, before: string | null): Promise<string>;
  /** Hands it over for sending once, from however many tabs; returns the sending's id. Throws {@link Elsewhere}, too. */
  send(draft: Draft): Promise<string>;
  /** Takes back what is still held: true if it could be, and its draft is there again. */
  takeBack(sendingId: string): Promise<boolean>;
  /** The draft of what was taken back or refused; null where it is no longer there. */
  draftOf(sendingId: string): Promise<EmailHead | null>;
  /** For what is `uncertain`: the person says to send it again, or to forget it. */
  settle(sendingId: string, how: 'again' | 'forget'): Promise<void>;
  /** Asks the server now for what is new. */
  sync(): Promise<void>;
}

/** A change made here that came to nothing. */
export type Undone = {
  id: string;
  /** The name of the mailbox that it was for. */
  account: string;
  change: 'mark' | 'move' | 'destroy' | 'draft' | 'send' | 'assignee' | 'note';
  /** How many messages it was about. */
  emails: number;
  subject: string | null;
  /** What the person wrote, where it lies nowhere else. */
  text?: string;
  /** The mailbox is no longer open, or the server refused. */
  why: 'closed' | 'refused';
  atMs: number;
};

/** Who may do what in a mailbox. */
export type Delegate = { person: Person; rights: MailRight[] };

/** All mailboxes that are open to a person on this device, while the container is unlocked. */
export interface Post {
  /** The own one first. */
  accounts(): MailAccount[];
  onChange(call: () => void): () => void;
  readonly own: Mail;
  open(accountId: string): Promise<Mail>;
  /** Changes that came to nothing, until they are forgotten. */
  undone(): Undone[];
  forgetUndone(): Promise<void>;
  readonly sharing: Sharing;
}

/** Who else may do what in a mailbox. It needs a line. */
export interface Sharing {
  delegates(accountId: string): Promise<Delegate[]>;
  /** People of the house whose name or address begins so. */
  search(accountId: string, words: string): Promise<Person[]>;
  grant(accountId: string, personId: string, rights: readonly MailRight[]): Promise<void>;
  revoke(accountId: string, personId: string): Promise<void>;
}

/** Why something of {@link Mail} could not be done. */
export type MailFaultKind =
  /** It is not on this device, and there is no line. */
  | 'offline'
  | 'not_found'
  /** Somebody did it before, in another tab or on another device. */
  | 'elsewhere'
  /** There is a folder of this name in the same place. */
  | 'name_taken'
  | 'too_large'
  /** The house's scanner knows a file for malware. */
  | 'malware'
  /** The house's scanner takes no file of this size. */
  | 'not_scanned'
  /** The house's scanner cannot be asked. */
  | 'unscanned'
  /** The server does not do this, however often it is asked. */
  | 'excluded'
  /** Too much waits already. */
  | 'queue_full'
  /** The server does as much of this at once as it does for one person. */
  | 'busy'
  /** The server has done as much of this as it does for one person in an hour. */
  | 'spent'
  | 'refused'
  /** What this person may do in the mailbox does not go so far. */
  | 'forbidden'
  /** The mailbox is no longer open to this person. */
  | 'closed'
  | 'signed_out'
  | 'locked';

/** Which pictures from elsewhere are fetched: those that come encrypted, or those that do not as well. */
export type PictureFlow = 'none' | 'encrypted' | 'all';

export class MailFault extends Error {
  readonly kind: MailFaultKind;
  /** What the server said, in English, for whoever helps. */
  readonly detail: string | null;

  constructor(kind: MailFaultKind, detail: string | null = null) {
    super(kind);
    this.name = 'MailFault';
    this.kind = kind;
    this.detail = detail;
  }
}

/** A draft was sent, written on or thrown away in another tab or on another device, while it was open here. */
export class Elsewhere extends MailFault {
  readonly sent: boolean;
  /** Under what id the text is kept now as a draft of its own; null where it is the same that was sent. */
  readonly draft: string | null;

  constructor(sent: boolean, draft: string | null) {
    super('elsewhere');
    this.name = 'Elsewhere';
    this.sent = sent;
    this.draft = draft;
  }
}
