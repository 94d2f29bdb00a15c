import { formatLocale } from '../../../../i18n/index.ts';
import type { Absence } from '../../model.ts';

/** The first and the last day of an absence, as `<input type="date">` writes them; empty where it is open. */
export type Days = { first: string; last: string };

export function daysOf({ fromMs, untilMs }: Absence): Days {
  // It ends with the last day: at the moment where the next one begins.
  return { first: dayOf(fromMs), last: dayOf(untilMs === null ? null : untilMs - 1) };
}

/** From the first moment of the one to the last of the other, where this person is. */
export function momentsOf({ first, last }: Days): Pick<Absence, 'fromMs' | 'untilMs'> {
  return { fromMs: startOf(first, 0), untilMs: startOf(last, 1) };
}

/** Whether something is answered now. */
export function isAway({ on, fromMs, untilMs }: Absence, now: number): boolean {
  return on && (fromMs === null || fromMs <= now) && (untilMs === null || now < untilMs);
}

/** Whether it would answer nobody any more, though it is switched on. */
export function isOver({ on, untilMs }: Pick<Absence, 'on' | 'untilMs'>, now: number): boolean {
  return on && untilMs !== null && untilMs <= now;
}

/** A day with its weekday. */
export function dayText(ms: number): string {
  return new Intl.DateTimeFormat(formatLocale(), {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
  }).format(new Date(ms));
}

function dayOf(ms: number | null): string {
  if (ms === null) return '';
  const date = new Date(ms);
  const two = (part: number) => String(part).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function startOf(day: string, later: number): number | null {
  const [year, month, date] = day.split('-').map(Number);
  if (!year || !month || !date) return null;
  return new Date(year, month - 1, date + later).getTime();
}
