import type { Address, Draft, DraftAttachment, EmailHead, Mail } from '../../model.ts';
import { isAddress, looksLikeHouse, MAX_RECIPIENTS, outside } from '../addresses.ts';

/** What mail servers commonly take, before it is coded for the way. */
export const MAX_ATTACHED_BYTES = 25_000_000;
export const MAX_ATTACHED_FILES = 50;

export const recipientsOf = ({ to, cc, bcc }: Draft): Address[] => [...to, ...cc, ...bcc];

export const sizeOf = (one: DraftAttachment): number =>
  one.kind === 'new' ? one.bytes.length : one.attachment.sizeBytes;

/** Bytes of all that is attached. */
export const attachedBytes = (list: readonly DraftAttachment[]): number =>
  list.reduce((sum, one) => sum + sizeOf(one), 0);

/** Why it can not be sent. */
export type Obstacle = 'nobody' | 'no_address' | 'not_delivered' | 'too_many' | 'too_large';

/** As whom one writes, and whether mail leaves the house. */
export type House = { from: string; leaves: boolean };

/** Those to whom nothing is delivered: they are outside, and nothing leaves. */
export function undelivered(list: readonly Address[], { from, leaves }: House): Address[] {
  return leaves ? [] : outside(list, from).filter(({ email }) => isAddress(email));
}

/** The first thing that must be mended before it can be sent. */
export function obstacleOf(draft: Draft, house: House): Obstacle | null {
  const recipients = recipientsOf(draft);
  if (recipients.length === 0) return 'nobody';
  if (recipients.some(({ email }) => !isAddress(email))) return 'no_address';
  if (undelivered(recipients, house).length > 0) return 'not_delivered';
  if (recipients.length > MAX_RECIPIENTS) return 'too_many';
  return attachedBytes(draft.attachments) > MAX_ATTACHED_BYTES ? 'too_large' : null;
}

/** What the person should know before it leaves. */
export type Doubt =
  | { kind: 'outside' | 'alike'; recipients: Address[] }
  | { kind: 'no_attachment' }
  | { kind: 'no_subject' }
  | { kind: 'no_text' }
  | { kind: 'answered'; by: Address | null; atMs: number };

const SPEAKS_OF_ATTACHMENT =
  /\b(anbei|anhang|anhänge|anlage|anlagen|angehängt\w*|beigefügt\w*|im anhang|attached|attachment|attachments|enclosed)\b/iu;

/** All that should be looked at once more. */
export function doubtsOf(draft: Draft, { from }: House): Doubt[] {
  const recipients = outside(recipientsOf(draft), from);
  const alike = recipients.filter(({ email }) => looksLikeHouse(email, from));
  const own = ownText(draft.text);
  return [
    ...(alike.length > 0 ? [{ kind: 'alike' as const, recipients: alike }] : []),
    ...(recipients.length > 0 ? [{ kind: 'outside' as const, recipients }] : []),
    ...(draft.attachments.length === 0 && SPEAKS_OF_ATTACHMENT.test(`${draft.subject}\n${own}`)
      ? [{ kind: 'no_attachment' as const }]
      : []),
    ...(draft.subject.trim() ? [] : [{ kind: 'no_subject' as const }]),
    ...(own || draft.attachments.length > 0 || draft.answers?.how === 'forward'
      ? []
      : [{ kind: 'no_text' as const }]),
  ];
}

/** More of a thread is not read through for what a draft answers. */
const MAX_LOOKED_AT = 20;

/** Whether somebody has answered the same message since: in a mailbox of several, two may write at once. */
export async function answeredSince(
  mail: Pick<Mail, 'thread' | 'body' | 'mailboxes'>,
  draft: Draft,
  threadId: string,
): Promise<Doubt | null> {
  if (draft.answers?.how === 'forward' || draft.inReplyTo === null) return null;
  const [thread, boxes] = await Promise.all([mail.thread(threadId), mail.mailboxes()]);
  const sent = boxes.find(({ role }) => role === 'sent')?.id;
  const emails = thread.filter((one) => !one.draft);
  const answered =
    emails.find(({ id }) => id === draft.answers?.emailId) ??
    (await calledSo(mail, emails, draft.inReplyTo));
  if (!answered || sent === undefined) return null;
  const [since] = emails.filter(
    ({ id, mailboxIds, receivedAtMs }) =>
      id !== answered.id && mailboxIds.includes(sent) && receivedAtMs > answered.receivedAtMs,
  );
  if (!since) return null;
  const by = since.sender?.[0] ?? since.from[0] ?? null;
  return { kind: 'answered', by, atMs: since.receivedAtMs };
}

/** A draft that was opened again knows by its Message-ID alone what it answers. */
async function calledSo(
  mail: Pick<Mail, 'body'>,
  emails: readonly EmailHead[],
  messageId: string,
): Promise<EmailHead | null> {
  for (const email of emails.slice(-MAX_LOOKED_AT).reverse()) {
    const body = await mail.body(email.id).catch(() => null);
    if (body?.messageId === messageId) return email;
  }
  return null;
}

/** What the person wrote: without the signature and what is quoted. */
function ownText(text: string): string {
  const above = text.split('\n-- \n')[0] ?? '';
  return above
    .split('\n')
    .filter((line) => !line.startsWith('>'))
    .join('\n')
    .trim();
}
