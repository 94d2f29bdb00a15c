import { i18n } from '@lingui/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ApiProblem } from '../../../api/problem.ts';
import { FieldProblem } from '../../../ui/form.tsx';
import { formatMinutes } from '../../../ui/time.tsx';
import './problems.ts';
import { faultsOf } from './check.ts';
import { bookingFaults } from './faults.ts';
import {
  addressesIn,
  bookingOf,
  emptyValues,
  fieldsFrom,
  sharedAddresses,
  type Values,
  valuesOf,
  weekdayOf,
  weekOfMonth,
  written,
} from './form-values.ts';
import type { Options, Room } from './queries.ts';
import { inviteeName } from './words.ts';

const options = {
  time_zone: 'Europe/Berlin',
  default_protection: 'internal',
  limits: { most_minutes: 720 },
  usual: [
    {
      kind: 'meeting',
      permissions: {
        unmute: 'participants',
        camera: 'participants',
        share: 'participants',
        chat: 'everybody',
        private_chat: 'participants',
        roster: 'participants',
      },
    },
  ],
} as Options;
const now = Date.parse('2026-11-23T08:10:00Z');
const empty = emptyValues('meeting', options, now);

describe('the form of a booking', () => {
  beforeAll(() => i18n.loadAndActivate({ locale: 'de', messages: {} }));

  it('begins with an hour from the next half hour of the house', () => {
    expect(bookingOf(empty)).toEqual({
      starts: '2026-11-23T09:30',
      minutes: 60,
      time_zone: 'Europe/Berlin',
      recurrence: null,
    });
  });

  it('always names the weekday of the first day, in the week’s order', () => {
    expect(weekdayOf('2026-11-23')).toBe('monday');
    expect(weekdayOf('2026-11-29')).toBe('sunday');
    const weekly: Values = { ...empty, repeat: 'week', weekdays: ['friday', 'wednesday'] };
    expect(bookingOf(weekly)?.recurrence).toEqual({
      every: { by: 'week', on: ['monday', 'wednesday', 'friday'] },
      interval: 1,
      until: { by: 'count', count: 10 },
      except: [],
    });
    expect([weekOfMonth('2026-11-02'), weekOfMonth('2026-11-23')]).toEqual([1, 4]);
  });

  it('is no booking while something is missing', () => {
    expect(bookingOf({ ...empty, day: '' })).toBeNull();
    expect(bookingOf({ ...empty, to: empty.from })).toBeNull();
    expect(bookingOf({ ...empty, repeat: 'day', interval: '0' })).toBeNull();
    expect(bookingOf({ ...empty, repeat: 'day', end: 'day', until: '' })).toBeNull();
  });

  it('gives a room back as it was', () => {
    const room = {
      kind: 'meeting',
      name: 'Haushalt',
      description: '',
      protection: 'confidential',
      lobby: 'everybody',
      waiting_text: 'Gleich geht es los.',
      permissions: { ...options.usual[0]?.permissions, share: 'presenters' },
      booking: {
        starts: '2026-12-01T23:30',
        minutes: 60,
        time_zone: 'Europe/London',
        recurrence: {
          every: { by: 'month_weekday' },
          interval: 2,
          until: { by: 'day', day: '2027-12-01' },
          except: ['2027-02-02'],
        },
      },
      invitees: [
        { person: 'p1', address: null, name: null, role: 'cohost', language: null },
        { person: null, address: 'a@b.de', name: null, role: 'guest', language: 'en' },
      ],
      invited: [{ person: 'p1', name: 'Anna Bauer' }],
    } as unknown as Room;
    const values = valuesOf(room, options, now);
    expect(values).toMatchObject({ from: '23:30', to: '00:30', repeat: 'month_weekday' });
    expect(values.people[0]?.name).toBe('Anna Bauer');
    expect(values.rights).toMatchObject({ share: 'presenters', chat: '', unmute: '' });
    expect(fieldsFrom({ ...values, rights: empty.rights }, options).permissions).toBeNull();
    const { name, description, protection, lobby, waiting_text, permissions, booking, invitees } =
      room;
    expect(fieldsFrom(values, options)).toEqual({
      name,
      description,
      protection,
      lobby,
      waiting_text,
      permissions,
      booking,
      invitees,
    });
  });

  it('reads addresses as people paste them', () => {
    expect(addressesIn('a@b.de, "Ines Behrens" <i@c.de>;\n\nkeine Adresse')).toEqual({
      found: [
        { name: '', address: 'a@b.de' },
        { name: 'Ines Behrens', address: 'i@c.de' },
      ],
      wrong: ['keine Adresse'],
    });
  });

  it('parts nothing inside a quoted name', () => {
    const karl = { name: 'Komma, Karl', address: 'karl@example.com' };
    const odd = { name: 'Süd; das "Amt"', address: 'sued@example.com' };
    const text = `"Komma, Karl" <karl@example.com>, a@b.de\n${written(odd)}`;
    const found = [karl, { name: '', address: 'a@b.de' }, odd];
    expect(addressesIn(text)).toEqual({ found, wrong: [] });
    expect(addressesIn(found.map(written).join('\n')).found).toEqual(found);
    expect(addressesIn('"offen, a@b.de\nc@d.de')).toEqual({
      found: ['a@b.de', 'c@d.de'].map((address) => ({ name: '', address })),
      wrong: ['"offen'],
    });
  });

  it('takes along the addresses that are typed and not yet on the list', () => {
    const ines: Values['people'][number] = {
      key: '1',
      person: null,
      name: 'Ines',
      address: 'i@c.de',
      role: 'guest',
      language: '',
    };
    const values = { ...empty, name: 'Lage', people: [ines] };
    const typed = { ...values, outside: 'Karl <k@d.de>\nI@c.de\nk@D.de' };
    expect(fieldsFrom(typed, options).invitees).toEqual([
      { person: null, name: 'Ines', address: 'i@c.de', role: 'guest', language: null },
      { person: null, name: 'Karl', address: 'k@d.de', role: 'guest', language: null },
    ]);
    const lecture = fieldsFrom({ ...typed, kind: 'lecture' }, options).invitees;
    expect(lecture?.map(({ role }) => role)).toEqual(['guest', 'listener']);
    const refused = new ApiProblem(422, 'invalid', '', {}, [
      { path: 'invitees[1].address', code: 'not_an_address', detail: '', params: {} },
    ]);
    expect((bookingFaults(refused, typed) as FieldProblem).fields.people).toMatch(/^Karl: /);

    const limits = { least_minutes: 5, most_minutes: 90, name_chars: 9 } as Options['limits'];
    const few = { ...limits, description_chars: 9, waiting_text_chars: 9, invitees: 2 };
    expect(faultsOf(typed, few)).toEqual({});
    expect(faultsOf({ ...typed, outside: 'k@d.de, niemand' }, few)).toEqual({
      outside: 'Keine E-Mail-Adresse: niemand.',
    });
    expect(faultsOf({ ...typed, outside: 'k@d.de, l@d.de' }, few)).toEqual({
      outside: 'Es sind nicht mehr als 2 Personen möglich.',
    });
  });

  it('has a word for who is invited without a name', () => {
    expect(inviteeName({ name: '' })).toBe('Gast ohne Namen');
    expect(inviteeName({ name: 'Ines' })).toBe('Ines');
  });

  it('knows an address that stands there twice, however it is written', () => {
    const people = ['A@b.de', 'c@d.de', '', ' a@B.de ', ''].map((address) => ({ address }));
    expect([...sharedAddresses(people)]).toEqual(['a@b.de']);
    expect([...sharedAddresses(people.slice(0, 3))]).toEqual([]);
  });

  it('says of a length how long, with its unit', () => {
    expect([45, 60, 90, 720].map(formatMinutes)).toEqual([
      '45 Minuten',
      '1 Stunde',
      '1 Stunde 30 Minuten',
      '12 Stunden',
    ]);
  });

  it('says what is wrong before it is sent', () => {
    const limits = {
      name_chars: 5,
      description_chars: 10,
      waiting_text_chars: 10,
      least_minutes: 5,
      most_minutes: 90,
    } as Options['limits'];
    const guest = { key: '', person: null, name: '', role: 'guest', language: '' } as const;
    expect(faultsOf({ ...empty, name: ' 👩🏽‍💻ab ' }, limits).name).toContain('5 Zeichen');
    expect(faultsOf({ ...empty, name: '👍👍👍👍👍', to: '11:00' }, limits)).toEqual({});
    const people = ['a@b.de', 'A@b.de'].map((address) => ({ ...guest, address }));
    expect(faultsOf({ ...empty, name: 'Lage', to: '11:30', people }, limits)).toEqual({
      to: 'Möglich sind 5 Minuten bis 1 Stunde 30 Minuten.',
      people: 'Die Adresse a@b.de steht zweimal auf der Liste.',
    });
  });

  it('puts the server’s faults beside its own fields', () => {
    const fault = (path: string, code: string, params = {}) => ({ path, code, detail: '', params });
    const values: Values = {
      ...empty,
      end: 'day',
      people: [{ key: '1', person: null, name: 'Ines', address: 'x', role: 'guest', language: '' }],
    };
    const problem = new ApiProblem(422, 'invalid', '', {}, [
      fault('booking.starts', 'past'),
      fault('booking.minutes', 'out_of_range', { least: '5', most: '720' }),
      fault('booking.recurrence.until', 'too_many', { most: '260', days: '731' }),
      fault('invitees[0].address', 'not_an_address'),
    ]);
    const found = bookingFaults(problem, values);
    expect(found).toBeInstanceOf(FieldProblem);
    const { fields } = found as FieldProblem;
    expect(Object.keys(fields).toSorted()).toEqual(['day', 'people', 'to', 'until']);
    expect(fields.people).toMatch(/^Ines: /);
    expect(fields.to).toBe('Möglich sind 5 Minuten bis 12 Stunden.');
    const skipped = new ApiProblem(422, 'invalid', '', {}, [
      fault('booking.starts', 'no_such_time'),
    ]);
    expect((bookingFaults(skipped, values) as FieldProblem).fields).toEqual({
      from: 'An diesem Tag werden die Uhren vorgestellt: Diese Uhrzeit gibt es dann nicht.',
    });
  });
});
