import { plural, t } from '@lingui/core/macro';
import { className, kindName, lobbiesFrom, lobbyName } from '../../../app/meeting-words.ts';
import type { Part } from '../../../app/merge.ts';
import { formatLocale } from '../../../i18n/index.ts';
import { onDays, type Rights, type Values, whole } from './form-values.ts';
import type { Options } from './queries.ts';
import { ownZone, wallDay } from './times.ts';
import { allowedName, RIGHTS, rightName, roleName, weekdayName } from './words.ts';

/** What a booking says, part by part, in words. */
export function bookingParts(): Part<Values>[] {
  return [
    { label: t`Art`, fields: ['kind'], text: ({ kind }) => kindName(kind) },
    { label: t`Titel`, fields: ['name'], text: ({ name }) => name },
    { label: t`Beschreibung`, fields: ['description'], text: ({ description }) => description },
    { label: t`Wann`, fields: ['day', 'from', 'to', 'zone'], text: whenText },
    {
      label: t`Wiederholung`,
      fields: ['repeat', 'interval', 'weekdays', 'end', 'count', 'until', 'except'],
      text: repeatText,
    },
    { label: t`Wer eingeladen ist`, fields: ['people'], text: peopleText },
    {
      label: t`Schutzklasse`,
      fields: ['protection'],
      text: ({ protection }) => className(protection).label,
    },
    {
      label: t`Warteraum`,
      fields: ['lobby'],
      text: ({ lobby }) => (lobby ? lobbyName(lobby) : t`wie die Schutzklasse`),
    },
    {
      label: t`Text im Warteraum`,
      fields: ['waiting_text'],
      text: ({ waiting_text }) => waiting_text,
    },
    { label: t`Rechte`, fields: ['rights'], text: ({ rights }) => rightsText(rights) },
  ];
}

function whenText({ day, from, to, zone }: Values): string {
  const on = day ? wallDay(day) : '?';
  return t`${on}, ${from}–${to} Uhr (${zone})`;
}

/** "alle 2 Wochen, Montag und Freitag, 10 Termine". */
export function repeatText(values: Values): string {
  const { repeat, end, until, except } = values;
  if (repeat === 'no') return t`findet einmal statt`;
  const count = whole(values.count) ?? 0;
  return [
    rhythm(values),
    ...(repeat === 'week' ? [listed(onDays(values).map(weekdayName))] : []),
    end === 'count'
      ? plural(count, { one: 'ein Termin', other: '# Termine' })
      : t`bis ${until ? wallDay(until) : '?'}`,
    ...(except.length > 0 ? [t`ohne ${listed(except.map(wallDay))}`] : []),
  ].join(', ');
}

function rhythm({ repeat, ...values }: Values): string {
  const interval = whole(values.interval) ?? 1;
  switch (repeat) {
    case 'week':
      return plural(interval, { one: 'wöchentlich', other: 'alle # Wochen' });
    case 'month_day':
      return plural(interval, {
        one: 'monatlich am selben Tag',
        other: 'alle # Monate am selben Tag',
      });
    case 'month_weekday':
      return plural(interval, {
        one: 'monatlich am selben Wochentag',
        other: 'alle # Monate am selben Wochentag',
      });
    default:
      return plural(interval, { one: 'täglich', other: 'alle # Tage' });
  }
}

function peopleText({ people }: Values): string {
  return people
    .map(({ name, address, role }) => `${name || address} (${roleName(role)})`)
    .join(', ');
}

/** What differs from what is usual. */
function rightsText(rights: Rights): string {
  const said = RIGHTS.flatMap((right) => {
    const allowed = rights[right];
    return allowed ? [`${rightName(right)} ${allowedName(allowed)}`] : [];
  });
  return said.length > 0 ? said.join(', ') : t`wie üblich`;
}

/** What applies that one need not look at, in a line. */
export function furtherText(values: Values, options: Options): string {
  const { kind, protection, zone, waiting_text: text, rights } = values;
  const usual = options.classes.find((one) => one.class === protection)?.safeguards.lobby;
  const waits = lobbyHeld(values, options) ?? usual;
  const [name, who] = [className(protection).label, waits ? lobbyName(waits) : '?'];
  const changed = RIGHTS.filter((right) => rights[right]).length;
  return [
    t`Schutzklasse: ${name}`,
    t`im Warteraum: ${who}`,
    ...(text.trim() ? [t`mit einem Text dort`] : []),
    changed > 0
      ? plural(changed, { one: 'ein Recht geändert', other: '# Rechte geändert' })
      : t`Rechte wie üblich`,
    ...(kind === 'personal' || zone === ownZone() ? [] : [t`Zeitzone: ${zone}`]),
  ].join(' · ');
}

/** The lobby that was chosen, where it is stricter than what holds anyway. */
export function lobbyHeld({ protection, lobby }: Values, options: Options) {
  const usual = options.classes.find((one) => one.class === protection)?.safeguards.lobby;
  const stricter = usual ? lobbiesFrom(usual).slice(1) : [];
  return lobby && stricter.includes(lobby) ? lobby : null;
}

const listed = (words: readonly string[]) =>
  new Intl.ListFormat(formatLocale(), { type: 'conjunction' }).format(words);
