import { useCallback, useEffect, useRef, useState } from 'react';
import { api, must } from '../../../api/client.ts';
import { LineProblem } from '../../../api/problem.ts';
import { type Credentials, DesktopConnection, DesktopEnd, type Opened } from './connection.ts';
import { type LayoutName, layouts } from './keyboard-layout.ts';
import { type OutcomeText, outcomeText, passes } from './outcome-text.ts';

/** Where the desktop stands. */
export type DesktopState =
  | { at: 'opening' }
  | { at: 'asking'; opened: Opened; refused: boolean }
  | { at: 'connecting'; name: string }
  | { at: 'running'; connection: DesktopConnection; opened: Opened }
  | { at: 'interrupted'; attempt: number; retryAt: number }
  | { at: 'refused'; problem: unknown }
  | { at: 'ended'; text: OutcomeText };

const SECOND_MS = 1_000;
/** Waits between attempts after a broken line. */
const RETRY_S = [1, 2, 4, 8, 15] as const;
const MAX_ATTEMPTS = 60;

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

      const interrupted = () => {
        if (attempt >= MAX_ATTEMPTS) {
          setState({ at: 'ended', text: outcomeText(LINE_LOST) });
          return;
        }
        const seconds = RETRY_S[Math.min(attempt, RETRY_S.length - 1)] ?? 1;
        setState({ at: 'interrupted', attempt, retryAt: Date.now() + seconds * SECOND_MS });
        setTimeout(() => {
          if (current()) void open(attempt + 1);
        }, seconds * SECOND_MS);
      };
      const over = (end: DesktopEnd['end'], opened: Opened) => {
        if (!current()) return;
        live.current = null;
        if (end.logonFailed && opened.credssp) {
          known.current = null;
          setState({ at: 'asking', opened, refused: true });
        } else if (passes(end)) interrupted();
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
        if (error instanceof LineProblem && attempt > 0) interrupted();
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
        over(await connection.ended, opened);
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

const LINE_LOST = { close: { code: 1006, word: '' }, logonFailed: false };
const ENDED_HERE = { close: { code: 1000, word: 'browser_ended' }, logonFailed: false };
