import { t } from '@lingui/core/macro';
import type {
  Address,
  Draft,
  DraftAttachment,
  EmailBody,
  EmailHead,
  Mail,
  MailIdentity,
} from '../../model.ts';
import { fullName, joined } from '../addresses.ts';
import { tamed } from '../bidi.ts';
import { plainText } from '../html/plain.ts';
import { fullDate } from '../words.ts';

/** What a message begins with. */
export type DraftStart =
  | { kind: 'new'; attachments?: DraftAttachment[] }
  | { kind: 'reply' | 'reply_all' | 'forward' | 'draft'; email: EmailHead };

/** More of a foreign text is not quoted. */
const MAX_QUOTED_CHARS = 60_000;
const MAX_REFERENCES = 50;

/** The draft to begin with: empty, an answer, passed on, or as it was left. */
export async function draftFor(
  mail: Mail,
  identities: readonly MailIdentity[],
  start: DraftStart,
): Promise<Draft> {
  const own = identities.map(({ email }) => email.toLowerCase());
  if (start.kind === 'new') {
    return { ...emptyDraft(identities[0]), attachments: start.attachments ?? [] };
  }
  const { email } = start;
  const body = await mail.body(email.id);
  if (start.kind === 'draft') return keptDraft(email, body, identities);
  const asked = [...email.to, ...email.cc].map((one) => one.email.toLowerCase());
  // As whom one was written to, rather than as whom one got a copy.
  const meant = asked.find((address) => own.includes(address));
  const identity = identities.find((one) => one.email.toLowerCase() === meant) ?? identities[0];
  const draft = emptyDraft(identity);
  const references = [...body.references, ...(body.messageId ? [body.messageId] : [])];
  if (start.kind === 'forward') {
    return {
      ...draft,
      subject: prefixed('Fwd', email.subject),
      text: `${draft.text}\n\n${forwardHead(email)}\n\n${textOf(body)}`,
      attachments: body.attachments.map((attachment) => ({ kind: 'kept', attachment })),
      answers: { emailId: email.id, how: 'forward' },
    };
  }
  const others = (list: readonly Address[]) =>
    list.filter((one) => !own.includes(one.email.toLowerCase()));
  const sender = email.replyTo.length > 0 ? email.replyTo : email.from;
  // Whoever answers what they sent themselves writes to the same people again.
  const fromOneself = others(sender).length === 0;
  const to = fromOneself ? email.to : sender;
  const all = start.kind === 'reply_all';
  const copies = all ? others(fromOneself ? email.cc : [...email.to, ...email.cc]) : [];
  return {
    ...draft,
    to: joined([], to),
    cc: joined(to, copies).slice(joined([], to).length),
    subject: prefixed('Re', email.subject),
    text: `${draft.text}\n\n${quoteHead(email)}\n${quoted(textOf(body))}`,
    inReplyTo: body.messageId,
    references: references.slice(-MAX_REFERENCES),
    answers: { emailId: email.id, how: 'reply' },
  };
}

/** The line that programs know a signature by. */
const MARK = '\n\n-- \n';

/** An empty message of this identity, with its signature. */
export function emptyDraft(identity: MailIdentity | undefined): Draft {
  return {
    id: null,
    identityId: identity?.id ?? '',
    to: [],
    cc: [],
    bcc: [],
    subject: '',
    text: signatureOf(identity),
    html: null,
    attachments: [],
    inReplyTo: null,
    references: [],
    answers: null,
  };
}

const signatureOf = (identity: MailIdentity | undefined) =>
  identity?.textSignature.trim() ? `${MARK}${identity.textSignature.trim()}` : '';

/** The text with the signature of the one exchanged for that of the other; what was changed by hand stays. */
export function resigned(
  text: string,
  from: MailIdentity | undefined,
  to: MailIdentity | undefined,
): string {
  const [before, after] = [signatureOf(from), signatureOf(to)];
  if (!before) return text.includes(after) ? text : `${text}${after}`;
  const at = text.indexOf(before);
  return at < 0 ? text : `${text.slice(0, at)}${after}${text.slice(at + before.length)}`;
}

/** Whether something was written that would be missed. */
export function isEmptyDraft(draft: Draft, identity: MailIdentity | undefined): boolean {
  const people = draft.to.length + draft.cc.length + draft.bcc.length;
  const text = draft.text.replace(signatureOf(identity), '').trim();
  return people === 0 && !draft.subject.trim() && !text && draft.attachments.length === 0;
}

function keptDraft(email: EmailHead, body: EmailBody, identities: readonly MailIdentity[]): Draft {
  const from = email.from[0]?.email.toLowerCase();
  const identity = identities.find((one) => one.email.toLowerCase() === from) ?? identities[0];
  return {
    ...emptyDraft(identity),
    id: email.id,
    to: email.to,
    cc: email.cc,
    bcc: email.bcc,
    subject: email.subject,
    text: textOf(body),
    html: body.html,
    attachments: body.attachments.map((attachment) => ({ kind: 'kept', attachment })),
    inReplyTo: body.references.at(-1) ?? null,
    references: body.references,
  };
}

/** "Re: Re: Antrag" helps nobody. */
function prefixed(prefix: 'Re' | 'Fwd', subject: string): string {
  const known = prefix === 'Re' ? /^\s*(re|aw)\s*:/i : /^\s*(fwd?|wg)\s*:/i;
  return known.test(subject) ? subject : `${prefix}: ${subject}`.trim();
}

const quoteHead = ({ from, receivedAtMs }: EmailHead) =>
  t`${from.map(fullName).join(', ')} schrieb am ${fullDate(receivedAtMs)}:`;

function forwardHead({ from, to, subject, receivedAtMs }: EmailHead): string {
  return [
    t`---------- Weitergeleitete Nachricht ----------`,
    t`Von: ${from.map(fullName).join(', ')}`,
    t`Datum: ${fullDate(receivedAtMs)}`,
    t`Betreff: ${tamed(subject)}`,
    t`An: ${to.map(fullName).join(', ')}`,
  ].join('\n');
}

const quoted = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => (line.startsWith('>') ? `>${line}` : `> ${line}`))
    .join('\n');

/** The plain text; that of a message which has HTML only is read out of it. */
function textOf({ text, html }: EmailBody): string {
  const found = text?.trim() ? text : html ? plainText(html) : '';
  return found.replace(/\r\n?/g, '\n').slice(0, MAX_QUOTED_CHARS);
}
