import { expect, it } from 'vitest';
import { hashOf, NOWHERE, parsePlace } from './place.ts';

it('reads every place back from its address', () => {
  const texts = [null, 'inbox', 'a/b', 't', 'schreiben', 'ä ö%#?', '../..'];
  for (const folder of texts)
    for (const words of texts)
      for (const thread of texts)
        for (const writing of [false, true]) {
          const place = { folder, words, thread, writing };
          expect(parsePlace(hashOf(place))).toEqual(place);
        }
});

it('knows the files area, also while a message is written', () => {
  for (const writing of [false, true]) {
    const place = { ...NOWHERE, files: true as const, writing };
    expect(parsePlace(hashOf(place))).toEqual(place);
  }
});

it('names no word that is searched for in the address, and forgets the oldest of many', () => {
  const searchFor = (words: string) => hashOf({ ...NOWHERE, words });
  const first = searchFor('Beförderung');
  expect(first).toMatch(/^#\/s\/\d+$/);
  expect(searchFor('Beförderung')).toBe(first);
  expect(parsePlace(first)?.words).toBe('Beförderung');
  for (let at = 0; at < 100; at += 1) searchFor(`Wort ${at}`);
  expect(parsePlace(first)?.words).toBeNull();
  expect(parsePlace('#/s/Beförderung')?.words).toBeNull();
});

it('takes no harm from addresses that others made', () => {
  expect(parsePlace('#inhalt')).toBeNull();
  expect(parsePlace('')).toBeNull();
  expect(parsePlace('#/f/%E0%A4%A/t/x')).toEqual({ ...NOWHERE, thread: 'x' });
  expect(parsePlace('#/f')).toEqual(NOWHERE);
  expect(parsePlace('#/f//t//schreiben')).toEqual({ ...NOWHERE, writing: true });
});
