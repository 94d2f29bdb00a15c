import type { Page } from 'playwright-core';

type Key = { code: string; shift?: boolean; altGr?: boolean };

const plain: Record<string, string> = {
  ' ': 'Space',
  '\n': 'Enter',
  '\t': 'Tab',
  ',': 'Comma',
  '.': 'Period',
  '-': 'Slash',
  '+': 'BracketRight',
  '#': 'Backslash',
  '<': 'IntlBackslash',
  ß: 'Minus',
  ä: 'Quote',
  ö: 'Semicolon',
  ü: 'BracketLeft',
  y: 'KeyZ',
  z: 'KeyY',
};
const shifted: Record<string, string> = {
  '>': 'IntlBackslash',
  '/': 'Digit7',
  _: 'Slash',
  ':': 'Period',
};
const withAltGr: Record<string, string> = {
  '@': 'KeyQ',
  '€': 'KeyE',
  '{': 'Digit7',
  '}': 'Digit0',
  '[': 'Digit8',
  ']': 'Digit9',
  '\\': 'Minus',
  '|': 'IntlBackslash',
};

/** Where a character is on a German keyboard. */
function keyOf(character: string): Key {
  const lower = character.toLowerCase();
  if (/^[0-9]$/.test(character)) return { code: `Digit${character}` };
  if (plain[character]) return { code: plain[character] };
  if (shifted[character]) return { code: shifted[character], shift: true };
  if (withAltGr[character]) return { code: withAltGr[character], altGr: true };
  const code = plain[lower] ?? (/^[a-z]$/.test(lower) ? `Key${lower.toUpperCase()}` : undefined);
  if (!code) throw new Error(`no key for ${character}`);
  return { code, shift: lower !== character };
}

/** How fast the keys follow each other; a terminal in a picture needs a moment. */
const KEY_PAUSE_MS = 35;

/** Types as somebody at a German keyboard does: by the keys' places, AltGr and all. */
export async function typeGerman(page: Page, text: string): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  const send = (type: 'rawKeyDown' | 'keyUp', code: string, key: string) =>
    devtools.send('Input.dispatchKeyEvent', { type, code, key });
  for (const character of text) {
    const { code, shift, altGr } = keyOf(character);
    if (shift) await send('rawKeyDown', 'ShiftLeft', 'Shift');
    if (altGr) await send('rawKeyDown', 'AltRight', 'AltGraph');
    await send('rawKeyDown', code, character);
    await send('keyUp', code, character);
    if (altGr) await send('keyUp', 'AltRight', 'AltGraph');
    if (shift) await send('keyUp', 'ShiftLeft', 'Shift');
    await page.waitForTimeout(KEY_PAUSE_MS);
  }
  await devtools.detach();
}
