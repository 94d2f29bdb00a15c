import { expect, it } from 'vitest';
import { daysOf, isAway, isOver, momentsOf } from './days.ts';

const open = {
  on: true,
  fromMs: null,
  untilMs: null,
  subject: '',
  text: '',
  answersOutside: true,
  outsideText: null,
};

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

it('is over once its last day has ended, as long as it is switched on', () => {
  const { untilMs } = momentsOf({ first: '', last: '2026-10-26' });
  const evening = new Date(2026, 9, 26, 23, 59).getTime();
  expect(isOver({ on: true, untilMs }, evening)).toBe(false);
  expect(isOver({ on: true, untilMs }, evening + 60_000)).toBe(true);
  expect(isOver({ on: false, untilMs }, evening + 60_000)).toBe(false);
  expect(isOver({ on: true, untilMs: null }, evening)).toBe(false);
});
