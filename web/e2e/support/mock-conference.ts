import type { components } from '../../src/api/api-schema.d.ts';
import { type MockOffice, problem, session } from './mock-office.ts';

type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];
type Room = Schema<'Room'>;
type Summary = Schema<'MeetingSummary'>;

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** The server lets people in so long before, and so long after. */
const LEAD_MINUTES = 15;
const LAG_MINUTES = 60;

const id = (kind: string, number: number) =>
  `0199a000-0000-7000-8000-0000000${kind}${String(number).padStart(4, '0')}`;

const me = { id: session.person.id, name: session.person.display_name };
export const colleagues: Schema<'Colleague'>[] = [
  { id: id('a', 4), name: 'Anna Bauer' },
  { id: id('a', 2), name: 'Mehmet Yıldız' },
  { id: id('a', 5), name: 'Karl-Friedrich Schulze-Wittenberge' },
  { id: id('a', 6), name: 'Lena Hansen' },
];
const [anna, mehmet, karl] = colleagues as [
  Schema<'Colleague'>,
  Schema<'Colleague'>,
  Schema<'Colleague'>,
];

const safeguards: Record<Schema<'ProtectionClass'>, Schema<'Safeguards'>> = {
  open: {
    lobby: 'nobody',
    encryption: 'transport',
    dial_in: true,
    guests: true,
    keep_chat_days: 7,
  },
  internal: {
    lobby: 'guests',
    encryption: 'transport',
    dial_in: true,
    guests: true,
    keep_chat_days: 7,
  },
  confidential: {
    lobby: 'uninvited',
    encryption: 'transport',
    dial_in: false,
    guests: true,
    keep_chat_days: 0,
  },
};

function usualPermissions(kind: Schema<'RoomKind'>): Schema<'Permissions'> {
  const few = kind === 'lecture' ? 'presenters' : 'participants';
  return {
    unmute: few,
    camera: few,
    share: few,
    chat: 'everybody',
    private_chat: kind === 'lecture' ? 'moderators' : 'participants',
    roster: few,
  };
}

export const options: Schema<'ConferenceOptions'> = {
  may_create: ['personal', 'meeting', 'lecture'],
  classes: (['open', 'internal', 'confidential'] as const).map((one) => ({
    class: one,
    safeguards: safeguards[one],
  })),
  usual: (['personal', 'meeting', 'lecture'] as const).map((kind) => ({
    kind,
    permissions: usualPermissions(kind),
  })),
  default_protection: 'internal',
  mail: true,
  time_zone: 'Europe/Berlin',
  limits: {
    name_chars: 120,
    description_chars: 1000,
    waiting_text_chars: 300,
    invitees: 600,
    occurrences: 260,
    days_ahead: 731,
    least_minutes: 5,
    most_minutes: 720,
  },
};

/** A moment on Berlin's clock so many days from today, as `2026-11-23T09:30`. */
const wall = (days: number, time: string) =>
  `${new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Berlin' }).format(
    Date.now() + days * DAY_MS,
  )}T${time}`;

const utcOf = (moment: string) => {
  const guess = Date.parse(`${moment}Z`);
  const shown = new Intl.DateTimeFormat('sv-SE', {
    dateStyle: 'short',
    timeStyle: 'short',
    timeZone: 'Europe/Berlin',
  }).format(guess);
  return guess - (Date.parse(`${shown.replace(' ', 'T')}Z`) - guess);
};

/** Rooms and meetings as the server keeps them; a test looks into them and changes them. */
export class MockConference {
  readonly rooms: Room[] = [];
  options = structuredClone(options);
  private made = 0;

