// @vitest-environment node
import { expect, test } from 'vitest';
import { wordsOf } from './words.ts';

test('German letters are written out, accents and case do not count', () => {
  expect(wordsOf('Straße STRASSE strasse')).toEqual(['strasse']);
  expect(wordsOf('Müller Mueller MU\u0308LLER')).toEqual(['mueller']);
  expect(wordsOf('Café Señor naïve Łódź')).toEqual(['cafe', 'senor', 'naive', 'łodz']);
  expect(wordsOf('ﬁne Ｆｕｌｌ')).toEqual(['fine', 'full']);
});

test('an address falls into its words', () => {
  expect(wordsOf('Erika.Linde-Fluss@post.amt.example, Az. 12/34-B')).toEqual([
    'erika',
    'linde',
    'fluss',
    'post',
    'amt',
    'example',
    'az',
    '12',
    '34',
    'b',
  ]);
});

test('writing without spaces falls into words where the browser has a dictionary', () => {
  expect(wordsOf('今日は天気')).toContain('天気');
  expect(wordsOf('Termin 天気 morgen')).toEqual(['termin', '天気', 'morgen']);
});

test('words and texts have an end', () => {
  expect(wordsOf('a'.repeat(1_000))).toEqual(['a'.repeat(40)]);
  const many = Array.from({ length: 6_000 }, (_, index) => `w${index}`).join(' ');
  expect(wordsOf(many)).toHaveLength(5_000);
  expect(wordsOf(`${' '.repeat(1_000_000)}late`)).toEqual([]);
  expect(wordsOf('… !? ')).toEqual([]);
});
