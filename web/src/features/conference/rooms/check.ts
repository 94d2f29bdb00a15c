import { t } from '@lingui/core/macro';
import { fieldText } from '../../../api/problem-text.ts';
import { charsOf } from '../../../ui/fields.tsx';
import type { FieldErrors } from '../../../ui/form.tsx';
import { durationFault } from './durations.ts';
import { allInvited, sharedAddresses, typedOutside, type Values, whole } from './form-values.ts';
import type { Options } from './queries.ts';
import { minutesBetween } from './times.ts';

/** What is wrong with a booking before it is sent. */
export function faultsOf(values: Values, limits: Options['limits']): FieldErrors<Values> {
  const { kind, name, people } = values;
  const [shared] = sharedAddresses(people);
  return {
    ...tooLong('name', name, limits.name_chars),
    ...tooLong('description', values.description, limits.description_chars),
    ...tooLong('waiting_text', values.waiting_text, limits.waiting_text_chars),
    ...(!name.trim() && { name: t`Geben Sie einen Titel ein.` }),
    ...outsideFaults(values, limits),
    ...(shared && { people: t`Die Adresse ${shared} steht zweimal auf der Liste.` }),
    ...(kind !== 'personal' && whenFaults(values, limits)),
  };
}

function outsideFaults(values: Values, { invitees: most }: Options['limits']): FieldErrors<Values> {
  if (!values.outside.trim()) return {};
  const { wrong } = typedOutside(values);
  const outside = [
    wrong.length > 0 && noAddresses(wrong),
    allInvited(values).length > most && tooManyPeople(most),
  ].filter(Boolean);
  return outside.length > 0 ? { outside: outside.join(' ') } : {};
}

export function noAddresses(wrong: readonly string[]): string {
  const words = wrong.join(', ');
  return t`Keine E-Mail-Adresse: ${words}.`;
}

export const tooManyPeople = (most: number) => t`Es sind nicht mehr als ${most} Personen möglich.`;

function whenFaults(values: Values, limits: Options['limits']): FieldErrors<Values> {
  const { day, from, to, zone, repeat, interval, end, count, until } = values;
  const minutes = minutesBetween(from, to);
  const { least_minutes: least, most_minutes: most } = limits;
  const repeats = repeat !== 'no';
  return {
    ...(!day && { day: t`Wählen Sie einen Tag.` }),
    ...(!from && { from: t`Wann beginnt es?` }),
    ...(from && minutes === null && { to: t`Wann endet es?` }),
    ...(minutes !== null &&
      (minutes < least || minutes > most) && { to: durationFault(least, most) }),
    ...(!zone && { zone: t`Wählen Sie eine Zeitzone.` }),
    ...(repeats && whole(interval) === null && { interval: t`Eine Zahl ab 1.` }),
    ...(repeats && end === 'count' && whole(count) === null && { count: t`Eine Zahl ab 1.` }),
    ...(repeats && end === 'day' && !until && { until: t`Wählen Sie einen Tag.` }),
  };
}

function tooLong(field: keyof Values, text: string, most: number): FieldErrors<Values> {
  if (charsOf(text.trim()) <= most) return {};
  return { [field]: fieldText('too_long', { most: String(most) }) };
}
