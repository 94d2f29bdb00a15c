import { i18n } from '@lingui/core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Schema } from '../../../api/client.ts';
import { codeWaits, lineNumbers, lineWord, stateNote, stickState } from './words.ts';

beforeAll(() => i18n.loadAndActivate({ locale: 'de', messages: {} }));

const line = (round_trip_ms: number, loss_permille: number): Schema<'LineQuality'> => ({
  round_trip_ms,
  loss_permille,
  outages: 0,
  transport: 'ssh',
});

const stick = (more: Partial<Schema<'Stick'>>): Schema<'Stick'> => ({
  id: '1',
  person_id: '2',
  person_name: 'Anna Bauer',
  name: 'Stick',
  state: 'approved',
  revoked_as: null,
  copied: false,
  copied_at: null,
  activation_until: null,
  program: null,
  system: null,
  fingerprint: null,
  created_at: '2026-11-02T07:00:00Z',
  last_seen_on: null,
  line: null,
  line_on: null,
  connections: 0,
  ...more,
});

describe('a line in words', () => {
  it('is weak by its delay or by its loss alone', () => {
    expect(lineWord(line(300, 0)).label).toBe('schwache Leitung');
    expect(lineWord(line(30, 20)).label).toBe('schwache Leitung');
    expect(lineWord(line(150, 0)).label).toBe('brauchbare Leitung');
    expect(lineWord(line(30, 0)).label).toBe('gute Leitung');
  });

  it('names a loss only where there is one', () => {
    expect(lineNumbers(line(300, 31))).toBe('300 ms, 3,1 % Verlust');
    expect(lineNumbers(line(30, 0))).toBe('30 ms');
  });
});

describe('the state of a stick', () => {
  const NOW = Date.parse('2026-11-10T12:00:00Z');
  const waiting = stick({ state: 'ordered', activation_until: '2026-11-16T07:00:00Z' });

  it('waits as long as its code is good', () => {
    expect(codeWaits(waiting, NOW)).toBe(true);
    expect(codeWaits(waiting, Date.parse('2026-11-16T07:00:01Z'))).toBe(false);
    expect(codeWaits(stick({ state: 'ordered' }), NOW)).toBe(false);
    expect(stickState(stick({ state: 'ordered' })).label).toBe('Aktivierungscode abgelaufen');
  });

  it('tells a copy before everything but the end', () => {
    const copied = { copied: true, copied_at: '2026-11-09T12:00:00Z' };
    expect(stickState(stick({ ...copied, state: 'suspended' })).label).toBe('Kopie abgewiesen');
    expect(stateNote(stick({ ...copied, state: 'suspended' }))).toBe('bemerkt am 09.11.2026');
    const lost = stick({ ...copied, state: 'revoked', revoked_as: 'lost' });
    expect(stickState(lost).label).toBe('verloren, gesperrt');
    expect(stateNote(lost)).toBe('');
  });
});
