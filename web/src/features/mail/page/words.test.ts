import { i18n } from '@lingui/core';
import { beforeAll, expect, it } from 'vitest';
import type { MailRight } from '../model.ts';
import { accountLimit, accountName } from './accounts/words.ts';
import { folderName, writtenBy } from './words.ts';

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

it('lets no name of a folder or mailbox turn around what stands beside it', () => {
  expect(folderName({ role: 'other', name: 'Win\u202Eter' })).toBe('Winter');
  expect(folderName({ role: 'inbox', name: 'INBOX' })).toBe('Posteingang');
  const account = { id: 'a', number: 1, address: 'a@amt.example', rights: [], unread: null };
  expect(accountName({ ...account, kind: 'functional', name: 'Bürger\u202Ebüro' })).toBe(
    'Bürgerbüro',
  );
});

it('says in a word what may not be done in a mailbox, and does not call reading all where one may manage', () => {
  const account = { id: 'a', number: 1, name: '', address: '', unread: null };
  const limit = (...rights: MailRight[]) =>
    accountLimit({ ...account, kind: 'functional', rights: ['read', ...rights] });
  expect(limit()).toBe('Nur lesen');
  expect(limit('manage')).toBe('Lesen und verwalten');
  expect(limit('write', 'manage')).toBe('Ohne Senden');
  expect(limit('send_as')).toBe('Lesen und senden');
  expect(limit('write', 'send_as')).toBeNull();
});
