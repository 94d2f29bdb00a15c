import { describe, expect, it } from 'vitest';
import { Keyboard } from './keyboard.ts';
import { withLayout } from './keyboard-layout.ts';

const event = (type: 'keydown' | 'keyup', code: string, more: Record<string, unknown> = {}) => ({
  type,
  code,
  key: '',
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  shiftKey: false,
  isComposing: false,
  repeat: false,
  ...more,
});

const scans = (inputs: ReturnType<Keyboard['chord']>) =>
  inputs.map((input) =>
    input.type === 'key'
      ? `${input.pressed ? '+' : '-'}${input.scancode.toString(16)}`
      : input.character,
  );

describe('the keyboard', () => {
  it('sends keys by their place', () => {
    const keyboard = new Keyboard();
    expect(scans(keyboard.handle(event('keydown', 'KeyY', { key: 'z' })).inputs)).toEqual(['+15']);
    expect(scans(keyboard.handle(event('keyup', 'KeyY', { key: 'z' })).inputs)).toEqual(['-15']);
    expect(scans(keyboard.handle(event('keydown', 'IntlBackslash')).inputs)).toEqual(['+56']);
    expect(scans(keyboard.handle(event('keydown', 'Delete')).inputs)).toEqual(['+e053']);
  });

  it('takes back the Ctrl that Windows invents before AltGr', () => {
    const keyboard = new Keyboard();
    keyboard.handle(event('keydown', 'ControlLeft', { key: 'Control', ctrlKey: true }));
    const altGr = keyboard.handle(
      event('keydown', 'AltRight', { key: 'AltGraph', ctrlKey: true, altKey: true }),
    );
    expect(scans(altGr.inputs)).toEqual(['-1d', '+e038']);
    expect(keyboard.handle(event('keyup', 'ControlLeft')).inputs).toEqual([]);
  });

  it('lets the browser paste, and sends the keys after it', () => {
    const handling = new Keyboard().handle(event('keydown', 'KeyV', { ctrlKey: true }));
    expect(handling).toMatchObject({ take: false, paste: true });
  });

  it('gives the toolbar back on Ctrl+Alt+Home and lets go of every key', () => {
    const keyboard = new Keyboard();
    keyboard.handle(event('keydown', 'ControlLeft', { ctrlKey: true }));
    const left = keyboard.handle(event('keydown', 'Home', { ctrlKey: true, altKey: true }));
    expect(left.leave).toBe(true);
    expect(scans(left.inputs)).toEqual(['-1d']);
  });

  it('sends as characters what has no place on the keyboard', () => {
    const keyboard = new Keyboard();
    expect(keyboard.handle(event('keydown', '', { key: 'Unidentified' })).take).toBe(false);
    expect(scans(keyboard.text('ä€\n'))).toEqual(['ä', '€', '+1c', '-1c']);
  });

  it('presses Ctrl+Alt+Del and lets go in reverse', () => {
    const chord = new Keyboard().chord(['ControlLeft', 'AltLeft', 'Delete']);
    expect(scans(chord)).toEqual(['+1d', '+38', '+e053', '-e053', '-38', '-1d']);
  });
});

describe('the keyboard layout', () => {
  it('is written into the client core data and nowhere else', () => {
    const message = new Uint8Array(64).fill(7);
    message.set([0x01, 0xc0, 0xea, 0x00, 0x04, 0x00, 0x08, 0x00], 20);
    message.set([0x00, 0x05, 0x20, 0x03, 0x01, 0xca, 0x03, 0xaa, 0, 0, 0, 0], 28);
    const patched = withLayout(message, 0x407);
    expect([...patched.subarray(36, 40)]).toEqual([0x07, 0x04, 0, 0]);
    expect([...message.subarray(36, 40)]).toEqual([0, 0, 0, 0]);
    const other = new Uint8Array(64).fill(7);
    expect(withLayout(other, 0x407)).toBe(other);
  });
});
