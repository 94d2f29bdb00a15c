import './desktop.css';
import '../problems.ts';
import { useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { createLazyRoute, useParams } from '@tanstack/react-router';
import { useCallback, useEffect, useRef, useState } from 'react';
import { announce } from '../../../ui/status.tsx';
import { targetsQuery } from '../targets.ts';
import { DesktopOverlay } from './desktop-overlay.tsx';
import { guessLayout, type LayoutName } from './keyboard-layout.ts';
import { Toolbar } from './toolbar.tsx';
import { useDesktop } from './use-desktop.ts';
import { pasteText, useInput } from './use-input.ts';

export const DesktopRoute = createLazyRoute('/angemeldet/arbeitsplatz/$targetId')({
  component: DesktopPage,
});

const RESIZE_PAUSE_MS = 250;
const STORED_LAYOUT = 'fernamt-keyboard';

/** A desktop in a tab of its own: a toolbar, and the desktop in all the room that is left. */
function DesktopPage() {
  const { t } = useLingui();
  const { targetId } = useParams({ from: '/angemeldet/arbeitsplatz/$targetId' });
  const { data } = useQuery(targetsQuery);
  const canvas = useRef<HTMLCanvasElement>(null);
  const stage = useRef<HTMLDivElement>(null);
  const sink = useRef<HTMLTextAreaElement>(null);
  const toolbar = useRef<HTMLButtonElement>(null);
  const [layout, setLayout] = useLayout();
  const fromDesktop = useClipboardFromDesktop();

  const { state, open, answer, end } = useDesktop({
    targetId,
    layout,
    canvas,
    stage,
    onClipboard: fromDesktop,
  });
  const connection = state.at === 'running' ? state.connection : null;
  const clipboard = state.at === 'running' && state.opened.clipboard;
  const keyboard = useInput({
    connection,
    clipboard,
    canvas,
    sink,
    onLeave: () => toolbar.current?.focus(),
  });
  useResize(stage, (size) => connection?.resize(size));
  useEffect(() => () => void leaveFullScreen(), []);

  const name =
    ((state.at === 'running' || state.at === 'asking') && state.opened.name) ||
    (state.at === 'connecting' && state.name) ||
    data?.targets.find(({ id }) => id === targetId)?.name ||
    t`Arbeitsplatz`;

  const paste = async () => {
    if (!connection) return;
    try {
      await pasteText(connection, keyboard, await navigator.clipboard.readText());
      sink.current?.focus();
    } catch {
      announce(
        'warning',
        t`Der Browser gibt die Zwischenablage nicht frei.`,
        t`Klicken Sie in den Arbeitsplatz und drücken Sie Strg+V.`,
      );
    }
  };

  return (
    <div className="fa-desktop">
      <title>{`${name} – Fernamt`}</title>
      <Toolbar
        name={name}
        state={state}
        layout={layout ?? 'de'}
        firstButton={toolbar}
        onFullScreen={() => void toggleFullScreen()}
        onKeys={(codes) => {
          connection?.keys(keyboard.chord(codes));
          sink.current?.focus();
        }}
        onPaste={() => void paste()}
        onKeyboard={() => showKeyboard(sink.current)}
        onLayout={setLayout}
        onReconnect={() => void open()}
        onEnd={end}
      />
      <main id="inhalt" className="fa-desktop__stage" ref={stage}>
        <h1 className="kern-sr-only" tabIndex={-1}>
          {name}
        </h1>
        <canvas
          ref={canvas}
          className="fa-desktop__canvas"
          width={0}
          height={0}
          hidden={state.at !== 'running' && state.at !== 'interrupted'}
        />
        <textarea
          ref={sink}
          className="fa-desktop__sink"
          aria-label={t`Tastatur für ${name}`}
          aria-describedby="arbeitsplatz-tasten"
          autoCapitalize="off"
          autoComplete="off"
          autoCorrect="off"
          spellCheck={false}
          rows={1}
          tabIndex={state.at === 'running' ? 0 : -1}
        />
        <p id="arbeitsplatz-tasten" className="kern-sr-only">
          {t`Alle Tasten gehen an den Arbeitsplatz. Mit Strg+Alt+Pos1 kommen Sie in die Leiste zurück.`}
        </p>
        <DesktopOverlay
          name={name}
          state={state}
          onOpen={() => void open()}
          onCredentials={answer}
        />
      </main>
    </div>
  );
}

function useLayout(): [LayoutName | null, (next: LayoutName) => void] {
  const [layout, setLayout] = useState<LayoutName | null>(
    () => localStorage.getItem(STORED_LAYOUT) as LayoutName | null,
  );
  useEffect(() => {
    if (!layout) void guessLayout().then(setLayout);
  }, [layout]);
  const choose = (next: LayoutName) => {
    localStorage.setItem(STORED_LAYOUT, next);
    setLayout(next);
  };
  return [layout, choose];
}

/** Text copied on the desktop comes into the own clipboard, at the latest when the tab is in front. */
function useClipboardFromDesktop(): (text: string) => void {
  const waiting = useRef<string | null>(null);
  const write = useCallback(async () => {
    const text = waiting.current;
    if (text === null || !document.hasFocus()) return;
    try {
      await navigator.clipboard.writeText(text);
      waiting.current = null;
    } catch {
      // Some browsers want a press first; the next one brings it.
    }
  }, []);
  useEffect(() => {
    const retry = () => void write();
    for (const event of ['focus', 'pointerdown', 'keydown'] as const) {
      window.addEventListener(event, retry, true);
    }
    return () => {
      for (const event of ['focus', 'pointerdown', 'keydown'] as const) {
        window.removeEventListener(event, retry, true);
      }
    };
  }, [write]);
  return useCallback(
    (text: string) => {
      waiting.current = text;
      void write();
    },
    [write],
  );
}

function useResize(
  stage: { current: HTMLElement | null },
  onResize: (size: { width: number; height: number }) => void,
) {
  const latest = useRef(onResize);
  latest.current = onResize;
  useEffect(() => {
    const element = stage.current;
    if (!element) return;
    let timer: ReturnType<typeof setTimeout>;
    const observer = new ResizeObserver(() => {
      clearTimeout(timer);
      timer = setTimeout(() => latest.current(element.getBoundingClientRect()), RESIZE_PAUSE_MS);
    });
    observer.observe(element);
    return () => {
      clearTimeout(timer);
      observer.disconnect();
    };
  }, [stage]);
}

type WithVirtualKeyboard = { virtualKeyboard?: { show: () => void } };

/** Brings up the phone's keyboard, also when it was put away while the field kept the focus. */
function showKeyboard(field: HTMLElement | null): void {
  field?.blur();
  field?.focus({ preventScroll: true });
  (navigator as WithVirtualKeyboard).virtualKeyboard?.show();
}

async function leaveFullScreen(): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen();
}

type LockableKeyboard = { keyboard?: { lock?: () => Promise<void> } };

/** The whole document fills the screen: menus and messages are mounted beside the page, not in it. */
async function toggleFullScreen(): Promise<void> {
  if (document.fullscreenElement) {
    await leaveFullScreen();
    return;
  }
  await document.documentElement.requestFullscreen({ navigationUI: 'hide' });
  // Where the browser can, Alt+Tab and the Windows key go to the desktop too.
  await (navigator as LockableKeyboard).keyboard?.lock?.().catch(() => undefined);
}
