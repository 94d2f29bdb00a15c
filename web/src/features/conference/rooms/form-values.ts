import type { Schema } from '../../../api/client.ts';
import type { Booking, Kind, Options, Room } from './queries.ts';
import { minutesBetween, nextHalfHour, timeAfter } from './times.ts';
import { RIGHTS, type Right, WEEKDAYS } from './words.ts';

type Weekday = Schema<'Weekday'>;
type Recurrence = Schema<'Recurrence'>;

/** Somebody who is to be invited: a person of the house, or an address. */
export type Guest = {
  /** Tells rows apart while the form is open. */
  key: string;
  person: string | null;
  name: string;
  address: string;
  role: Schema<'MeetingRole'>;
  language: '' | 'de' | 'en';
};

export type Allowed = Schema<'Allowed'>;
/** Who may do what; an empty one goes by what is usual for the kind of room. */
export type Rights = Record<Right, '' | Allowed>;

export type Repeat = 'no' | 'day' | 'week' | 'month_day' | 'month_weekday';

export type Values = {
  kind: Kind;
  name: string;
  description: string;
  day: string;
  from: string;
  to: string;
  zone: string;
  repeat: Repeat;
  interval: string;
  weekdays: Weekday[];
  end: 'count' | 'day';
  count: string;
  until: string;
  except: string[];
  protection: Schema<'ProtectionClass'>;
  lobby: '' | Schema<'LobbyFor'>;
  waiting_text: string;
  rights: Rights;
  people: Guest[];
  /** Addresses that are typed and not yet on the list. */
  outside: string;
  notify: boolean;
};

const FIRST_MINUTES = 60;
const USUAL_COUNT = 10;

/** What an empty form begins with: the next half hour, in the house's zone. */
export function emptyValues(kind: Kind, options: Options, now: number): Values {
  const starts = nextHalfHour(now, options.time_zone);
  const from = starts.slice(11);
  return {
    kind,
    name: '',
    description: '',
    day: starts.slice(0, 10),
    from,
    to: timeAfter(from, Math.min(FIRST_MINUTES, options.limits.most_minutes)),
    zone: options.time_zone,
    repeat: 'no',
    interval: '1',
    weekdays: [],
    end: 'count',
    count: String(USUAL_COUNT),
    until: '',
    except: [],
    protection: options.default_protection,
    lobby: '',
    waiting_text: '',
    rights: rightsOf(null, kind, options),
    people: [],
    outside: '',
    notify: true,
  };
}

/** The form of a room that is there already. */
export function valuesOf(room: Room, options: Options, now: number): Values {
  const empty = emptyValues(room.kind, options, now);
  return {
    ...empty,
    name: room.name,
    description: room.description ?? '',
    ...(room.booking && whenOf(room.booking, options)),
    protection: room.protection,
    lobby: room.lobby ?? '',
    waiting_text: room.waiting_text ?? '',
    rights: rightsOf(room.permissions ?? null, room.kind, options),
    people: (room.invitees ?? []).map((invitee) => ({
      key: invitee.person ?? invitee.address ?? '',
      person: invitee.person ?? null,
      name: invitee.person
        ? (room.invited.find(({ person }) => person === invitee.person)?.name ?? '')
        : (invitee.name ?? ''),
      address: invitee.address ?? '',
      role: invitee.role,
      language: invitee.language === 'de' || invitee.language === 'en' ? invitee.language : '',
    })),
  };
}

function whenOf(booking: Booking, options: Options): Partial<Values> {
  const from = booking.starts.slice(11, 16);
  const rule = booking.recurrence;
  return {
    day: booking.starts.slice(0, 10),
    from,
    to: timeAfter(from, booking.minutes),
    zone: booking.time_zone ?? options.time_zone,
    ...(rule && {
      repeat: rule.every.by,
      interval: String(rule.interval),
      weekdays: rule.every.by === 'week' ? rule.every.on : [],
      end: rule.until.by,
      ...(rule.until.by === 'count'
        ? { count: String(rule.until.count) }
        : { until: rule.until.day }),
      except: rule.except ?? [],
    }),
  };
}

/** The weekday of a day (`2026-11-23`). */
export function weekdayOf(day: string): Weekday | undefined {
  const at = new Date(`${day}T00:00Z`).getUTCDay();
  return WEEKDAYS[(at + 6) % 7];
}

/** Which weekday of its month a day is, from 1; the fifth counts as the last. */
export function weekOfMonth(day: string): number {
  return Math.ceil(Number(day.slice(8, 10)) / 7);
}

/** When it takes place, as the API takes it; nothing while something of it is missing. */
export function bookingOf(values: Values): Booking | null {
  const minutes = minutesBetween(values.from, values.to);
  if (!values.day || minutes === null) return null;
  const recurrence = recurrenceOf(values);
  if (values.repeat !== 'no' && !recurrence) return null;
  return {
    starts: `${values.day}T${values.from.slice(0, 5)}`,
    minutes,
    time_zone: values.zone,
    recurrence,
  };
}

function recurrenceOf(values: Values): Recurrence | null {
  const { repeat, end, until } = values;
  const [interval, count] = [whole(values.interval), whole(values.count)];
  if (repeat === 'no' || interval === null) return null;
  if (end === 'count' ? count === null : !until) return null;
  return {
    every: repeat === 'week' ? { by: 'week', on: onDays(values) } : { by: repeat },
    interval,
    until: end === 'count' ? { by: 'count', count: count ?? 1 } : { by: 'day', day: until },
    except: values.except,
  };
}

