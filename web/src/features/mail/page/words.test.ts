import { i18n } from '@lingui/core';
import { beforeAll, expect, it } from 'vitest';
import { writtenBy } from './words.ts';

beforeAll(() => i18n.loadAndActivate({ locale: 'de', messages: {} }));

const ADA = { name: 'Ada', email: 'ada@amt.example' };
const OFFICE = { name: 'Bürgerbüro', email: 'buergerbuero@amt.example' };
/** Without the marks that keep what is foreign to itself. */
const said = (...given: Parameters<typeof writtenBy>) =>
  writtenBy(...given).replace(/[\u2068\u2069]/g, '');

it('says who sent a message on behalf of others', () => {
  expect(said({ sender: [ADA], from: [OFFICE] })).toBe(
    'Ada <ada@amt.example> im Auftrag von Bürgerbüro <buergerbuero@amt.example>',
  );
});

it('says nothing of a sender who is an author as well', () => {
  const again = { ...OFFICE, email: 'Buergerbuero@amt.example' };
  expect(said({ sender: [again], from: [ADA, OFFICE] })).toBe(
    'Ada <ada@amt.example>, Bürgerbüro <buergerbuero@amt.example>',
  );
  expect(said({ from: [OFFICE] })).toBe('Bürgerbüro <buergerbuero@amt.example>');
});

it('lets no name turn around what stands beside it', () => {
  const turned = { ...ADA, name: 'Ada\u202E' };
  expect(writtenBy({ sender: [turned], from: [OFFICE] })).toBe(
    '\u2068Ada <ada@amt.example>\u2069 im Auftrag von \u2068Bürgerbüro <buergerbuero@amt.example>\u2069',
  );
});
