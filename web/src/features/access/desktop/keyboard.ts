import { scancodes } from './scancodes.ts';

/** What goes to the desktop: a key by its place on the keyboard, or a character. */
export type KeyInput =
  | { type: 'key'; scancode: number; pressed: boolean }
  | { type: 'character'; character: string };

type KeyEvent = Pick<
  KeyboardEvent,
  'type' | 'code' | 'key' | 'ctrlKey' | 'altKey' | 'metaKey' | 'shiftKey' | 'isComposing' | 'repeat'
>;

/** The keys that paste; the desktop gets the same ones. */
export type PasteKeys = readonly ['ControlLeft', 'KeyV'] | readonly ['ShiftLeft', 'Insert'];

export type KeyHandling = {
  inputs: KeyInput[];
  /** The browser must not act on the key itself. */
  take: boolean;
  /** The person wants the toolbar (Ctrl+Alt+Home). */
  leave?: boolean;
  /** The person pastes: the clipboard goes first, then the keys. */
  paste?: PasteKeys;
};

const CONTROL_LEFT = 0x1d;
const IGNORED: KeyHandling = { inputs: [], take: false };

/**
 * Turns key events into what a PC keyboard would have sent. Keys go by their place, so that the
 * desktop's own layout makes the character, dead keys and AltGr included; what comes without a place
 * (a phone's keyboard, an input method) goes as characters.
 */
export class Keyboard {
  private readonly pressed = new Set<number>();

  /** A key went down or up. */
  handle(event: KeyEvent): KeyHandling {
    if (event.isComposing || event.key === 'Process') return IGNORED;
    // A phone's keyboard tells no places, but names the keys that make no character.
    const scancode = scancodes[event.code || event.key];
    if (scancode === undefined) return IGNORED;
    return event.type === 'keydown' ? this.down(event, scancode) : this.up(scancode);
  }

  /** Text that no key made: each character by itself. */
  text(text: string): KeyInput[] {
    return [...text].flatMap((character): KeyInput[] =>
      character === '\n' ? tap(scancodes.Enter ?? 0) : [{ type: 'character', character }],
    );
  }

  /** One key again and again. */
  presses(code: string, times: number): KeyInput[] {
    return Array.from({ length: times }).flatMap(() => tap(scancodes[code] ?? 0));
  }

  /** Lets go of everything, for instance when the window loses the focus. */
  releaseAll(): KeyInput[] {
    const inputs = [...this.pressed].map((scancode) => key(scancode, false));
    this.pressed.clear();
    return inputs;
  }

  /** Keys pressed together and let go in reverse, such as Ctrl+Alt+Del. */
  chord(codes: readonly string[]): KeyInput[] {
    const places = codes.map((code) => scancodes[code] ?? 0);
    return [
      ...places.map((scancode) => key(scancode, true)),
      ...places.reverse().map((scancode) => key(scancode, false)),
    ];
  }

  private down(event: KeyEvent, scancode: number): KeyHandling {
    if (event.ctrlKey && event.altKey && event.code === 'Home') {
      return { inputs: this.releaseAll(), take: true, leave: true };
    }
    const inputs: KeyInput[] = [];
    // Windows invents a left Ctrl before AltGr. The desktop's own AltGr does the same, and a Unix
    // desktop would see Ctrl+AltGr: so the invented one is taken back.
    if (event.key === 'AltGraph' && this.pressed.delete(CONTROL_LEFT)) {
      inputs.push(key(CONTROL_LEFT, false));
    }
    this.pressed.add(scancode);
    inputs.push(key(scancode, true));
    const paste = pasteKeys(event);
    return paste ? { inputs, take: false, paste } : { inputs, take: true };
  }

  private up(scancode: number): KeyHandling {
    if (!this.pressed.delete(scancode)) return { inputs: [], take: true };
    return { inputs: [key(scancode, false)], take: true };
  }
}

function pasteKeys(event: KeyEvent): PasteKeys | undefined {
  if (event.ctrlKey && !event.altKey && event.code === 'KeyV') return ['ControlLeft', 'KeyV'];
  if (event.shiftKey && event.code === 'Insert') return ['ShiftLeft', 'Insert'];
  return undefined;
}

const key = (scancode: number, pressed: boolean): KeyInput => ({ type: 'key', scancode, pressed });
const tap = (scancode: number) => [key(scancode, true), key(scancode, false)];
