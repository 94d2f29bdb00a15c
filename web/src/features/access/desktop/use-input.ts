import { type RefObject, useEffect, useRef } from 'react';
import { noteActivity } from '../../../api/session-keeper.ts';
import type { DesktopConnection } from './connection.ts';
import { Keyboard, type PasteKeys } from './keyboard.ts';
import { PADDING, typedSince } from './typed-text.ts';

/** A finger that rests this long is the right mouse button. */
const LONG_PRESS_MS = 550;
/** A finger may tremble this far. */
const TAP_SLOP_PX = 10;
/** The desktop needs a moment to hear of the clipboard before it is told to paste. */
const PASTE_DELAY_MS = 120;
const RIGHT_BUTTON = 2;

type Options = {
  connection: DesktopConnection | null;
  clipboard: boolean;
  canvas: RefObject<HTMLCanvasElement | null>;
  /** Takes the keys, so that phones show their keyboard and input methods work. */
  sink: RefObject<HTMLTextAreaElement | null>;
  onLeave: () => void;
};

/** Brings keys, mouse, wheel and fingers to the desktop. */
export function useInput({ connection, clipboard, canvas, sink, onLeave }: Options) {
  const keyboard = useRef(new Keyboard());
  const leave = useRef(onLeave);
  leave.current = onLeave;

  useEffect(() => {
    const surface = canvas.current;
    const keys = sink.current;
    if (!connection || !surface || !keys) return;
    const aborter = new AbortController();
    const { signal } = aborter;
    listenToKeys(connection, keyboard.current, keys, clipboard, () => leave.current(), signal);
    listenToPointer(connection, surface, keys, signal);
    keys.focus({ preventScroll: true });
    const release = () => connection.keys(keyboard.current.releaseAll());
    window.addEventListener('blur', release, { signal });
    return () => aborter.abort();
  }, [connection, clipboard, canvas, sink]);

  return keyboard.current;
}

function listenToKeys(
  connection: DesktopConnection,
  keyboard: Keyboard,
  keys: HTMLTextAreaElement,
  clipboard: boolean,
  onLeave: () => void,
  signal: AbortSignal,
) {
  let pasting: PasteKeys | undefined;
  const onKey = (event: KeyboardEvent) => {
    noteActivity();
    const { inputs, take, leave, paste } = keyboard.handle(event);
    if (take) event.preventDefault();
    if (paste && clipboard) {
      // The browser's `paste` event brings the text first; the keys follow it.
      pasting = paste;
      return;
    }
    if (paste) event.preventDefault();
    connection.syncLocks(event);
    connection.keys(inputs);
    if (leave) onLeave();
  };
  keys.addEventListener('keydown', onKey, { signal });
  keys.addEventListener('keyup', onKey, { signal });
  keys.addEventListener(
    'paste',
    (event) => {
      event.preventDefault();
      const text = event.clipboardData?.getData('text/plain') ?? '';
      const pressed = pasting;
      pasting = undefined;
      void pasteText(connection, keyboard, text, pressed);
    },
    { signal },
  );
  listenToText(connection, keyboard, keys, signal);
  keys.addEventListener('blur', () => connection.keys(keyboard.releaseAll()), { signal });
}

/** Text without keys: of phones, input methods, dictation, emoji pickers. */
function listenToText(
  connection: DesktopConnection,
  keyboard: Keyboard,
  field: HTMLTextAreaElement,
  signal: AbortSignal,
) {
  // A phone shows no word before it is complete; what is written there shall be seen at once. An input
  // method's intermediate letters are nobody's text.
  const asTyped = matchMedia('(pointer: coarse)').matches;
  let before = PADDING;
  const begin = () => {
    field.value = PADDING;
    field.setSelectionRange(PADDING.length, PADDING.length);
    before = PADDING;
  };
  const send = () => {
    noteActivity();
    const { deletions, text } = typedSince(before, field.value);
    before = field.value;
    connection.keys([...keyboard.presses('Backspace', deletions), ...keyboard.text(text)]);
  };
  begin();
  field.addEventListener('focus', begin, { signal });
  field.addEventListener(
    'input',
    (event) => {
      const composing = (event as InputEvent).isComposing;
      if (composing && !asTyped) return;
      send();
      if (!composing) begin();
    },
    { signal },
  );
  field.addEventListener(
    'compositionend',
    () => {
      send();
      begin();
    },
    { signal },
  );
}

