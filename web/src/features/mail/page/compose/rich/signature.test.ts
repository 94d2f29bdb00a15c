import { expect, it } from 'vitest';
import { cleaned } from './clean.ts';
import { htmlOf, textOf } from './convert.ts';
import { resignedHtml } from './signature.ts';

const resigned = (text: string, before: string, after: string) =>
  textOf(cleaned(resignedHtml(htmlOf(text), before, after)));

it('exchanges the signature of one sender for that of another', () => {
  const text = 'Hallo\n\n-- \nErika\nBauamt\n\n> Frage';
  expect(resigned(text, 'Erika\nBauamt', 'Stadt')).toBe('Hallo\n\n-- \nStadt\n\n> Frage');
  expect(resigned(text, 'Erika\nBauamt', '')).toBe('Hallo\n\n\n> Frage');
  expect(resigned('Hallo', '', 'Stadt')).toBe('Hallo\n\n-- \nStadt');
});

it('leaves one that was changed by hand', () => {
  const text = 'Hallo\n\n-- \nDie Erika';
  expect(resigned(text, 'Erika', 'Stadt')).toBe(text);
});
