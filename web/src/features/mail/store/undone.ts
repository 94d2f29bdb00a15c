import type { Draft, Undone } from '../model.ts';
import { isWrite, type Op } from './queue.ts';
import type { WorkOp } from './work-shapes.ts';

/** Changes that came to nothing, of which the person can be told. */
export const MAX_UNDONE = 100;
/** So much of a text is kept, and of all of them together; the oldest go first. */
export const MAX_UNDONE_TEXT_CHARS = 60_000;
export const MAX_UNDONE_TEXTS_CHARS = 300_000;

/** A change that comes to nothing, without what says where and when. What is known by an id takes its former place. */
export type Lost = Pick<Undone, 'change' | 'emails' | 'subject' | 'text'> & { id?: string };

export function lostOf(op: Op): Lost {
  if (!isWrite(op)) return { change: op.kind, emails: op.emails.length, subject: null };
  return lostDraft(op.draft, op.localId, op.sendingId === null ? 'draft' : 'send');
}

/** A message that is not written any more: what the person wrote of it stays. */
export function lostDraft(
  draft: Pick<Draft, 'subject' | 'text'>,
  id: string,
  change: 'draft' | 'send' = 'draft',
): Lost {
  const text = ownWords(draft.text).slice(0, MAX_UNDONE_TEXT_CHARS);
  return { id, change, emails: 1, subject: draft.subject, ...(text !== '' && { text }) };
}

export function lostWork({ what }: WorkOp): Lost {
  return { change: what, emails: 0, subject: null };
}

/** With more of them, each once, and no more than may be. */
export function withUndone(before: readonly Undone[], more: readonly Undone[]): Undone[] {
  const kept = before.filter(({ id }) => !more.some((one) => one.id === id));
  return bounded([...kept, ...more].slice(-MAX_UNDONE));
}

/** With no more text than may be: that of the oldest goes. */
export function bounded<T extends { text?: string }>(all: readonly T[]): T[] {
  let chars = 0;
  const newestFirst = [...all].reverse().map((one) => {
    chars += one.text?.length ?? 0;
    const { text: _, ...bare } = one;
    return chars > MAX_UNDONE_TEXTS_CHARS ? (bare as T) : one;
  });
  return newestFirst.reverse();
}

/** Without what is quoted and passed on: that is the mailbox's, and it may not be open to the person any more. */
function ownWords(text: string): string {
  const above = text.split(/^-{8,} .*$/m)[0] ?? '';
  return above
    .split('\n')
    .filter((line) => !line.startsWith('>'))
    .join('\n')
    .trim();
}
