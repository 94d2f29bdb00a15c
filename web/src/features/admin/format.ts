import { formatLocale } from '../../i18n/index.ts';

/** A moment with day and minute, by the browser's clock or that of the zone. */
export function dateTime(value: string, timeZone?: string): string {
  return new Intl.DateTimeFormat(formatLocale(), {
    dateStyle: 'medium',
    timeStyle: 'short',
    ...(timeZone && { timeZone }),
  }).format(new Date(value));
}

/** A moment with its second, for the audit log. */
export function exactTime(value: string): string {
  return new Intl.DateTimeFormat(formatLocale(), {
    dateStyle: 'medium',
    timeStyle: 'medium',
  }).format(new Date(value));
}

/** A day (`2026-11-23`), without shifting it by the browser's time zone. */
export function day(value: string): string {
  const [year = 0, month = 1, date = 1] = value.slice(0, 10).split('-').map(Number);
  return new Intl.DateTimeFormat(formatLocale(), { dateStyle: 'medium' }).format(
    new Date(year, month - 1, date),
  );
}

/** The same without its year, beside another day. */
export function shortDay(value: string): string {
  const [, month = 1, date = 1] = value.slice(0, 10).split('-').map(Number);
  return new Intl.DateTimeFormat(formatLocale(), { day: 'numeric', month: 'numeric' }).format(
    // A leap year, so that no day is missing.
    new Date(2024, month - 1, date),
  );
}

/** A number as the locale writes it. */
export function number(value: number): string {
  return new Intl.NumberFormat(formatLocale()).format(value);
}

/** "A, B und C", "A, B oder C". */
export function list(
  values: readonly string[],
  type: 'conjunction' | 'disjunction' = 'conjunction',
) {
  return new Intl.ListFormat(formatLocale(), { type }).format(values);
}

/** A fingerprint in pairs, as certificate viewers show it. */
export function fingerprint(hex: string): string {
  return hex.toUpperCase().replace(/(..)(?=.)/g, '$1:');
}

/** A local moment (`2026-11-23T08:30`) from a field, as the API takes it. */
export function instantOf(local: string): string | undefined {
  const at = new Date(local);
  return local && !Number.isNaN(at.getTime()) ? at.toISOString() : undefined;
}

/** The same for a moment by the clock of a zone (`Europe/Berlin`). */
export function instantIn(local: string, timeZone: string): string | undefined {
  const wall = Date.parse(`${local}Z`);
  if (!local || Number.isNaN(wall)) return undefined;
  // Swedish writes moments as ISO 8601 does.
  const clock = new Intl.DateTimeFormat('sv-SE', {
    dateStyle: 'short',
    timeStyle: 'medium',
    timeZone,
  });
  const ahead = (at: number) => Date.parse(`${clock.format(at).replace(' ', 'T')}Z`) - at;
  // The second step counts where the clocks change between the guess and the moment.
  const guess = wall - ahead(wall);
  return new Date(wall - ahead(guess)).toISOString();
}

const SECONDS_A_UNIT: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** "vor 5 Minuten", counted from `now`. */
export function since(value: string, now: number): string {
  const seconds = (Date.parse(value) - now) / 1_000;
  const format = new Intl.RelativeTimeFormat(formatLocale(), { numeric: 'auto' });
  for (const [unit, size] of SECONDS_A_UNIT) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  }
  return format.format(0, 'minute');
}
