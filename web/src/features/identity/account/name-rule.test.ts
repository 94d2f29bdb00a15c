import { i18n } from '@lingui/core';
import { beforeAll, expect, it } from 'vitest';
import { fieldText } from '../../../api/problem-text.ts';
import { nameFault } from './name-rule.ts';

beforeAll(() => i18n.loadAndActivate({ locale: 'de', messages: {} }));

it.each(['Straßenbau', 'Ämter (2. OG) – Süd', '平和', 'محمد', 'e\u0301cole', '🏛 Rathaus'])(
  'takes %s',
  (name) => expect(nameFault(name)).toBeUndefined(),
);

it.each([
  ['Bau\u202Eamt', 'bidi_character', '4', 'U+202E'],
  ['a\u200Bb', 'invisible_character', '2', 'U+200B'],
  ['🏛\u00ADb', 'invisible_character', '2', 'U+00AD'],
  ['a\nb', 'control_character', '2', 'U+000A'],
  ['a\u{E0001}', 'invisible_character', '2', 'U+E0001'],
])('refuses %j with its place, as the server does', (name, code, position, character) => {
  expect(nameFault(name)).toBe(fieldText(code, { position, character }));
});

it('counts characters as the server does', () => {
  expect(nameFault('🏛'.repeat(100))).toBeUndefined();
  expect(nameFault('a'.repeat(101))).toBe(fieldText('too_long', { most: '100' }));
});
