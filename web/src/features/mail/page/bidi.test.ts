import { expect, it } from 'vitest';
import { isolated, tamed, tamedFile } from './bidi.ts';

it('shows in what a file ends, however its name turns around', () => {
  expect(tamedFile('Rechnung_\u202Efdp.exe')).toBe('Rechnung_fdp.exe');
  expect(tamedFile('Rechnung\u2067fdp.\u2069exe\u200F')).toBe('Rechnungfdp.exe');
  expect(tamedFile('Bild\u200B.png\n.exe')).toBe('Bild.png .exe');
});

it('keeps what a language needs, and what it says to itself', () => {
  expect(tamed('שלום עולם')).toBe('שלום עולם');
  expect(tamed('\u200Fשלום!')).toBe('\u200Fשלום!');
  expect(isolated('a\u202Eb')).toBe('\u2068ab\u2069');
});
