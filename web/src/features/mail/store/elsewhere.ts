import type { Kept } from './kept.ts';
import { isWrite, type KeptDraft } from './queue.ts';
import type { KeptSending } from './writing.ts';

type Named = Pick<KeptDraft, 'id' | 'root'>;

/** The sending that began as the same draft and is not known to have failed. */
export function sendingOf(draft: Named, kept: Kept): KeptSending | undefined {
  const names = namesOf(draft, kept);
  return [...kept.sendings.values()].find(({ state, draft: sent, localId, emailId }) => {
    if (state === 'taken_back' || state === 'refused' || !sent) return false;
    const others = namesOf(sent, kept, localId ?? null, emailId);
    return [...names].some((name) => others.has(name));
  });
}

/** Whether something else took this draft's place: it was written on elsewhere, or is gone. */
export function isSuperseded({ id }: Named, kept: Kept): boolean {
  if (id === null) return false;
  const emailId = kept.resolve(id);
  const others = kept.ops.filter(isWrite).filter(({ localId }) => localId !== id);
  const replaced = others.some(
    (op) => op.replaces !== null && kept.resolve(op.replaces) === emailId,
  );
  const gone = kept.waitingDraft(id) === undefined && kept.meta.gone.includes(emailId);
  return replaced || gone;
}

/** Whether a person would take the one for the other. */
export function isSameText(one: KeptDraft, other: KeptDraft): boolean {
  const told = ({ to, cc, bcc, subject, text, html, attachments }: KeptDraft) => {
    const people = [to, cc, bcc].map((all) => all.map(({ email }) => email));
    const files = attachments.map((file) =>
      file.kind === 'new'
        ? [file.name, file.sizeBytes]
        : [file.attachment.name, file.attachment.sizeBytes],
    );
    return JSON.stringify([people, subject, text, html, files]);
  };
  return told(one) === told(other);
}

function namesOf({ id, root }: Named, kept: Kept, ...more: (string | null)[]): Set<string> {
  const names = [id, root ?? null, ...more].filter((name) => name !== null);
  return new Set(names.flatMap((name) => [name, kept.resolve(name)]));
}
