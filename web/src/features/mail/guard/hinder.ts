import type { Rules } from './rules.ts';

/** More is not kept within the page. */
const MAX_INNER_CHARS = 1_000_000;
const DRAWN = 'img, canvas, svg, video, picture';

/**
 * Keeps what is shown from leaving the page by the usual ways: copying, cutting, dragging, printing, saving. It hinders
 * and does not enforce: a photograph of the screen, or the tools of the browser, need none of these ways.
 *
 * What is copied stays in the page's own memory and can be inserted there. The clipboard gets a sentence instead: it tells
 * people elsewhere why, and by it the page knows that nothing else was copied since.
 */
export function hinder(page: Document, rules: Rules, sentence: string): () => void {
  const ends: (() => void)[] = [];
  const on = <Name extends keyof DocumentEventMap>(
    name: Name,
    hear: (event: DocumentEventMap[Name]) => void,
  ) => {
    // First of all: no part of the page is to see what is held up here.
    page.addEventListener(name, hear, { capture: true });
    ends.push(() => page.removeEventListener(name, hear, { capture: true }));
  };
  if (!rules.copyOut) holdUpCopying(page, sentence, on);
  on('keydown', (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    if ((key === 'p' && !rules.print) || (key === 's' && !rules.download)) stop(event);
  });
  if (!rules.print) {
    page.documentElement.classList.add('fa-guard--unprinted');
    ends.push(() => page.documentElement.classList.remove('fa-guard--unprinted'));
  }
  return () => {
    for (const end of ends) end();
  };
}

type On = <Name extends 'copy' | 'cut' | 'paste' | 'dragstart' | 'contextmenu'>(
  name: Name,
  hear: (event: DocumentEventMap[Name]) => void,
) => void;

function holdUpCopying(page: Document, sentence: string, on: On): void {
  let inner = '';
  const take = (event: ClipboardEvent) => {
    const text = selectedText(page);
    stop(event);
    if (text === '') return;
    inner = text.slice(0, MAX_INNER_CHARS);
    event.clipboardData?.setData('text/plain', sentence);
    if (event.type === 'cut') page.execCommand('delete');
  };
  on('copy', take);
  on('cut', take);
  on('paste', (event) => {
    if (event.clipboardData?.getData('text/plain') !== sentence) return;
    stop(event);
    if (inner !== '') page.execCommand('insertText', false, inner);
  });
  on('dragstart', (event) => {
    // What we made to be dragged carries no content.
    const { target } = event;
    if (!(target instanceof Element) || !target.closest('[draggable="true"]')) stop(event);
  });
  on('contextmenu', (event) => {
    if (event.target instanceof Element && event.target.closest(DRAWN)) event.preventDefault();
  });
}

function stop(event: Event): void {
  event.preventDefault();
  event.stopImmediatePropagation();
}

function selectedText(page: Document): string {
  const field = page.activeElement;
  const isField = field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement;
  if (!isField) return page.getSelection()?.toString() ?? '';
  if (field.type === 'password') return '';
  const { selectionStart, selectionEnd, value } = field;
  return value.slice(selectionStart ?? 0, selectionEnd ?? 0);
}

/** How often it is asked whether the window is still in front while a frame has the focus: then no event tells. */
const LOOK_EVERY_MS = 250;

/** Calls when the person goes to another window, and when they come back. */
export function watchLeaving(window: Window, call: (isAway: boolean) => void): () => void {
  const { document } = window;
  let wasAway = false;
  const look = () => {
    const isAway = document.visibilityState === 'hidden' || !document.hasFocus();
    if (isAway === wasAway) return;
    wasAway = isAway;
    call(isAway);
  };
  // At the moment of the event, the focus may be on its way into a frame of ours.
  const soon = () => window.setTimeout(look, 0);
  window.addEventListener('blur', soon);
  window.addEventListener('focus', look);
  document.addEventListener('visibilitychange', look);
  const timer = window.setInterval(() => {
    if (document.activeElement instanceof HTMLIFrameElement) look();
  }, LOOK_EVERY_MS);
  return () => {
    window.removeEventListener('blur', soon);
    window.removeEventListener('focus', look);
    document.removeEventListener('visibilitychange', look);
    window.clearInterval(timer);
  };
}
