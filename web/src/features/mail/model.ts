/** What the mail page shows and does, alike with and without a line. Times are milliseconds since 1970. */

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
  /** Changed here, and the server does not know yet. */
  waiting: boolean;
};

export type ThreadHead = {
  id: string;
  /** The newest message of the thread in the folder or search that was asked for. */
  newest: EmailHead;
  emailCount: number;
  unreadCount: number;
  flagged: boolean;
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

export type MailIdentity = {
  id: string;
  name: string;
  email: string;
  textSignature: string;
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
  attachments: DraftAttachment[];
  inReplyTo: string | null;
  references: string[];
  /** The message that is answered or forwarded by it: it gets the mark once this is sent. */
  answers: { emailId: string; how: 'reply' | 'forward' } | null;
};

export type EmailChange =
  | { kind: 'keyword'; keyword: 'seen' | 'flagged'; on: boolean }
  | { kind: 'move'; from: string | null; to: string }
  /** Only what lies in the trash; what lies elsewhere is moved there. */
  | { kind: 'destroy' };

/** What becomes of what was sent. `held` can still be taken back; `uncertain` is never sent again by itself. */
export type SendingState = 'waiting' | 'held' | 'sent' | 'refused' | 'uncertain' | 'taken_back';

export type Sending = {
  id: string;
  subject: string;
  to: Address[];
  state: SendingState;
  /** Until when it can be taken back. */
  heldUntilMs: number | null;
  /** Why it was refused, as the server says it. */
  reason: string | null;
};

export type Line = 'online' | 'offline' | 'syncing';

export type Page<T> = { items: T[]; more: boolean };

/** One person's mail on this device, while the container is unlocked. */
export interface Mail {
  /** Calls back after anything of it changed: read anew what is shown. */
  onChange(call: () => void): () => void;
  line(): Line;
  /** When this device last had everything from the server; null: never. */
  syncedAtMs(): number | null;
  /** How many changes made here wait for the server. */
  waiting(): number;
  sendings(): Sending[];

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

  /** Shown here at once, and told to the server as soon as there is a line. */
  change(emailIds: string[], change: EmailChange): Promise<void>;
  createMailbox(name: string): Promise<Mailbox>;
  /** Keeps a draft; returns its id. */
  saveDraft(draft: Draft): Promise<string>;
  /** Hands it over for sending once, however often the line breaks; returns the sending's id. */
  send(draft: Draft): Promise<string>;
  /** Takes back what is still held: true if it could be, and its draft is there again. */
  takeBack(sendingId: string): Promise<boolean>;
  /** For what is `uncertain`: the person says to send it again, or to forget it. */
  settle(sendingId: string, how: 'again' | 'forget'): Promise<void>;
  /** Asks the server now for what is new. */
  sync(): Promise<void>;
}

/** Why something of {@link Mail} could not be done. */
export type MailFaultKind =
  /** It is not on this device, and there is no line. */
  | 'offline'
  | 'not_found'
  | 'too_large'
  /** Too much waits already. */
  | 'queue_full'
  | 'refused'
  | 'signed_out'
  | 'locked';

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
