import { describe, expect, it } from 'vitest';
import { instantIn } from './format.ts';

describe('a moment by the clock of a zone', () => {
  it.each([
    ['2026-11-23T08:30', 'Europe/Berlin', '2026-11-23T07:30:00.000Z'],
    ['2026-07-23T08:30', 'Europe/Berlin', '2026-07-23T06:30:00.000Z'],
    // Half an hour before and after the clocks went back.
    ['2026-10-25T01:30', 'Europe/Berlin', '2026-10-24T23:30:00.000Z'],
    ['2026-10-25T03:30', 'Europe/Berlin', '2026-10-25T02:30:00.000Z'],
    ['2026-11-23T00:15', 'Pacific/Auckland', '2026-11-22T11:15:00.000Z'],
  ])('%s in %s is %s', (local, zone, instant) => expect(instantIn(local, zone)).toBe(instant));

  it('is none where nothing was typed', () => {
    expect(instantIn('', 'Europe/Berlin')).toBeUndefined();
    expect(instantIn('gestern', 'Europe/Berlin')).toBeUndefined();
  });
});