  room(
    fields: Partial<Room> & Pick<Room, 'name' | 'kind'>,
    role: Schema<'MeetingRole'> = 'host',
  ): Room {
    this.made += 1;
    const protection = fields.protection ?? 'internal';
    const room: Room = {
      id: id('r', this.made).replace('r', '1'),
      version: '1',
      owner: role === 'host' ? me : anna,
      role,
      description: '',
      protection,
      lobby: null,
      waiting_text: '',
      permissions: null,
      booking: null,
      invitees: [],
      invited: [],
      safeguards: safeguards[protection],
      meetings: [],
      ...fields,
    };
    this.rooms.push(room);
    return room;
  }

  /** A date of a room: days from today and a time, or minutes from now where it is about entering. */
  meeting(room: Room, when: { days: number; time: string } | { minutes: number }, minutes = 60) {
    const at = 'minutes' in when ? Date.now() + when.minutes * MINUTE_MS : null;
    const starts =
      at === null && 'days' in when
        ? wall(when.days, when.time)
        : new Intl.DateTimeFormat('sv-SE', {
            dateStyle: 'short',
            timeStyle: 'short',
            timeZone: 'Europe/Berlin',
          })
            .format(at ?? 0)
            .replace(' ', 'T');
    const begins = utcOf(starts);
    const ends = begins + minutes * MINUTE_MS;
    const opens = begins - LEAD_MINUTES * MINUTE_MS;
    const closes = ends + LAG_MINUTES * MINUTE_MS;
    this.made += 1;
    const meeting: Summary = {
      id: id('m', this.made).replace('m', '2'),
      room: room.id,
      name: room.name,
      kind: room.kind,
      owner: room.owner,
      role: room.role,
      protection: room.protection,
      recurring: Boolean(room.booking?.recurrence),
      moved: false,
      starts,
      minutes,
      time_zone: 'Europe/Berlin',
      starts_at: new Date(begins).toISOString(),
      ends_at: new Date(ends).toISOString(),
      valid_from: new Date(opens).toISOString(),
      valid_until: new Date(closes).toISOString(),
      open_now: opens <= Date.now() && Date.now() < closes,
      state: 'planned',
    };
    room.meetings.push(meeting);
    return meeting;
  }

  /** An ordinary week: the own room, a meeting about to begin, a series, a lecture, others' meetings. */
  furnish(): this {
    this.room({ name: 'Raum von Jana Petersen', kind: 'personal', description: '' });
    const soon = this.room({
      name: 'Haushalt 2027: Ämterrunde',
      kind: 'meeting',
      description: 'Entwurf durchgehen, offene Stellen, Termine bis Weihnachten',
      protection: 'confidential',
      booking: { starts: wall(0, '09:00'), minutes: 60, time_zone: 'Europe/Berlin' },
      invitees: [
        { person: anna.id, role: 'cohost' },
        { person: karl.id, role: 'participant' },
        { address: 'i.behrens@kreis-nordmark.example', name: 'Ines Behrens', role: 'guest' },
      ],
      invited: [
        {
          id: id('7', 1),
          person: anna.id,
          address: null,
          name: anna.name,
          role: 'cohost',
          mail: 'none',
        },
        {
          id: id('7', 2),
          person: karl.id,
          address: 'k.schulze@auenbrueck.example',
          name: karl.name,
          role: 'participant',
          mail: 'sent',
        },
        {
          id: id('7', 3),
          person: null,
          address: 'i.behrens@kreis-nordmark.example',
          name: 'Ines Behrens',
          role: 'guest',
          mail: 'failed',
        },
      ],
    });
    const running = this.meeting(soon, { minutes: -5 });
    running.state = 'running';
    const series = this.series();
    for (const days of [1, 8, 15, 22]) this.meeting(series, { days, time: '08:30' }, 30);
    const [, second] = series.meetings;
    if (second) second.moved = true;
    const lecture = this.room(
      {
        name: 'Personalversammlung: Umzug in das neue Rathaus am Markt',
        kind: 'lecture',
        protection: 'open',
        owner: mehmet,
      },
      'listener',
    );
    this.meeting(lecture, { days: 3, time: '14:00' }, 90);
    const abroad = this.room(
      { name: 'Partnerstadt Kirkwall', kind: 'meeting', owner: mehmet },
      'participant',
    );
    const there = this.meeting(abroad, { days: 3, time: '16:00' });
    there.time_zone = 'Europe/London';
    there.starts = there.starts.replace('16:00', '15:00');
    return this;
  }

