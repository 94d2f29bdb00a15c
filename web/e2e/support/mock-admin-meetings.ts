import type { components } from '../../src/api/api-schema.d.ts';
import type { MockOffice } from './mock-office.ts';

type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

const id = (kind: string, number: number) =>
  `0199a000-0000-7000-8000-0000000${kind}${String(number).padStart(4, '0')}`;
const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();

export const running: Schema<'RunningView'> = {
  meetings: [
    {
      id: id('1', 1),
      room: id('1', 11),
      name: 'Haushalt 2027: Ämterrunde',
      kind: 'meeting',
      owner: { id: id('a', 4), name: 'Anna Bauer' },
      since: ago(0.7),
      seats: 23,
      lobby: 2,
      microphones: 3,
      cameras: 14,
    },
    {
      id: id('1', 2),
      room: id('1', 12),
      name: 'Personalversammlung: Umzug in das neue Rathaus am Markt',
      kind: 'lecture',
      owner: { id: id('a', 5), name: 'Karl-Friedrich Schulze-Wittenberge' },
      since: ago(0.2),
      seats: 312,
      lobby: 0,
      microphones: 1,
      cameras: 1,
    },
  ],
  load: { seats: 335, bits_a_second: 412_000_000, packets_a_second: 51_300, busiest: 0.46 },
};

const safeguards = (more: Partial<Schema<'Safeguards'>> = {}): Schema<'Safeguards'> => ({
  lobby: 'guests',
  encryption: 'transport',
  dial_in: true,
  guests: true,
  keep_chat_days: 7,
  ...more,
});
const usual: Schema<'ClassMeaning'>[] = [
  { class: 'open', safeguards: safeguards({ lobby: 'nobody' }) },
  { class: 'internal', safeguards: safeguards() },
  {
    class: 'confidential',
    safeguards: safeguards({ lobby: 'uninvited', dial_in: false, keep_chat_days: 0 }),
  },
];

export const conferenceSettings: Schema<'ConferenceSettingsView'> = {
  version: '1',
  settings: {
    personal: { everybody: true, groups: [] },
    meetings: { everybody: true, groups: [] },
    lectures: { everybody: false, groups: [id('b', 4)] },
    default_protection: 'internal',
    stricter: {},
    lead_minutes: 15,
    lag_minutes: 60,
    personal_hours: 8,
    most_minutes: 720,
    most_participants: 150,
    most_listeners: 500,
    most_running: 100,
    mail: true,
  },
  usual,
  classes: usual,
  limits: {
    lead_minutes: { least: 0, most: 120 },
    lag_minutes: { least: 0, most: 240 },
    personal_hours: { least: 1, most: 24 },
    most_minutes: { least: 15, most: 1440 },
    most_participants: { least: 2, most: 300 },
    most_listeners: { least: 2, most: 500 },
    most_running: { least: 1, most: 1000 },
  },
  mail_server: true,
};

const webhookSecret = 'q4Jw1nXo9Zb7Lr2VtY8cKd5HsM0gPeUaTfRi3BvN6xE';

export const webhooks: Schema<'Webhook'>[] = [
  {
    id: id('3', 1),
    version: '1',
    name: 'Raumverwaltung',
    url: 'https://raeume.auenbrueck.intern/fernamt/meldungen',
    events: ['meeting.booked', 'meeting.changed', 'meeting.cancelled'],
    enabled: true,
    waiting: 0,
    failing_since: null,
  },
  {
    id: id('3', 2),
    version: '1',
    name: 'Anzeigetafel im Foyer',
    url: 'https://tafel.auenbrueck.intern/api/heute',
    events: ['meeting.opened', 'meeting.ended'],
    enabled: true,
    waiting: 4,
    failing_since: ago(6),
  },
];

export const deliveries: Schema<'Delivery'>[] = [
  {
    id: id('2', 1),
    event: 'meeting.booked',
    at: ago(0.1),
    state: 'waiting',
    attempts: 3,
    next_at: ago(-0.5),
    last_status: 502,
    last_fault: 'status',
  },
  {
    id: id('2', 2),
    event: 'meeting.changed',
    at: ago(5),
    state: 'delivered',
    attempts: 1,
    next_at: null,
    last_status: 204,
    last_fault: null,
  },
  {
    id: id('2', 3),
    event: 'trial',
    at: ago(30),
    state: 'given_up',
    attempts: 14,
    next_at: null,
    last_status: null,
    last_fault: 'unreachable',
  },
];

const found = (wanted: string | undefined) => {
  const webhook = webhooks.find((candidate) => candidate.id === wanted);
  return webhook ? { body: webhook } : { status: 404 };
};

/** What the administration of meetings asks for. */
export function furnishMeetings(office: MockOffice): MockOffice {
  return office
    .on('GET', '/admin/conference/running', running)
    .on('POST', '/admin/conference/meetings/[^/]+/end', () => ({}))
    .on('GET', '/admin/conference/settings', conferenceSettings)
    .on('PUT', '/admin/conference/settings', ({ settings }: Record<string, unknown>) => ({
      body: { ...conferenceSettings, settings, version: '2' },
    }))
    .on('GET', '/admin/webhooks', webhooks)
    .on('POST', '/admin/webhooks', (body: Record<string, unknown>) => ({
      status: 201,
      body: { webhook: { ...webhooks[0], ...body }, secret: webhookSecret },
    }))
    .on('GET', '/admin/webhooks/([^/]+)', (_: unknown, match: RegExpMatchArray) => found(match[1]))
    .on('GET', '/admin/webhooks/[^/]+/deliveries', deliveries)
    .on('POST', '/admin/webhook-deliveries/[^/]+/retry', deliveries[0])
    .on('POST', '/admin/webhooks/[^/]+/trial', () => ({}))
    .on('POST', '/admin/webhooks/[^/]+/secret', { webhook: webhooks[0], secret: webhookSecret })
    .on('DELETE', '/admin/webhooks/[^/]+', () => ({}));
}
