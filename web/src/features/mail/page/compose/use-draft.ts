import { useCallback, useEffect, useRef, useState } from 'react';
import type { Draft, Mail, MailIdentity } from '../../model.ts';
import { whileUnsaved } from '../../unsaved.ts';
import { isEmptyDraft } from './start.ts';

/** A draft is kept once nothing was typed for so long. */
export const QUIET_MS = 700;

export type Keeping =
  | { state: 'unchanged' | 'changed' | 'keeping' }
  | { state: 'kept'; atMs: number }
  | { state: 'failed'; fault: unknown };

export type DraftState = {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  keeping: Keeping;
  /** As it is this moment, not as it was drawn last. */
  now: () => Draft;
  /** Keeps what is not kept yet; what is empty and was never kept is let go. */
  keep: () => Promise<Draft>;
  /** It is sent or thrown away: nothing is kept any more. */
  finish: () => void;
};

/** A message while it is written: kept by itself when one pauses, when the form closes, and when the page is left. */
export function useDraft(
  mail: Mail,
  start: Draft,
  identityOf: (id: string) => MailIdentity | undefined,
): DraftState {
  const [draft, setDraft] = useState(start);
  const [keeping, setKeeping] = useState<Keeping>({ state: 'unchanged' });
  const latest = useRef(start);
  const kept = useRef(start);
  const finished = useRef(false);
  // One after the other: the second must replace what the first has made.
  const line = useRef<Promise<unknown>>(Promise.resolve());

  const keep = useCallback(async (): Promise<Draft> => {
    const work = async () => {
      const what = latest.current;
      const same = sameContent(what, kept.current);
      if (finished.current || same) return;
      if (what.id === null && isEmptyDraft(what, identityOf(what.identityId))) return;
      setKeeping({ state: 'keeping' });
      try {
        const id = await mail.saveDraft(what);
        kept.current = { ...what, id };
        latest.current = { ...latest.current, id };
        setDraft((now) => ({ ...now, id }));
        setKeeping({ state: 'kept', atMs: Date.now() });
      } catch (fault) {
        setKeeping({ state: 'failed', fault });
      }
    };
    const turn = line.current.then(work);
    line.current = turn;
    await turn;
    return latest.current;
  }, [mail, identityOf]);

  const set = useCallback((change: Partial<Draft>) => {
    latest.current = { ...latest.current, ...change };
    setDraft(latest.current);
    setKeeping({ state: 'changed' });
  }, []);

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

  return { draft, set, keeping, now, keep, finish };
}

function sameContent(one: Draft, other: Draft): boolean {
  return (Object.keys(one) as (keyof Draft)[]).every(
    (key) => key === 'id' || one[key] === other[key],
  );
}