/** The chosen weekdays in the week's order; that of the first day is always one of them. */
export function onDays({ day, weekdays }: Pick<Values, 'day' | 'weekdays'>): Weekday[] {
  const first = weekdayOf(day);
  return WEEKDAYS.filter((weekday) => weekday === first || weekdays.includes(weekday));
}

/** Who may do what in a kind of room where its owner says nothing else. */
export function usualRights(kind: Kind, options: Options): Record<Right, Allowed> | undefined {
  return options.usual.find((one) => one.kind === kind)?.permissions;
}

function rightsOf(set: Room['permissions'] | null, kind: Kind, options: Options): Rights {
  const usual = usualRights(kind, options);
  const own = (right: Right) => (set && set[right] !== usual?.[right] ? set[right] : '');
  return Object.fromEntries(RIGHTS.map((right) => [right, own(right)])) as Rights;
}

/** What the API takes: nothing where all is as usual. */
function permissionsFrom({ kind, rights }: Values, options: Options): Room['permissions'] {
  const usual = usualRights(kind, options);
  const chosen = RIGHTS.filter((right) => rights[right]);
  if (!usual || chosen.length === 0) return null;
  return { ...usual, ...Object.fromEntries(chosen.map((right) => [right, rights[right]])) };
}

/** What the API takes. */
export function fieldsFrom(values: Values, options: Options): Schema<'RoomFields'> {
  return {
    name: values.name.trim(),
    description: values.description.trim(),
    protection: values.protection,
    lobby: values.lobby || null,
    waiting_text: values.waiting_text.trim(),
    permissions: permissionsFrom(values, options) ?? null,
    booking: values.kind === 'personal' ? null : bookingOf(values),
    invitees: allInvited(values).map(({ person, name, address, role, language }) => ({
      person,
      address: address.trim() || null,
      name: person ? null : name.trim() || null,
      role,
      language: language || null,
    })),
  };
}

/** A whole number from 1, or nothing. */
export function whole(text: string): number | null {
  const value = Number(text);
  return text.trim() && Number.isInteger(value) && value > 0 ? value : null;
}

/** Addresses that more than one of the invited has: each gets one letter. */
export function sharedAddresses(people: readonly Pick<Guest, 'address'>[]): Set<string> {
  const all = people.map(({ address }) => addressKey(address)).filter(Boolean);
  return new Set(all.filter((address, index) => all.indexOf(address) < index));
}

/** Addresses that differ in case only are the same. */
export const addressKey = (address: string) => address.trim().toLowerCase();

type Typed = { name: string; address: string };

/** What is typed into the field for addresses: who is new, who is on the list already, what is no address. */
export function typedOutside({
  outside,
  people,
  kind,
}: Pick<Values, 'outside' | 'people' | 'kind'>): {
  fresh: Guest[];
  twice: Typed[];
  wrong: string[];
} {
  const { found, wrong } = addressesIn(outside);
  const known = new Set(people.map(({ address }) => addressKey(address)));
  const fresh: Guest[] = [];
  const twice: Typed[] = [];
  for (const { name, address } of found) {
    const key = addressKey(address);
    if (known.has(key)) twice.push({ name, address });
    else {
      const role = kind === 'lecture' ? 'listener' : 'guest';
      fresh.push({ key, person: null, name, address, role, language: '' });
    }
    known.add(key);
  }
  return { fresh, twice, wrong };
}

/** All who are invited when the form is sent: those on the list, and the addresses that are only typed. */
export function allInvited(values: Pick<Values, 'outside' | 'people' | 'kind'>): Guest[] {
  return [...values.people, ...typedOutside(values).fresh];
}

/** What stands between commas, semicolons and ends of lines; in a quoted name they part nothing. */
const PIECES = /(?:"(?:\\[^\n]|[^"\\\n])*"|[^\n,;])+/g;

/** A name without its quotes. */
function bare(name: string): string {
  const [, quoted] = /^"((?:\\.|[^"\\])*)"$/.exec(name.trim()) ?? [];
  return quoted?.replace(/\\(.)/g, '$1').trim() ?? name.replace(/^["'\s]+|["'\s]+$/g, '');
}

/** Addresses as one types or pastes them: one a line or with commas, alone or as `Name <address>`. */
export function addressesIn(text: string): { found: Typed[]; wrong: string[] } {
  const found: Typed[] = [];
  const wrong: string[] = [];
  for (const piece of (text.match(PIECES) ?? []).map((part) => part.trim())) {
    if (!piece) continue;
    const [, name = '', inside] = /^(.*)<([^<>]+)>$/.exec(piece) ?? [];
    const address = (inside ?? piece).trim();
    if (/^[^\s@<>"]+@[^\s@<>"]+$/.test(address)) {
      found.push({ name: bare(name), address });
    } else {
      wrong.push(piece);
    }
  }
  return { found, wrong };
}

/** As one types it. */
export function written({ name, address }: Typed): string {
  if (!name) return address;
  const quoted = /[",;<>\\]/.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : name;
  return `${quoted} <${address}>`;
}
