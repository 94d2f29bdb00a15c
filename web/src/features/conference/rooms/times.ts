import { formatLocale } from '../../../i18n/index.ts';
import { formatWeekday } from '../../../ui/time.tsx';
import type { Summary } from './queries.ts';

const DAY_MS = 86_400_000;

/** The zone that this browser's clock shows. */
export const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The day of a moment by a zone's clock, as `2026-11-23`. */
export function dayOf(moment: string | number, timeZone: string): string {
  // Swedish writes days as ISO 8601 does.
  return new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeZone }).format(
    new Date(moment),
  );
}

/** A day in words: "Montag, 23. November". The year is told where it is another one. */
export function dayName(day: string, now: number): string {
  const at = new Date(`${day}T00:00Z`);
  const year = at.getUTCFullYear() !== new Date(now).getFullYear();
  return formatWeekday(at, { year, timeZone: 'UTC' });
}

/** How many days from today a day is. */
export function daysAhead(day: string, now: number, timeZone: string): number {
  const today = Date.parse(`${dayOf(now, timeZone)}T00:00Z`);
  return Math.round((Date.parse(`${day}T00:00Z`) - today) / DAY_MS);
}

/** The time of a moment by a zone's clock: "09:30". */
export function timeOf(moment: string, timeZone: string): string {
  return new Intl.DateTimeFormat(formatLocale(), {
    hour: '2-digit',
    minute: '2-digit',
    timeZone,
  }).format(new Date(moment));
}

/** A moment on the clock on the wall (`2026-12-01T09:30`), in words and short. */
export function wallText(moment: string): string {
  return new Intl.DateTimeFormat(formatLocale(), {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZone: 'UTC',
  }).format(new Date(`${moment}Z`));
}

/** The same without its time. */
export function wallDay(moment: string): string {
  return new Intl.DateTimeFormat(formatLocale(), {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    timeZone: 'UTC',
  }).format(new Date(`${moment.slice(0, 10)}T00:00Z`));
}

/** So long before its beginning a meeting is worth a word on the start page. */
const SOON_MS = 15 * 60_000;

/** Whether a meeting runs, or is about to begin or has begun without anybody in it yet. */
export function beginsSoon(
  { state, starts_at, ends_at }: Pick<Summary, 'state' | 'starts_at' | 'ends_at'>,
  now: number,
): boolean {
  if (state === 'running') return true;
  const near = Date.parse(starts_at) - SOON_MS <= now && now < Date.parse(ends_at);
  return state === 'planned' && near;
}

/** Whether one can go in now, also some time after the server was asked. */
export function isOpen(
  { valid_from, valid_until }: Pick<Summary, 'valid_from' | 'valid_until'>,
  now: number,
): boolean {
  return Date.parse(valid_from) <= now && now < Date.parse(valid_until);
}

export type Day = { day: string; meetings: Summary[] };

/** Meetings by the day that they begin on; what began before and still runs stands under today. */
export function byDay(meetings: readonly Summary[], now: number, timeZone: string): Day[] {
  const today = dayOf(now, timeZone);
  const days = new Map<string, Summary[]>();
  for (const meeting of meetings) {
    const begins = dayOf(meeting.starts_at, timeZone);
    const day = begins < today && Date.parse(meeting.valid_until) > now ? today : begins;
    const known = days.get(day);
    if (known) known.push(meeting);
    else days.set(day, [meeting]);
  }
  return [...days].map(([day, found]) => ({ day, meetings: found }));
}

/** Minutes between two times of a clock; an end that is not after the beginning is on the next day. */
export function minutesBetween(from: string, to: string): number | null {
  const [begin, end] = [minuteOf(from), minuteOf(to)];
  if (begin === null || end === null || begin === end) return null;
  return end > begin ? end - begin : end + 24 * 60 - begin;
}

/** The time so many minutes later, whatever the day. */
export function timeAfter(from: string, minutes: number): string {
  const at = ((minuteOf(from) ?? 0) + minutes) % (24 * 60);
  return `${two(Math.floor(at / 60))}:${two(at % 60)}`;
}

/** The next half hour by a zone's clock, as a moment on the wall: what a new booking begins with. */
export function nextHalfHour(now: number, timeZone: string): string {
  const HALF_HOUR_MS = 1_800_000;
  const at = Math.floor(now / HALF_HOUR_MS + 1) * HALF_HOUR_MS;
  const time = new Intl.DateTimeFormat('sv-SE', { timeStyle: 'short', timeZone }).format(at);
  return `${dayOf(at, timeZone)}T${time}`;
}

function minuteOf(time: string): number | null {
  const [, hours, minutes] = /^(\d{2}):(\d{2})/.exec(time) ?? [];
  return hours && minutes ? Number(hours) * 60 + Number(minutes) : null;
}

const two = (number: number) => String(number).padStart(2, '0');
