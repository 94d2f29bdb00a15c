import { useCallback, useEffect, useRef, useState } from 'react';
import { type Draft, Elsewhere, type Mail, MailFault, type MailIdentity } from '../../model.ts';
import { whileUnsaved } from '../../unsaved.ts';
import { isEmptyDraft } from './start.ts';

/** A draft is kept once nothing was typed for so long. */
export const QUIET_MS = 700;

type Step =
  | { state: 'unchanged' | 'changed' | 'keeping' }
  | { state: 'kept'; atMs: number }
  | { state: 'failed'; fault: unknown };

export type Keeping = Step & {
  /** What became of the draft in another tab or on another device, once that is known. */
  elsewhere: Elsewhere | null;
};

export type DraftState = {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  keeping: Keeping;
  /** As it is this moment, not as it was drawn last. */
  now: () => Draft;
  /** Keeps what is not kept yet; what is empty and was never kept is let go. */
  keep: () => Promise<{ draft: Draft; elsewhere: boolean }>;
  /** It was found to be another draft than it was opened as. */
  apart: (elsewhere: Elsewhere) => void;
  /** It is sent or thrown away: nothing is kept any more. */
  finish: () => void;
};

/** A message while it is written: kept by itself when one pauses, when the form closes, and when the page is left. */
export function useDraft(
  mail: Mail,
  start: Draft,
  identityOf: (id: string) => MailIdentity | undefined,
): DraftState {
  const [begun] = useState<Draft>(() => ({ ...start, root: start.id }));
  const [draft, setDraft] = useState(begun);
  const [keeping, setState] = useState<Keeping>({ state: 'unchanged', elsewhere: null });
  const latest = useRef(begun);
  const kept = useRef(begun);
  const finished = useRef(false);
  /** What its text is called among what was not done. */
  const lost = useRef<string | null>(null);
  // One after the other: the second must replace what the first has made.
  const line = useRef<Promise<unknown>>(Promise.resolve());

  const setKeeping = useCallback((next: Step) => {
    setState((before) => ({ elsewhere: before.elsewhere, ...next }));
  }, []);
  const apart = useCallback((elsewhere: Elsewhere) => {
    const { draft: id } = elsewhere;
    // From here on it is a draft of its own.
    latest.current = { ...latest.current, id, root: id };
    kept.current = latest.current;
    setDraft(latest.current);
    setState({ state: 'kept', atMs: Date.now(), elsewhere });
  }, []);

  const keep = useCallback(async () => {
    let elsewhere = false;
    const work = async () => {
      const what = latest.current;
      const same = sameContent(what, kept.current);
      if (finished.current || same) return;
      if (what.id === null && isEmptyDraft(what, identityOf(what.identityId))) return;
      setKeeping({ state: 'keeping' });
      try {
        const id = await mail.saveDraft(what);
        const root = what.root ?? id;
        kept.current = { ...what, id, root };
        latest.current = { ...latest.current, id, root };
        setDraft((now) => ({ ...now, id, root }));
        setKeeping({ state: 'kept', atMs: Date.now() });
      } catch (fault) {
        elsewhere = fault instanceof Elsewhere;
        if (fault instanceof Elsewhere) apart(fault);
        else setKeeping({ state: 'failed', fault });
        // The right to write here ended, or the mailbox was closed: no draft will ever hold it.
        const isOver = fault instanceof MailFault && ['forbidden', 'closed'].includes(fault.kind);
        if (isOver) lost.current = await mail.keepLost(what, lost.current);
      }
    };
    const turn = line.current.then(work);
    line.current = turn;
    await turn;
    return { draft: latest.current, elsewhere };
  }, [mail, identityOf, apart, setKeeping]);

  const set = useCallback(
    (change: Partial<Draft>) => {
      latest.current = { ...latest.current, ...change };
      setDraft(latest.current);
      setKeeping({ state: 'changed' });
    },
    [setKeeping],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: each change starts the wait anew
  useEffect(() => {
    if (sameContent(draft, kept.current)) return undefined;
    const timer = setTimeout(() => void keep(), QUIET_MS);
    return () => clearTimeout(timer);
  }, [draft]);

  useEffect(() => {
    const hide = () => {
      if (document.visibilityState === 'hidden') void keep();
    };
    const stop = whileUnsaved(keep);
    document.addEventListener('visibilitychange', hide);
    window.addEventListener('pagehide', hide);
    return () => {
      stop();
      document.removeEventListener('visibilitychange', hide);
      window.removeEventListener('pagehide', hide);
      void keep();
    };
  }, [keep]);

  const finish = useCallback(() => {
    finished.current = true;
  }, []);

  const now = useCallback(() => latest.current, []);

  return { draft, set, keeping, now, keep, finish, apart };
}

function sameContent(one: Draft, other: Draft): boolean {
  return (Object.keys(one) as (keyof Draft)[]).every(
    (key) => key === 'id' || key === 'root' || one[key] === other[key],
  );
}
