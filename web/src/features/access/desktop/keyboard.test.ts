import { describe, expect, it } from 'vitest';
import { Keyboard } from './keyboard.ts';

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
    expect(handling).toMatchObject({ take: false, paste: ['ControlLeft', 'KeyV'] });
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
    expect(scans(keyboard.presses('Backspace', 2))).toEqual(['+e', '-e', '+e', '-e']);
  });

  it('knows keys without a place by their name', () => {
    const keyboard = new Keyboard();
    expect(scans(keyboard.handle(event('keydown', '', { key: 'Backspace' })).inputs)).toEqual([
      '+e',
    ]);
    expect(scans(keyboard.handle(event('keyup', '', { key: 'Backspace' })).inputs)).toEqual(['-e']);
  });

  it('presses Ctrl+Alt+Del and lets go in reverse', () => {
    const chord = new Keyboard().chord(['ControlLeft', 'AltLeft', 'Delete']);
    expect(scans(chord)).toEqual(['+1d', '+38', '+e053', '-e053', '-38', '-1d']);
  });
});
