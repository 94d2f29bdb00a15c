import { expect, test } from 'vitest';
import { charactersOf, strengthOf } from './strength.ts';

const KNOWN = ['Jana Petersen', 'j.petersen', 'Stadt Auenbrück'];
const of = (passphrase: string) => strengthOf(passphrase, 12, KNOWN);

test.each([
  ['Linde-27', 'short'],
  ['aaaaaaaaaaaa', 'weak'],
  ['abcdefghijkl', 'weak'],
  ['123456789012', 'weak'],
  ['petersen2026', 'weak'],
  ['auenbrück-jana', 'weak'],
  ['abababababab', 'weak'],
  ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'weak'],
  ['Linde-Fluss-27', 'fair'],
  ['Lindenblatt im Novemberwind', 'good'],
  ['vier Krähen zählen Schnee', 'good'],
] as const)('%s is %s', (passphrase, strength) => {
  expect(of(passphrase)).toBe(strength);
});

test('letters count the same however the keyboard composes them', () => {
  expect(charactersOf('ü')).toBe(1);
  expect(charactersOf('ü')).toBe(1);
  expect(charactersOf('🌧️🌧️')).toBe(4);
});
