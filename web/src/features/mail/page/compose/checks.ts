import type { Address, Draft, DraftAttachment } from '../../model.ts';
import { isAddress, MAX_RECIPIENTS, outside } from '../addresses.ts';

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
export type Obstacle = 'nobody' | 'no_address' | 'too_many' | 'too_large';

/** The first thing that must be mended before it can be sent. */
export function obstacleOf(draft: Draft): Obstacle | null {
  const recipients = recipientsOf(draft);
  if (recipients.length === 0) return 'nobody';
  if (recipients.some(({ email }) => !isAddress(email))) return 'no_address';
  if (recipients.length > MAX_RECIPIENTS) return 'too_many';
  return attachedBytes(draft.attachments) > MAX_ATTACHED_BYTES ? 'too_large' : null;
}

/** What the person should know before it leaves. */
export type Doubt =
  | { kind: 'outside'; recipients: Address[] }
  | { kind: 'no_attachment' }
  | { kind: 'no_subject' }
  | { kind: 'no_text' };

const SPEAKS_OF_ATTACHMENT =
  /\b(anbei|anhang|anhänge|anlage|anlagen|angehängt\w*|beigefügt\w*|im anhang|attached|attachment|attachments|enclosed)\b/iu;

/** All that should be looked at once more. */
export function doubtsOf(draft: Draft, from: string): Doubt[] {
  const recipients = outside(recipientsOf(draft), from);
  const own = ownText(draft.text);
  return [
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

/** What the person wrote: without the signature and what is quoted. */
function ownText(text: string): string {
  const above = text.split('\n-- \n')[0] ?? '';
  return above
    .split('\n')
    .filter((line) => !line.startsWith('>'))
    .join('\n')
    .trim();
}