  series(): Room {
    return this.room({
      name: 'Lagebesprechung Winterdienst',
      kind: 'meeting',
      booking: {
        starts: wall(1, '08:30'),
        minutes: 30,
        time_zone: 'Europe/Berlin',
        recurrence: {
          every: { by: 'week', on: ['monday', 'tuesday'] },
          interval: 1,
          until: { by: 'count', count: 5 },
          except: [wall(29, '08:30').slice(0, 10)],
        },
      },
      invitees: [
        { person: mehmet.id, address: 'm.yildiz@auenbrueck.example', role: 'participant' },
      ],
      invited: [
        {
          id: id('7', 4),
          person: mehmet.id,
          address: 'm.yildiz@auenbrueck.example',
          name: mehmet.name,
          role: 'participant',
          mail: 'waiting',
        },
      ],
    });
  }

  /** Answers for the rooms and meetings it holds. */
  open(office: MockOffice): this {
    const meetings = () => this.rooms.flatMap((room) => room.meetings);
    const found = <Item>(item: Item | undefined, body: (item: Item) => unknown) =>
      item ? { body: body(item) } : problem(404, 'not_found');
    const room = (match: RegExpMatchArray) => this.rooms.find((one) => one.id === match[1]);
    const meeting = (match: RegExpMatchArray) => meetings().find((one) => one.id === match[1]);
    const full = (one: Summary): Schema<'Meeting'> => {
      const home = this.rooms.find(({ id: known }) => known === one.room);
      const number = `417 203 ${one.id.slice(-3)}`;
      return {
        ...one,
        version: '1',
        description: home?.description ?? '',
        safeguards: safeguards[one.protection],
        access: {
          number,
          pin: '508214',
          link: `https://fernamt.auenbrueck.de/besprechung#${'Qb7xK2mV9sT4'.repeat(2)}`,
          join_page: 'https://fernamt.auenbrueck.de/besprechung',
        },
      };
    };
    const invitation = (name: string): Schema<'Invitation'> => ({
      de: { subject: `Einladung: ${name}`, text: `Guten Tag,\n\nSie sind eingeladen: ${name}.` },
      en: { subject: `Invitation: ${name}`, text: `Hello,\n\nyou are invited: ${name}.` },
      calendar: 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n',
      file_name: 'besprechung.ics',
    });
    const saved = (body: Record<string, unknown>, before: Room): Room => {
      const fields = body as unknown as Schema<'NewRoom'>;
      const next: Room = {
        ...before,
        ...fields,
        version: `${Number(before.version) + 1}`,
        safeguards: safeguards[fields.protection],
        invited: (fields.invitees ?? []).map((invitee, index) => ({
          id: id('7', 50 + index),
          person: invitee.person ?? null,
          address: invitee.address ?? null,
          name:
            colleagues.find((one) => one.id === invitee.person)?.name ??
            invitee.name ??
            invitee.address ??
            '',
          role: invitee.role,
          mail: this.options.mail && invitee.address ? 'waiting' : 'none',
        })),
      };
      this.rooms.splice(this.rooms.indexOf(before), 1, next);
      return next;
    };
    office
      .on('GET', '/conference/options', () => ({ body: this.options }))
      .on('GET', '/conference/people', (_: unknown, _match: unknown, query: URLSearchParams) => {
        const words = (query.get('q') ?? '').toLowerCase();
        return { body: colleagues.filter(({ name }) => name.toLowerCase().includes(words)) };
      })
      .on('GET', '/conference/rooms', () => {
        const own = this.rooms.filter(({ role }) => role === 'host');
        return { body: { items: own, total: own.length } };
      })
      .on('POST', '/conference/rooms/preview', (body: Record<string, unknown>) => {
        const { starts, recurrence } = body as unknown as Schema<'Booking'>;
        const until = recurrence?.until;
        const count = until?.by === 'count' ? until.count : 3;
        const first = Date.parse(`${starts}Z`);
        const days = Array.from({ length: Math.min(count, 260) }, (_, index) =>
          new Date(first + index * 7 * DAY_MS).toISOString().slice(0, 16),
        );
        return { body: { starts: days, moved: [], complete: count <= 260, twice: [] } };
      })
      .on('POST', '/conference/rooms', (body: Record<string, unknown>) => {
        const { kind, name } = body as unknown as Schema<'NewRoom'>;
        const made = saved(body, this.room({ kind, name }));
        if (made.booking) {
          const one = this.meeting(made, { days: 1, time: made.booking.starts.slice(11) });
          one.recurring = Boolean(made.booking.recurrence);
        }
        return { status: 201, body: made };
      })
      .on('GET', '/conference/rooms/([^/]+)', (_: unknown, match: RegExpMatchArray) =>
        found(room(match), (one) => one),
      )
      .on(
        'PUT',
        '/conference/rooms/([^/]+)',
        (body: Record<string, unknown>, match: RegExpMatchArray) =>
          found(room(match), (one) => saved(body, one)),
      )
      .on('DELETE', '/conference/rooms/([^/]+)', (_: unknown, match: RegExpMatchArray) => {
        const gone = room(match);
        if (gone) this.rooms.splice(this.rooms.indexOf(gone), 1);
        return {};
      })
      .on('POST', '/conference/rooms/([^/]+)/open', (_: unknown, match: RegExpMatchArray) =>
        found(room(match), (one) => {
          const opened = this.meeting(one, { minutes: 0 }, 480);
          opened.state = 'running';
          return full(opened);
        }),
      )
      .on('GET', '/conference/rooms/([^/]+)/invitation', (_: unknown, match: RegExpMatchArray) =>
        found(room(match), ({ name }) => invitation(name)),
      )
      .on('GET', '/conference/meetings', (_: unknown, _m: unknown, query: URLSearchParams) => {
        const past = query.get('when') === 'past';
        const items = meetings()
          .filter(({ state }) => (state === 'ended' || state === 'cancelled') === past)
          .toSorted((one, other) => one.starts_at.localeCompare(other.starts_at));
        return { body: { items, total: items.length } };
      })
      .on('GET', '/conference/meetings/([^/]+)', (_: unknown, match: RegExpMatchArray) =>
        found(meeting(match), full),
      )
      .on(
        'PUT',
        '/conference/meetings/([^/]+)',
        (body: Record<string, unknown>, match: RegExpMatchArray) =>
          found(meeting(match), (one) => {
            one.starts = String(body.starts);
            one.starts_at = new Date(utcOf(one.starts)).toISOString();
            one.moved = true;
            return full(one);
          }),
      )
      .on('DELETE', '/conference/meetings/([^/]+)', (_: unknown, match: RegExpMatchArray) => {
        const gone = meeting(match);
        const home = this.rooms.find(({ id: known }) => known === gone?.room);
        if (!gone || !home) return problem(404, 'not_found');
        home.meetings = home.meetings.filter((one) => one !== gone);
        home.booking?.recurrence?.except?.push(gone.starts.slice(0, 10));
        return {};
      })
      .on('POST', '/conference/meetings/([^/]+)/end', () => ({}))
      .on('POST', '/conference/meetings/([^/]+)/pin', (_: unknown, match: RegExpMatchArray) =>
        found(meeting(match), full),
      )
      .on('GET', '/conference/meetings/([^/]+)/invitation', (_: unknown, match: RegExpMatchArray) =>
        found(meeting(match), ({ name }) => invitation(name)),
      );
    return this;
  }
}