/** Offers text to the desktop, then presses the keys there that paste it. */
export async function pasteText(
  connection: DesktopConnection,
  keyboard: Keyboard,
  text: string,
  keys: PasteKeys = ['ControlLeft', 'KeyV'],
): Promise<void> {
  if (text) {
    await connection.offerText(text);
    await new Promise((resolve) => setTimeout(resolve, PASTE_DELAY_MS));
  }
  connection.keys(keyboard.releaseAll());
  connection.keys(keyboard.chord(keys));
}

function listenToPointer(
  connection: DesktopConnection,
  surface: HTMLCanvasElement,
  keys: HTMLTextAreaElement,
  signal: AbortSignal,
) {
  const finger = new Finger(connection);
  surface.addEventListener(
    'pointerdown',
    (event) => {
      event.preventDefault();
      if (event.pointerType === 'touch') {
        finger.down(event);
        return;
      }
      keys.focus({ preventScroll: true });
      surface.setPointerCapture(event.pointerId);
      connection.syncLocks(event);
      connection.move(event.clientX, event.clientY);
      connection.button(event.button, true);
    },
    { signal },
  );
  surface.addEventListener(
    'pointermove',
    (event) => {
      if (event.pointerType === 'touch') finger.move(event);
      else connection.move(event.clientX, event.clientY);
    },
    { signal },
  );
  surface.addEventListener(
    'pointerup',
    (event) => {
      if (event.pointerType === 'touch') finger.up(event);
      else {
        connection.move(event.clientX, event.clientY);
        connection.button(event.button, false);
      }
    },
    { signal },
  );
  surface.addEventListener('pointercancel', () => finger.cancel(), { signal });
  surface.addEventListener('contextmenu', (event) => event.preventDefault(), { signal });
  surface.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      connection.wheel(event);
    },
    { signal, passive: false },
  );
}

/** One finger is the mouse: a tap clicks, a drag drags, a long press is the right button. */
class Finger {
  private start: { x: number; y: number } | null = null;
  private dragging = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly connection: DesktopConnection) {}

  down({ clientX, clientY, isPrimary }: PointerEvent): void {
    if (!isPrimary) {
      this.cancel();
      return;
    }
    this.start = { x: clientX, y: clientY };
    this.dragging = false;
    this.connection.move(clientX, clientY);
    this.timer = setTimeout(() => {
      this.start = null;
      this.click(RIGHT_BUTTON);
    }, LONG_PRESS_MS);
  }

  move({ clientX, clientY, isPrimary }: PointerEvent): void {
    if (!this.start || !isPrimary) return;
    const far = Math.hypot(clientX - this.start.x, clientY - this.start.y) > TAP_SLOP_PX;
    if (!this.dragging && far) {
      clearTimeout(this.timer);
      this.dragging = true;
      this.connection.button(0, true);
    }
    if (this.dragging) this.connection.move(clientX, clientY);
  }

  up({ clientX, clientY, isPrimary }: PointerEvent): void {
    clearTimeout(this.timer);
    if (!this.start || !isPrimary) return;
    this.start = null;
    this.connection.move(clientX, clientY);
    if (this.dragging) this.connection.button(0, false);
    else this.click(0);
    this.dragging = false;
  }

  cancel(): void {
    clearTimeout(this.timer);
    if (this.dragging) this.connection.button(0, false);
    this.dragging = false;
    this.start = null;
  }

  private click(button: number): void {
    this.connection.button(button, true);
    this.connection.button(button, false);
  }
}
