import { useLingui } from '@lingui/react';
import { formatLocale } from '../i18n/index.ts';

/** A moment, as the locale writes it; today only the time. */
export function TimeText({ value, seconds = false }: { value: string; seconds?: boolean }) {
  useLingui();
  return <time dateTime={value}>{formatMoment(value, seconds)}</time>;
}

/** A day, as the locale writes it. */
export function DateText({ value }: { value: string }) {
  useLingui();
  return <time dateTime={value}>{formatDay(value)}</time>;
}

/** Today, with its weekday. */
export function TodayText() {
  useLingui();
  return formatWeekday(new Date());
}

/** A moment as text. */
export function formatMoment(value: string, seconds = false): string {
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return value;
  const time: Intl.DateTimeFormatOptions = {
    hour: '2-digit',
    minute: '2-digit',
    ...(seconds && { second: '2-digit' }),
  };
  const today = new Date().toDateString() === date.toDateString();
  return new Intl.DateTimeFormat(
    formatLocale(),
    today ? time : { day: 'numeric', month: 'short', year: 'numeric', ...time },
  ).format(date);
}

/** A day as text. */
export function formatDay(value: string): string {
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return value;
  return new Intl.DateTimeFormat(formatLocale(), {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
  }).format(date);
}

type DayOptions = { year?: boolean; timeZone?: string };

/** "Montag, 23. November"; English puts the comma there only beside a year, and we always. */
export function formatWeekday(date: Date, { year = false, timeZone }: DayOptions = {}): string {
  const written = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(formatLocale(), { ...options, ...(timeZone && { timeZone }) }).format(
      date,
    );
  const day = written({ day: 'numeric', month: 'long', ...(year && { year: 'numeric' }) });
  return `${written({ weekday: 'long' })}, ${day}`;
}

const HOUR_MINUTES = 60;

/** "45 Minuten", "12 Stunden", "1 Stunde 30 Minuten". */
export function formatMinutes(minutes: number): string {
  const [hours, rest] = [Math.floor(minutes / HOUR_MINUTES), minutes % HOUR_MINUTES];
  const written = (value: number, unit: 'hour' | 'minute') =>
    new Intl.NumberFormat(formatLocale(), { style: 'unit', unit, unitDisplay: 'long' }).format(
      value,
    );
  return [
    ...(hours > 0 ? [written(hours, 'hour')] : []),
    ...(rest > 0 || hours === 0 ? [written(rest, 'minute')] : []),
  ].join(' ');
}
