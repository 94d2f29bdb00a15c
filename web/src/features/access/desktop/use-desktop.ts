import { useCallback, useEffect, useRef, useState } from 'react';
import { api, must } from '../../../api/client.ts';
import { lineFailed } from '../../../api/line.ts';
import { LineProblem } from '../../../api/problem.ts';
import { type Credentials, DesktopConnection, DesktopEnd, type Opened } from './connection.ts';
import { type LayoutName, layouts } from './keyboard-layout.ts';
import { type Break, breakOf, type OutcomeText, outcomeText } from './outcome-text.ts';

/** Where the desktop stands. */
export type DesktopState =
  | { at: 'opening' }
  | { at: 'asking'; opened: Opened; refused: boolean }
  | { at: 'connecting'; name: string }
  | { at: 'running'; connection: DesktopConnection; opened: Opened }
  | { at: 'interrupted'; what: Break; attempt: number; of: number; retryAt: number }
  | { at: 'refused'; problem: unknown }
  | { at: 'ended'; text: OutcomeText };

const SECOND_MS = 1_000;
/** Waits between attempts after a broken line. */
const RETRY_S = [1, 2, 4, 8, 15] as const;
/** So often a broken line is tried again, about a quarter of an hour, and a desktop that fell silent. */
const MAX_ATTEMPTS: Readonly<Record<Break, number>> = { line: 60, desktop: 15 };
/** A connection that lasts this long is a good one: the next break counts from the beginning. */
const GOOD_MS = 10_000;
/** After so much silence the server is asked whether it is still there. A dead line says nothing. */
const SILENCE_MS = 6_000;
const PROBE_EVERY_MS = 3_000;
const PROBE_LIMIT_MS = 5_000;

type Options = {
  targetId: string;
  layout: LayoutName | null;
  canvas: { current: HTMLCanvasElement | null };
  stage: { current: HTMLElement | null };
  onClipboard: (text: string) => void;
};

/** Opens a desktop and keeps it open: asks, connects, and connects again when the line breaks. */
export function useDesktop({ targetId, layout, canvas, stage, onClipboard }: Options) {
  const [state, setState] = useState<DesktopState>({ at: 'opening' });
  /** Counts the beginnings: whatever belongs to an older one is dropped. */
  const run = useRef(0);
  const live = useRef<DesktopConnection | null>(null);
  const known = useRef<Credentials | null>(null);
  const onClipboardRef = useRef(onClipboard);
  onClipboardRef.current = onClipboard;

  const open = useCallback(
    async (attempt = 0) => {
      if (!layout) return;
      run.current += 1;
      const mine = run.current;
      const current = () => mine === run.current;
      live.current?.close();
      live.current = null;
      if (attempt === 0) setState({ at: 'opening' });

      let tries = attempt;
      const interrupted = (what: Break) => {
        const limit = MAX_ATTEMPTS[what];
        if (tries >= limit) {
          setState({ at: 'ended', text: outcomeText(what === 'line' ? LINE_LOST : DESKTOP_GONE) });
          return;
        }
        const waitMs = (RETRY_S[Math.min(tries, RETRY_S.length - 1)] ?? 1) * SECOND_MS;
        const next = tries + 1;
        setState({
          at: 'interrupted',
          what,
          attempt: next,
          of: limit,
          retryAt: Date.now() + waitMs,
        });
        const retry = () => {
          clearTimeout(timer);
          window.removeEventListener('online', retry);
          if (current()) void open(next);
        };
        const timer = setTimeout(retry, waitMs);
        window.addEventListener('online', retry);
      };
      const over = (end: DesktopEnd['end'], opened: Opened) => {
        if (!current()) return;
        live.current = null;
        const broken = breakOf(end, tries > 0);
        if (end.logonFailed && opened.credssp) {
          known.current = null;
          setState({ at: 'asking', opened, refused: true });
        } else if (broken) interrupted(broken);
        else setState({ at: 'ended', text: outcomeText(end) });
      };

      let opened: Opened;
      try {
        const answer = await must(
          api.POST('/api/v1/me/targets/{id}/open', { params: { path: { id: targetId } } }),
        );
        if (!current()) return;
        if (answer.kind !== 'desktop') throw new Error('the target is no desktop');
        opened = answer;
      } catch (error) {
        if (!current()) return;
        if (error instanceof LineProblem && attempt > 0) interrupted('line');
        else setState({ at: 'refused', problem: error });
        return;
      }
      const credentials = known.current ?? {
        username: opened.username ?? '',
        password: opened.password ?? '',
        domain: opened.domain ?? '',
      };
      if (opened.credssp && !credentials.password) {
        setState({ at: 'asking', opened, refused: false });
        return;
      }
      if (attempt === 0) setState({ at: 'connecting', name: opened.name });
      const surface = canvas.current;
      const box = stage.current?.getBoundingClientRect();
      if (!surface || !box) return;
      try {
        const connection = await DesktopConnection.open({
          opened,
          credentials,
          canvas: surface,
          space: box,
          layout: layouts[layout],
          onClipboard: (text) => onClipboardRef.current(text),
          onResized: () => undefined,
        });
        if (!current()) {
          connection.close();
          return;
        }
        live.current = connection;
        setState({ at: 'running', connection, opened });
        const since = Date.now();
        const end = await Promise.race([connection.ended, lineDeath(connection)]);
        if (Date.now() - since >= GOOD_MS) tries = 0;
        over(end, opened);
      } catch (error) {
        if (!current()) return;
        if (error instanceof DesktopEnd) over(error.end, opened);
        else setState({ at: 'refused', problem: error });
      }
    },
    [targetId, layout, canvas, stage],
  );

  /** Connects with what the person typed. */
  const answer = useCallback(
    (credentials: Credentials) => {
      known.current = credentials;
      void open();
    },
    [open],
  );

  /** Ends the connection for good. */
  const end = useCallback(() => {
    run.current += 1;
    live.current?.close();
    live.current = null;
    setState({ at: 'ended', text: outcomeText(ENDED_HERE) });
  }, []);

  useEffect(() => {
    void open();
    return () => {
      run.current += 1;
      live.current?.close();
      live.current = null;
    };
  }, [open]);

  return { state, open, answer, end };
}

const LINE_LOST = { close: { code: 1006, word: '' }, logonFailed: false, goodbye: null };
const DESKTOP_GONE = {
  close: { code: 4421, word: 'target_unreachable' },
  logonFailed: false,
  goodbye: null,
};
const ENDED_HERE = {
  close: { code: 1000, word: 'browser_ended' },
  logonFailed: false,
  goodbye: null,
};

/** Resolves when the line is dead although no side has closed it. */
function lineDeath(connection: DesktopConnection): Promise<DesktopEnd['end']> {
  return new Promise((resolve) => {
    const timer = setInterval(async () => {
      if (connection.silentMs() < SILENCE_MS) return;
      const signal = AbortSignal.timeout(PROBE_LIMIT_MS);
      try {
        await fetch('/api/v1/sign-in/challenge', { cache: 'no-store', signal });
      } catch {
        lineFailed();
        connection.close();
        resolve(LINE_LOST);
      }
    }, PROBE_EVERY_MS);
    void connection.ended.finally(() => clearInterval(timer));
  });
}
