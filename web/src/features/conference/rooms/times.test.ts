import { i18n } from '@lingui/core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Summary } from './queries.ts';
import {
  beginsSoon,
  byDay,
  dayName,
  daysAhead,
  isOpen,
  minutesBetween,
  nextHalfHour,
  timeAfter,
  timeOf,
  wallText,
} from './times.ts';

const BERLIN = 'Europe/Berlin';
const now = Date.parse('2026-11-22T22:30:00Z');
const meeting = (starts_at: string, valid_until = starts_at) =>
  ({ starts_at, valid_until }) as Summary;

describe('the times of meetings', () => {
  beforeAll(() => i18n.loadAndActivate({ locale: 'de', messages: {} }));

  it('stand under the day of the reader’s own clock', () => {
    const days = byDay(
      [meeting('2026-11-22T22:45:00Z'), meeting('2026-11-22T23:15:00Z')],
      now,
      BERLIN,
    );
    expect(days.map(({ day }) => day)).toEqual(['2026-11-22', '2026-11-23']);
    expect(daysAhead('2026-11-23', now, BERLIN)).toBe(1);
    expect(timeOf('2026-11-22T23:15:00Z', BERLIN)).toBe('00:15');
  });

  it('stand under today while what began yesterday still runs', () => {
    const days = byDay([meeting('2026-11-21T20:00:00Z', '2026-11-22T23:59:00Z')], now, BERLIN);
    expect(days.map(({ day }) => day)).toEqual(['2026-11-22']);
    const past = byDay([meeting('2026-11-21T20:00:00Z')], now, BERLIN);
    expect(past.map(({ day }) => day)).toEqual(['2026-11-21']);
  });

  it('are told as the clock on the wall shows them, whatever the reader’s zone', () => {
    expect(wallText('2026-12-01T09:30')).toBe('Di., 1. Dez. 2026, 09:30');
    expect(dayName('2026-12-01', now)).toBe('Dienstag, 1. Dezember');
    expect(dayName('2027-01-04', now)).toBe('Montag, 4. Januar 2027');
  });

  it('are told in English with the same comma, with and without a year', () => {
    i18n.loadAndActivate({ locale: 'en', messages: {} });
    expect(dayName('2026-12-01', now)).toBe('Tuesday, 1 December');
    expect(dayName('2027-01-04', now)).toBe('Monday, 4 January 2027');
    i18n.loadAndActivate({ locale: 'de', messages: {} });
  });

  it('are near from a quarter of an hour before the beginning to the end', () => {
    const at = (minutes: number) => new Date(now + minutes * 60_000).toISOString();
    const planned = (from: number, to: number) =>
      beginsSoon({ state: 'planned', starts_at: at(from), ends_at: at(to) }, now);
    expect([planned(16, 60), planned(15, 60), planned(-30, 1), planned(-60, 0)]).toEqual([
      false,
      true,
      true,
      false,
    ]);
    const [starts_at, ends_at] = [at(-90), at(-30)];
    expect(beginsSoon({ state: 'running', starts_at, ends_at }, now)).toBe(true);
    expect(beginsSoon({ state: 'cancelled', starts_at: at(-1), ends_at: at(9) }, now)).toBe(false);
    expect(isOpen({ valid_from: at(0), valid_until: at(1) }, now)).toBe(true);
    expect(isOpen({ valid_from: at(-9), valid_until: at(0) }, now)).toBe(false);
  });

  it('may reach over midnight', () => {
    expect(minutesBetween('09:00', '10:30')).toBe(90);
    expect(minutesBetween('23:30', '00:15')).toBe(45);
    expect(minutesBetween('09:00', '09:00')).toBeNull();
    expect(minutesBetween('', '09:00')).toBeNull();
    expect(timeAfter('23:30', 45)).toBe('00:15');
  });

  it('begin with the next half hour of the house', () => {
    expect(nextHalfHour(now, BERLIN)).toBe('2026-11-23T00:00');
    expect(nextHalfHour(now - 1, BERLIN)).toBe('2026-11-22T23:30');
  });
});
