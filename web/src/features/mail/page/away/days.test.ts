import { expect, it } from 'vitest';
import { daysOf, isAway, momentsOf } from './days.ts';

const open = { on: true, fromMs: null, untilMs: null, subject: '', text: '' };

it('lasts from the beginning of the first day to the end of the last one', () => {
  const days = { first: '2026-10-24', last: '2026-10-26' };
  const moments = momentsOf(days);
  expect(moments).toEqual({
    fromMs: new Date(2026, 9, 24).getTime(),
    untilMs: new Date(2026, 9, 27).getTime(),
  });
  expect(daysOf({ ...open, ...moments })).toEqual(days);
  const absence = { ...open, ...moments };
  expect(isAway(absence, new Date(2026, 9, 26, 23, 59).getTime())).toBe(true);
  expect(isAway(absence, new Date(2026, 9, 27).getTime())).toBe(false);
  expect(isAway(absence, new Date(2026, 9, 23, 23, 59).getTime())).toBe(false);
});

it('may be open at both ends, and is over once it is switched off', () => {
  expect(momentsOf({ first: '', last: '' })).toEqual({ fromMs: null, untilMs: null });
  expect(daysOf(open)).toEqual({ first: '', last: '' });
  expect(isAway(open, 0)).toBe(true);
  expect(isAway({ ...open, on: false }, 0)).toBe(false);
});
