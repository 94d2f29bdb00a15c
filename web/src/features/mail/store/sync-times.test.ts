// @vitest-environment node
import { expect, test } from 'vitest';
import {
  aheadKey,
  isReadAhead,
  pauseMs,
  type SyncTimes,
  syncTimesOf,
  USUAL_TIMES,
} from './sync-times.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const QUARTER_MS = 15 * MINUTE_MS;

const at = (day: number, hour: number, minute = 0) =>
  new Date(2026, 10, day, hour, minute).getTime();
const pause = (times: Partial<SyncTimes>, nowMs: number, syncedAtMs: number | null = null) =>
  pauseMs({ ...USUAL_TIMES, ...times }, nowMs, syncedAtMs, 'unknown');

test('unless something else is wanted, it happens at once, always', () => {
  for (let hour = 0; hour < 7 * 24; hour += 1) {
    expect(pause({}, at(22, hour), at(22, hour) - 1)).toBe(0);
  }
});

test('an interval counts from the last time, and a clock that was set back does not lengthen it', () => {
  const last = at(23, 9);
  expect(pause({ everyMin: 5 }, last, last)).toBe(5 * MINUTE_MS);
  expect(pause({ everyMin: 5 }, last + 4 * MINUTE_MS, last)).toBe(MINUTE_MS);
  expect(pause({ everyMin: 5 }, last + 5 * MINUTE_MS, last)).toBe(0);
  expect(pause({ everyMin: 60 }, last, last)).toBe(QUARTER_MS);
  expect(pause({ everyMin: 60 }, last, null)).toBe(0);
  expect(pause({ everyMin: 60 }, last - DAY_MS, last)).toBe(0);
});

test('times of day hold from the first minute to the one before the last, also over midnight', () => {
  const office = { fromMin: 8 * 60, toMin: 17 * 60 + 30 };
  const night = { fromMin: 22 * 60, toMin: 6 * 60 };
  expect(
    [at(23, 7, 59), at(23, 8), at(23, 17, 29), at(23, 17, 30)].map((now) => pause(office, now)),
  ).toEqual([QUARTER_MS, 0, 0, QUARTER_MS]);
  expect(
    [at(23, 21, 59), at(23, 22), at(24, 5, 59), at(24, 6)].map((now) => pause(night, now)),
  ).toEqual([QUARTER_MS, 0, 0, QUARTER_MS]);
});

test('weekends are left out, and a night that began on Friday goes on', () => {
  // The 27th is a Friday.
  const days = [27, 28, 29, 30].map((day) => pause({ weekends: false }, at(day, 12)));
  expect(days).toEqual([0, QUARTER_MS, QUARTER_MS, 0]);
  const night = { weekends: false, fromMin: 22 * 60, toMin: 6 * 60 };
  expect(pause(night, at(28, 3))).toBe(0);
  expect(pause(night, at(28, 23))).toBe(QUARTER_MS);
  expect(pause(night, at(30, 3))).toBe(QUARTER_MS);
});

test('mobile data are left out where the browser tells of them, and not where it does not', () => {
  const times = { ...USUAL_TIMES, mobile: false };
  const now = at(23, 12);
  expect(
    (['mobile', 'other', 'unknown'] as const).map((link) => pauseMs(times, now, null, link)),
  ).toEqual([QUARTER_MS, 0, 0]);
});

test('texts are read ahead by age and folder; one folder that is wanted is enough', () => {
  const now = at(23, 12);
  const times = { days: 7, without: ['archive'] };
  const ahead = (atMs: number, ...boxes: string[]) => isReadAhead(times, { atMs, boxes }, now);
  expect(ahead(now - 7 * DAY_MS, 'inbox')).toBe(true);
  expect(ahead(now - 7 * DAY_MS - 1, 'inbox')).toBe(false);
  expect(ahead(now, 'archive')).toBe(false);
  expect(ahead(now, 'archive', 'inbox')).toBe(true);
  expect(isReadAhead(USUAL_TIMES, { atMs: 0, boxes: ['archive'] }, now)).toBe(true);
});

test('the same choice has the same name, in whatever order', () => {
  expect(aheadKey(USUAL_TIMES)).toBe('');
  expect(aheadKey({ days: 0, without: ['a', 'b'] })).toBe(
    aheadKey({ days: 0, without: ['b', 'a'] }),
  );
  expect(aheadKey({ days: 7, without: [] })).not.toBe(aheadKey({ days: 14, without: [] }));
});

test('what was kept comes back, and what has another form is as usual', () => {
  const wanted: SyncTimes = {
    everyMin: 30,
    fromMin: 480,
    toMin: 1_439,
    weekends: false,
    mobile: false,
    days: 14,
    without: ['archive'],
    notices: true,
    push: true,
  };
  expect(syncTimesOf(JSON.parse(JSON.stringify(wanted)))).toEqual(wanted);
  const odd = {
    everyMin: -1,
    fromMin: 1_440,
    toMin: 0.5,
    weekends: 'no',
    days: 1e9,
    without: [7, 'a', ...Array.from({ length: 3_000 }, String)],
  };
  expect(syncTimesOf(odd)).toMatchObject({ ...USUAL_TIMES, without: expect.any(Array) });
  expect(syncTimesOf(odd).without).toHaveLength(2_000);
  for (const none of [null, undefined, 'x', []]) expect(syncTimesOf(none)).toEqual(USUAL_TIMES);
});
