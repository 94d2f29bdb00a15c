import { expect, it } from 'vitest';
import { addressFor, isLocalPart } from './address.ts';

it.each([
  ['Bürgerbüro', 'buergerbuero'],
  ['Straßen- & Grünflächenamt', 'strassen-gruenflaechenamt'],
  // The second is written with a letter and its dots apart.
  ['Bu\u0308rgerbu\u0308ro', 'buergerbuero'],
  ['Café Łódź', 'cafe-odz'],
  ['  Amt 66.1  ', 'amt-66-1'],
  ['市民課', ''],
  [`${'a'.repeat(63)} b`, 'a'.repeat(63)],
])('finds an address for „%s“', (name, address) => {
  expect(addressFor(name)).toBe(address);
  expect(isLocalPart(address)).toBe(address !== '');
});

it.each(['', '-amt', '.amt', 'Amt', 'büro', 'a@b', 'a b', 'x'.repeat(65)])(
  'knows that „%s“ is no beginning of an address',
  (text) => expect(isLocalPart(text)).toBe(false),
);

it.each(['a', '_amt', 'amt_66.1-b', 'x'.repeat(64)])(
  'knows that „%s“ is the beginning of an address',
  (text) => expect(isLocalPart(text)).toBe(true),
);
