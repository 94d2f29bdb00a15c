import { i18n } from '@lingui/core';
import { beforeAll, expect, it } from 'vitest';
import { ActRefused } from './socket.ts';
import { refusalText } from './words.ts';

beforeAll(() => i18n.loadAndActivate({ locale: 'de', messages: {} }));

it.each([
  ['Liste\u202Efdp', /6.*U\+202E/],
  ['  a\n\tb\u0007', /5.*U\+0007/],
  ['a\u2029b', /2.*U\+2029/],
])('a text that is refused for a character nobody sees says which and where: %j', (text, says) => {
  expect(refusalText(new ActRefused('bad_text'), text)[1]).toMatch(says);
});

it('a text that is refused for its length names no character', () => {
  const [, advice] = refusalText(
    new ActRefused('bad_text'),
    'Zeile 1\nZeile 2\tund mehr'.repeat(999),
  );
  expect(advice).not.toContain('U+');
});
