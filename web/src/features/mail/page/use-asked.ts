import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import type { Line, Mail, Sending } from '../model.ts';

/** What takes longer than this is said to be on its way. */
const SLOW_MS = 1_000;

export type Asked<Data> = {
  data: Data | undefined;
  fault: unknown;
  /** It takes so long that the person should know. */
  slow: boolean;
  /** It is asked right now. */
  asking: boolean;
  again: () => void;
};

type State<Data> = { key: string; data: Data | undefined; fault: unknown; asking: boolean };

/**
 * What `ask` brings, and again whenever something of the mail has changed. The key says what is asked for; while the
 * same is asked anew, the former answer stands.
 */
export function useAsked<Data>(mail: Mail, key: string, ask: () => Promise<Data>): Asked<Data> {
  const fresh: State<Data> = { key, data: undefined, fault: undefined, asking: true };
  const [state, setState] = useState(fresh);
  const [tries, setTries] = useState(0);
  const [slow, setSlow] = useState(false);
  const shown = state.key === key ? state : fresh;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says what `ask` asks for
  useEffect(() => {
    let over = false;
    let running = false;
    let stale = false;
    const run = async () => {
      if (running) {
        stale = true;
        return;
      }
      running = true;
      setState((before) => (before.key === key ? { ...before, asking: true } : fresh));
      do {
        stale = false;
        const answer = await ask().then(
          (data) => ({ data, fault: undefined }),
          (fault: unknown) => ({ fault }),
        );
        if (over) return;
        setState((before) => ({
          data: before.key === key ? before.data : undefined,
          ...answer,
          key,
          asking: stale,
        }));
      } while (stale);
      running = false;
    };
    void run();
    const end = mail.onChange(() => void run());
    return () => {
      over = true;
      end();
    };
  }, [mail, key, tries]);

  const waits = shown.data === undefined && shown.fault === undefined;
  useEffect(() => {
    setSlow(false);
    if (!waits) return undefined;
    const timer = setTimeout(() => setSlow(true), SLOW_MS);
    return () => clearTimeout(timer);
  }, [waits]);

  const again = useCallback(() => setTries((before) => before + 1), []);
  return { data: shown.data, fault: shown.fault, slow: waits && slow, asking: shown.asking, again };
}

export type MailStatus = {
  line: Line;
  syncedAtMs: number | null;
  waiting: number;
  sendings: Sending[];
};

/** What is known about the mail without asking for it. */
export function useMailStatus(mail: Mail): MailStatus {
  const subscribe = useCallback((call: () => void) => mail.onChange(call), [mail]);
  // A snapshot must be the same thing while nothing changes; as text it is.
  const text = useSyncExternalStore(subscribe, () =>
    JSON.stringify({
      line: mail.line(),
      syncedAtMs: mail.syncedAtMs(),
      waiting: mail.waiting(),
      sendings: mail.sendings(),
    } satisfies MailStatus),
  );
  return JSON.parse(text) as MailStatus;
}
