import { expect, it } from 'vitest';
import type { Undone } from '../model.ts';
import {
  bounded,
  lostDraft,
  MAX_UNDONE,
  MAX_UNDONE_TEXT_CHARS,
  MAX_UNDONE_TEXTS_CHARS,
  withUndone,
} from './undone.ts';

const WHERE = { account: 'Bürgerbüro', why: 'closed' as const, atMs: 0 };
const undone = (id: string, text: string): Undone => ({
  ...lostDraft({ subject: '', text }, id),
  ...WHERE,
  id,
});

it('keeps what the person wrote, and nothing of what they quoted or passed on', () => {
  const text = 'Guten Tag\n\n> Geheimes\nAnbei\n\n---------- Weitergeleitet ----------\nGeheimes';
  expect(lostDraft({ subject: 'Antrag', text }, 'a').text).toBe('Guten Tag\n\nAnbei');
  expect(lostDraft({ subject: 'Antrag', text: '> Geheimes' }, 'a')).not.toHaveProperty('text');
});

it('tells the same thing once, as it was last', () => {
  const all = withUndone(
    [undone('a', 'eins'), undone('b', 'zwei')],
    [undone('a', 'eins und mehr')],
  );
  expect(all.map(({ id, text }) => [id, text])).toEqual([
    ['b', 'zwei'],
    ['a', 'eins und mehr'],
  ]);
});

it('keeps so many, so long texts, and so much text in all', () => {
  const long = 'x'.repeat(MAX_UNDONE_TEXT_CHARS + 1);
  const one = undone('a', long);
  expect(one.text).toHaveLength(MAX_UNDONE_TEXT_CHARS);
  const many = Array.from({ length: MAX_UNDONE + 1 }, (_, at) => ({ ...one, id: String(at) }));
  const kept = withUndone([], many);
  expect(kept).toHaveLength(MAX_UNDONE);
  const fit = Math.floor(MAX_UNDONE_TEXTS_CHARS / MAX_UNDONE_TEXT_CHARS);
  expect(kept.map(({ text }) => text !== undefined)).toEqual(
    kept.map((_, at) => at >= MAX_UNDONE - fit),
  );
  expect(bounded(kept)).toEqual(kept);
});
