import type {
  Address,
  Attachment,
  EmailBody,
  EmailHead,
  Mailbox,
  MailboxRole,
  MailIdentity,
} from '../model.ts';
import { list, number, type Obj, object, text } from './jmap.ts';

export const HEAD_PROPERTIES = [
  'id',
  'threadId',
  'mailboxIds',
  'keywords',
  'size',
  'receivedAt',
  'sender',
  'from',
  'to',
  'cc',
  'bcc',
  'replyTo',
  'subject',
  'hasAttachment',
  'preview',
];

/** How a message's texts are asked for. A longer text is cut: it would not be read on a phone. */
export const ASK_BODY = {
  properties: [
    'id',
    'messageId',
    'references',
    'textBody',
    'htmlBody',
    'attachments',
    'bodyValues',
  ],
  bodyProperties: ['partId', 'blobId', 'size', 'name', 'type', 'disposition', 'cid'],
  fetchTextBodyValues: true,
  fetchHTMLBodyValues: true,
  maxBodyValueBytes: 256 * 1024,
};

const ROLES: MailboxRole[] = ['inbox', 'drafts', 'sent', 'archive', 'junk', 'trash'];

/** A folder as the server tells it (RFC 8621, section 2). */
export function mailboxOf(told: Obj): Mailbox {
  return {
    id: text(told.id),
    name: text(told.name),
    parentId: text(told.parentId) || null,
    role: ROLES.find((role) => role === told.role) ?? 'other',
    sortOrder: number(told.sortOrder),
    totalEmails: number(told.totalEmails),
    unreadEmails: number(told.unreadEmails),
  };
}

/** A sender as the server tells it (RFC 8621, section 6). */
export function identityOf(told: Obj): MailIdentity {
  return {
    id: text(told.id),
    name: text(told.name),
    email: text(told.email),
    textSignature: text(told.textSignature),
    sender: text(told.sender) || null,
  };
}

/** What lists show of a message (RFC 8621, section 4.1). */
export function headOf(told: Obj): EmailHead {
  const keywords = object(told.keywords);
  const sender = addressesOf(told.sender);
  return {
    id: text(told.id),
    threadId: text(told.threadId),
    mailboxIds: Object.keys(object(told.mailboxIds)).sort(),
    seen: keywords.$seen === true,
    flagged: keywords.$flagged === true,
    answered: keywords.$answered === true,
    draft: keywords.$draft === true,
    ...(sender.length > 0 && { sender }),
    from: addressesOf(told.from),
    to: addressesOf(told.to),
    cc: addressesOf(told.cc),
    bcc: addressesOf(told.bcc),
    replyTo: addressesOf(told.replyTo),
    subject: text(told.subject),
    preview: text(told.preview),
    receivedAtMs: Date.parse(text(told.receivedAt)) || 0,
    sizeBytes: number(told.size),
    hasAttachment: told.hasAttachment === true,
    waiting: false,
  };
}

function addressesOf(told: unknown): Address[] {
  return list(told).map((one) => ({ name: text(one.name) || null, email: text(one.email) }));
}

/** A message's texts and what is attached to it. */
export function bodyOf(told: Obj): EmailBody {
  const values = object(told.bodyValues);
  const textOf = (part: Obj) => object(values[text(part.partId)]);
  const together = (parts: Obj[], type: string, between: string) => {
    const fitting = parts.filter((part) => part.type === type && text(part.partId) in values);
    return fitting.length === 0
      ? null
      : fitting.map((part) => text(textOf(part).value)).join(between);
  };
  const texts = list(told.textBody);
  const htmls = list(told.htmlBody);
  // Pictures that stand between the texts are told among them.
  const beside = [...list(told.attachments), ...texts, ...htmls].filter(
    (part) => !(text(part.partId) in values),
  );
  const attachments = new Map<string, Attachment>();
  for (const part of beside) {
    const attachment = attachmentOf(part);
    if (attachment.blobId !== '') attachments.set(attachment.blobId, attachment);
  }
  return {
    text: together(texts, 'text/plain', '\n'),
    html: together(htmls, 'text/html', ''),
    attachments: [...attachments.values()],
    truncated: Object.values(values).some((value) => object(value).isTruncated === true),
    messageId: list<string>(told.messageId)[0] ?? null,
    references: list<string>(told.references),
  };
}

function attachmentOf(part: Obj): Attachment {
  return {
    blobId: text(part.blobId),
    name: text(part.name),
    type: text(part.type),
    sizeBytes: number(part.size),
    cid: text(part.cid) || null,
  };
}

/** What a search on this device looks through. */
export function searched(head: EmailHead, body: EmailBody | null): string {
  const people = [...head.from, ...head.to, ...head.cc, ...head.bcc];
  return [
    head.subject,
    ...people.map(({ name, email }) => `${name ?? ''} ${email}`),
    body ? (body.text ?? wordsOfHtml(body.html ?? '')) : head.preview,
    ...(body?.attachments.map(({ name }) => name) ?? []),
  ].join('\n');
}

const ENTITIES: Record<string, string> = {
  '&auml;': 'ä',
  '&ouml;': 'ö',
  '&uuml;': 'ü',
  '&szlig;': 'ß',
  '&nbsp;': ' ',
};

/** For searching alone, nothing of it is ever shown. It goes through once: a mail may be one row of open brackets. */
export function wordsOfHtml(html: string): string {
  const lower = html.toLowerCase();
  const parts: string[] = [];
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf('<', at);
    parts.push(html.slice(at, open < 0 ? html.length : open));
    const close = open < 0 ? -1 : html.indexOf('>', open);
    if (close < 0) break;
    const hidden = ['style', 'script'].find((name) => lower.startsWith(name, open + 1));
    const end = hidden === undefined ? close + 1 : lower.indexOf(`</${hidden}`, close);
    if (end < 0) break;
    at = end;
  }
  return parts.join(' ').replace(/&(?:[aou]uml|szlig|nbsp);/g, (name) => ENTITIES[name] ?? ' ');
}
