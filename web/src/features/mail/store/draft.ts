import {
  type Address,
  type Draft,
  type EmailBody,
  type EmailHead,
  MailFault,
  type MailIdentity,
} from '../model.ts';
import { number, type Obj, text } from './jmap.ts';
import type { WriteOp } from './queue.ts';
import type { Folders } from './writing.ts';

/** What the server takes at most (RFC 8621, section 1.3.1, and its own limits). */
export const MAX_RECIPIENTS = 500;
export const MAX_ATTACHMENTS_BYTES = 35_000_000;
export const MAX_ATTACHMENTS = 200;
export const MAX_TEXT_LENGTH = 2_000_000;
export const MAX_SUBJECT_LENGTH = 2_000;
const PREVIEW_LENGTH = 200;

/** Refuses what no server would take, before it waits for one. */
export function checkDraft(draft: Draft): void {
  const bytes = draft.attachments.reduce(
    (sum, one) => sum + (one.kind === 'new' ? one.bytes.length : one.attachment.sizeBytes),
    0,
  );
  if (bytes > MAX_ATTACHMENTS_BYTES) {
    throw new MailFault('too_large', `attachments have at most ${MAX_ATTACHMENTS_BYTES} bytes`);
  }
  if (draft.attachments.length > MAX_ATTACHMENTS) {
    throw new MailFault('too_large', `a message has at most ${MAX_ATTACHMENTS} attachments`);
  }
  if (draft.text.length + (draft.html?.length ?? 0) > MAX_TEXT_LENGTH) {
    throw new MailFault('too_large', `a text has at most ${MAX_TEXT_LENGTH} letters`);
  }
  if (draft.subject.length > MAX_SUBJECT_LENGTH) {
    throw new MailFault('too_large', `a subject has at most ${MAX_SUBJECT_LENGTH} letters`);
  }
  if (recipientsOf(draft).length > MAX_RECIPIENTS) {
    throw new MailFault('too_large', `a message goes to at most ${MAX_RECIPIENTS} people`);
  }
}

/** Refuses what cannot be sent as it is. */
export function checkRecipients(draft: Draft): void {
  const all = recipientsOf(draft);
  if (all.length === 0) throw new MailFault('refused', 'nobody is to receive it');
  const wrong = all.find(({ email }) => !isAddress(email));
  if (wrong) throw new MailFault('refused', `${wrong.email} is no address`);
}

export function recipientsOf({ to, cc, bcc }: Pick<Draft, 'to' | 'cc' | 'bcc'>): Address[] {
  return [...to, ...cc, ...bcc];
}

/** Whether the server would write it as an address: `name@domain` in US-ASCII, without blanks and brackets. */
export function isAddress(email: string): boolean {
  return (
    email.length <= 254 &&
    /^[!-~]+$/.test(email) &&
    !/[<>()[\],;:\\"]/.test(email) &&
    /^[^@]+@[^@.][^@]*$/.test(email)
  );
}

/** The message as the server is to write it (RFC 8621, section 4.6). `blobs` names new attachments by their print. */
export function emailToCreate(
  op: WriteOp,
  identity: MailIdentity,
  drafts: string,
  blobs: Map<string, string>,
): Obj {
  const { draft } = op;
  const people = (field: string, all: Address[]) => {
    const known = all.filter(({ email }) => isAddress(email));
    const named = known.map(({ name, email }) => ({ name: name && oneLine(name), email }));
    return named.length === 0 ? {} : { [field]: named };
  };
  const attachments = draft.attachments.map((one) => {
    if (one.kind === 'new') {
      const blobId = blobs.get(one.print) ?? '';
      return {
        blobId,
        type: mediaType(one.type),
        name: oneLine(one.name),
        disposition: 'attachment',
      };
    }
    const { blobId, type, name, cid } = one.attachment;
    return {
      blobId,
      type: mediaType(type),
      ...(name && { name: oneLine(name) }),
      disposition: cid !== null && isShownInside(type) ? 'inline' : 'attachment',
      ...(cid !== null && { cid }),
    };
  });
  return {
    mailboxIds: { [drafts]: true },
    keywords: { $draft: true, $seen: true },
    messageId: [op.messageId],
    from: [{ name: identity.name, email: identity.email }],
    ...(identity.sender && { sender: [{ name: null, email: identity.sender }] }),
    ...people('to', draft.to),
    ...people('cc', draft.cc),
    ...people('bcc', draft.bcc),
    subject: oneLine(draft.subject),
    ...(draft.inReplyTo !== null && { inReplyTo: [draft.inReplyTo] }),
    ...(draft.references.length > 0 && { references: draft.references.slice(-100) }),
    textBody: [{ partId: 't', type: 'text/plain' }],
    ...(draft.html !== null && { htmlBody: [{ partId: 'h', type: 'text/html' }] }),
    bodyValues: {
      t: { value: draft.text },
      ...(draft.html !== null && { h: { value: draft.html } }),
    },
    ...(attachments.length > 0 && { attachments }),
  };
}

/** A line's end in a header field would begin another one: the server refuses it. */
function oneLine(text: string): string {
  return text.replace(/[\r\n\0]+/g, ' ');
}

/** Many programs name every part. A text or a message that stands inside would be read as the message's own. */
function isShownInside(type: string): boolean {
  return /^(image|audio|video)\//i.test(type);
}

function mediaType(type: string): string {
  const plain = type.split(';')[0]?.trim() ?? '';
  const known = /^[\w!#$&^.+-]{1,80}\/[\w!#$&^.+-]{1,80}$/.test(plain);
  return known && !/^multipart\//i.test(plain) ? plain : 'application/octet-stream';
}

/** What lists show of a message that was written here; `told` is what the server called it. */
export function draftHead(
  op: WriteOp,
  { mailboxes, identities }: Folders,
  told: Obj | null,
): EmailHead {
  const { draft } = op;
  const identity = identities.find(({ id }) => id === draft.identityId) ?? identities[0];
  const role = told !== null && op.sendingId !== null ? 'sent' : 'drafts';
  const folder = mailboxes.find((mailbox) => mailbox.role === role);
  return {
    id: told ? text(told.id) : op.localId,
    threadId: told ? text(told.threadId) : `draft ${op.localId}`,
    mailboxIds: folder ? [folder.id] : [],
    seen: true,
    flagged: false,
    answered: false,
    draft: role === 'drafts',
    ...(identity?.sender && { sender: [{ name: null, email: identity.sender }] }),
    from: identity ? [{ name: identity.name, email: identity.email }] : [],
    to: draft.to,
    cc: draft.cc,
    bcc: draft.bcc,
    replyTo: [],
    subject: draft.subject,
    preview: draft.text.slice(0, PREVIEW_LENGTH).replace(/\s+/g, ' ').trim(),
    receivedAtMs: op.atMs,
    sizeBytes: told ? number(told.size) : draft.text.length + (draft.html?.length ?? 0),
    hasAttachment: draft.attachments.length > 0,
    waiting: told === null,
  };
}

/** Its texts; a new attachment is named by what its bytes are. */
export function draftBody({ draft, messageId }: WriteOp): EmailBody {
  return {
    text: draft.text,
    html: draft.html,
    attachments: draft.attachments.map((one) => {
      if (one.kind === 'kept') return one.attachment;
      const { name, type, sizeBytes } = one;
      return { blobId: newBlob(one.print), name, type, sizeBytes, cid: null };
    }),
    truncated: false,
    messageId,
    references: draft.references,
  };
}

/** How the container calls the bytes of a new attachment. */
export function newBlob(print: string): string {
  return `new ${print}`;
}

/** What was attached here comes back as such when a draft that still waits is written on. */
export function printOf(blobId: string): string | null {
  return blobId.startsWith('new ') ? blobId.slice('new '.length) : null;
}
