import type { components } from '../../src/api/api-schema.d.ts';
import { furnishFeatures } from './mock-admin-features.ts';
import { furnishMailboxes } from './mock-admin-mailboxes.ts';
import { furnishMeetings } from './mock-admin-meetings.ts';
import { furnish, type MockOffice, session } from './mock-office.ts';

type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

const id = (kind: string, number: number) =>
  `0199a000-0000-7000-8000-0000000${kind}${String(number).padStart(4, '0')}`;
const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();

export const people: Schema<'PersonSummary'>[] = [
  ['j.petersen', 'Jana Petersen', ['administrator'], 'local', true],
  ['m.yildiz', 'Mehmet Yıldız', ['control_desk'], 'directory', true],
  ['d.schutz', 'Dr. Dorothea Schutz', ['data_protection'], 'directory', true],
  ['a.bauer', 'Anna Bauer', [], 'directory', true],
  ['k.schulze-wittenberge', 'Karl-Friedrich Schulze-Wittenberge', [], 'directory', false],
  ['l.hansen', 'Lena Hansen', [], 'directory', true],
  ['p.praktikum', 'Paul Probst', [], 'local', false],
].map(([name, display_name, roles, source, second_factor], index) => ({
  id: id('a', index + 1),
  name: name as string,
  display_name: display_name as string,
  roles: roles as Schema<'Role'>[],
  source: source as 'local' | 'directory',
  state: index === 6 ? 'disabled' : 'active',
  second_factor: second_factor as boolean,
}));

export const groups: Schema<'GroupSummary'>[] = [
  { id: id('b', 1), name: 'Bauamt', source: 'directory', people: 34 },
  { id: id('b', 2), name: 'Kasse', source: 'directory', people: 12 },
  { id: id('b', 3), name: 'Heimarbeit', source: 'local', people: 118 },
  { id: id('b', 4), name: 'IT', source: 'local', people: 3 },
];

const target = (
  number: number,
  name: string,
  folder: string,
  settings: Schema<'TargetSettings'>,
  port: number,
  health: Schema<'HealthState'>,
): Schema<'Target'> => ({
  id: id('c', number),
  version: '1',
  name,
  folder,
  icon: '',
  description: '',
  host: `${name.toLowerCase().replace(/[^a-z]+/g, '-')}.auenbrueck.intern`,
  port,
  settings,
  enabled: number !== 6,
  pinned_certificate: settings.kind === 'rdp' ? 'ab12cd34'.repeat(8) : null,
  health,
  health_detail: health === 'unreachable' ? 'target_unreachable' : null,
  checked_at: health === 'unknown' ? null : ago(0.02),
  bundles: number < 3 ? [id('d', 1)] : [],
  used_by_rules: [],
});

export const targets: Schema<'Target'>[] = [
  target(1, 'Terminalserver Bauamt', 'Arbeitsplätze', { kind: 'rdp', nla: true }, 3389, 'ok'),
  target(
    2,
    'Bauakten',
    'Planen und Bauen',
    { kind: 'web', label: 'bauakten', tls: true },
    443,
    'ok',
  ),
  target(3, 'Kasse', 'Finanzen', { kind: 'web', label: 'kasse', tls: true }, 443, 'unreachable'),
  target(4, 'Terminalserver Lager', 'Arbeitsplätze', { kind: 'rdp' }, 3389, 'certificate_changed'),
  target(5, 'Datenbankserver', 'Technik', { kind: 'ssh' }, 22, 'ok'),
  target(6, 'Telefonanlage', 'Technik', { kind: 'tcp' }, 8443, 'unknown'),
];

export const bundles: Schema<'Bundle'>[] = [
  {
    id: id('d', 1),
    version: '1',
    name: 'Bauamt',
    description: 'Alles, was das Bauamt täglich braucht',
    targets: [id('c', 1), id('c', 2)],
    used_by_rules: [{ id: id('e', 1), name: 'Bauamt zu Bürozeiten' }],
  },
];

const form: Schema<'RuleForm'> = {
  effect: 'allow',
  groups: [id('b', 1)],
  bundles: [id('d', 1)],
  device_kinds: ['browser', 'ssh_key'],
  device_states: ['approved'],
  second_factor: true,
  times: [{ weekdays: [1, 2, 3, 4, 5], from: '06:00', to: '20:00' }],
};

export const rules: Schema<'Rule'>[] = [
  {
    id: id('e', 1),
    version: '1',
    name: 'Bauamt zu Bürozeiten',
    enabled: true,
    body: { kind: 'form', form },
    cedar: `@name("Bauamt zu Bürozeiten")\npermit (\n  principal in Group::"${id('b', 1)}",\n  action == Action::"reach",\n  resource in Bundle::"${id('d', 1)}"\n)\nwhen {\n  context.second_factor\n};`,
  },
  {
    id: id('e', 2),
    version: '1',
    name: 'Kasse nur aus dem Haus',
    enabled: true,
    body: {
      kind: 'form',
      form: { effect: 'deny', everybody: true, targets: [id('c', 3)], zones: ['internet'] },
    },
    cedar: 'forbid (principal, action, resource);',
  },
  {
    id: id('e', 3),
    version: '1',
    name: 'Übergang Winterdienst',
    enabled: false,
    body: { kind: 'expert', cedar: 'permit (principal, action, resource);' },
    cedar: 'permit (principal, action, resource);',
  },
];

const device = (
  number: number,
  person: number,
  name: string,
  kind: Schema<'DeviceKind'>,
  state: Schema<'DeviceState'>,
): Schema<'Device'> => ({
  id: id('f', number),
  person_id: people[person]?.id ?? '',
  person_name: people[person]?.display_name ?? '',
  name,
  kind,
  state,
  fingerprint: 'SHA256:uJ8Jl2m0N3n9Qm0ViXzvfYcR8cWqYp8kX3T0h2b8x5M',
  created_at: ago(number * 7),
  last_seen_on: state === 'pending' ? null : '2026-11-20',
  container: number === 4,
  licence: number === 4,
});

export const devices: Schema<'Device'>[] = [
  device(1, 3, 'Firefox, Windows', 'browser', 'pending'),
  device(2, 4, 'Notebook zu Hause', 'ssh_key', 'pending'),
  device(3, 5, 'Chrome, Android', 'browser', 'pending'),
  device(4, 0, 'Firefox, Linux', 'browser', 'approved'),
  device(5, 3, 'Edge, Windows', 'browser', 'suspended'),
  device(6, 6, 'PuTTY Schlüssel', 'ssh_key', 'revoked'),
  device(7, 3, 'Stick', 'stick', 'approved'),
];

const stick = (
  number: number,
  person: number,
  state: Schema<'StickState'>,
  more: Partial<Schema<'Stick'>> = {},
): Schema<'Stick'> => ({
  id: id('4', number),
  person_id: people[person]?.id ?? '',
  person_name: people[person]?.display_name ?? '',
  name: 'Stick',
  state,
  revoked_as: null,
  copied: false,
  copied_at: null,
  activation_until: null,
  program: state === 'ordered' ? null : '0.1.0',
  system: state === 'ordered' ? null : 'windows',
  fingerprint: state === 'ordered' ? null : 'SHA256:Yt3l9pP4Vq1s0oY7n2C5s1wqvA8x4mK6rB9dE0fGhIj',
  created_at: ago(number * 30),
  last_seen_on: state === 'ordered' ? null : '2026-11-20',
  line: null,
  line_on: null,
  connections: 0,
  ...more,
});

const line = (
  round_trip_ms: number,
  loss_permille: number,
  transport: Schema<'Transport'>,
  outages = 0,
): Pick<Schema<'Stick'>, 'line' | 'line_on'> => ({
  line: { round_trip_ms, loss_permille, outages, transport },
  line_on: '2026-11-20',
});

export const sticks: Schema<'Stick'>[] = [
  stick(1, 4, 'suspended', { copied: true, copied_at: ago(5), ...line(48, 0, 'ssh') }),
  stick(2, 3, 'approved', { connections: 2, ...line(312, 31, 'websocket', 4) }),
  stick(3, 1, 'approved', { system: 'linux', ...line(22, 1, 'ssh') }),
  stick(4, 5, 'ordered', { activation_until: ago(-200) }),
  stick(5, 2, 'ordered'),
  stick(6, 0, 'pending'),
  stick(7, 6, 'revoked', { revoked_as: 'lost' }),
];

const delivery: Schema<'StickDelivery'> = {
  ready: true,
  fault: null,
  folder: '/var/lib/fernamt/programs',
  missing: [],
  programs: [
    { file: 'fernamt-stick', bytes: 18_400_000 },
    { file: 'fernamt-stick.exe', bytes: 14_900_000 },
  ],
  ssh: 'fernamt.auenbrueck.de:2222',
  websocket: 'wss://fernamt.auenbrueck.de',
};

const createdStick = (person: number, number: number, code: string) => ({
  stick: stick(number, person, 'ordered', { activation_until: ago(-14 * 24) }),
  activation_code: code,
  expires_at: ago(-14 * 24),
});

export const createdSticks: Schema<'CreatedSticks'> = {
  sticks: [
    createdStick(3, 11, 'K7QM-4TXP-9WZB-H2DV'),
    createdStick(4, 12, 'P5YT-3KGM-7QXA-R9WB'),
    createdStick(5, 13, 'T4LF-7PJX-8MKQ-W3GA'),
  ],
  left_out: [
    { person: { id: id('a', 7), display_name: 'Paul Probst' }, reason: 'disabled' },
    { person: { id: id('a', 2), display_name: 'Mehmet Yıldız' }, reason: 'has_stick' },
  ],
};

export const ownTargetsDecision: Schema<'OwnTargetsDecision'> = {
  version: '2',
  enabled: true,
  networks: ['10.20.0.0/16', '10.31.4.0/24'],
  reason: 'In der Pandemie arbeitet die halbe Verwaltung am Rechner im eigenen Büro weiter.',
  decided_by: { id: id('a', 1), display_name: 'Jana Petersen' },
  decided_at: ago(400),
  most_per_person: 5,
  targets: 2,
};

const personsTargets: Schema<'PersonsTarget'>[] = [
  {
    id: id('c', 21),
    person_id: people[3]?.id ?? '',
    person_name: 'Anna Bauer',
    name: 'Mein Rechner im Büro',
    kind: 'rdp',
    host: 'pc-bau-117.auenbrueck.intern',
    port: 3389,
  },
  {
    id: id('c', 22),
    person_id: people[5]?.id ?? '',
    person_name: 'Lena Hansen',
    name: 'Messrechner',
    kind: 'ssh',
    host: '10.31.4.17',
    port: 22,
  },
];

const entry = (
  sequence: number,
  kind: Schema<'AuditKind'>,
  action: string,
  outcome: Schema<'Outcome'>,
  more: Partial<Schema<'AuditEntry'>> = {},
): Schema<'AuditEntry'> => ({
  sequence,
  kind,
  action,
  outcome,
  at: ago((4212 - sequence) * 0.3),
  actor: 'P-7KQ2M4',
  subject: null,
  target_id: null,
  target_name: null,
  zone: 'internet',
  details: {} as Schema<'AuditEntry'>['details'],
  ...more,
});

const entries: Schema<'AuditEntry'>[] = [
  entry(4211, 'decision', 'allowed', 'success', {
    target_id: id('c', 1),
    target_name: 'Terminalserver Bauamt',
    details: { rules: [id('e', 1)] } as unknown as Schema<'AuditEntry'>['details'],
  }),
  entry(4210, 'sign_in', 'signed_in', 'success'),
  entry(4209, 'sign_in', 'wrong_code', 'failure', { actor: 'P-2XN8RT' }),
  entry(4208, 'decision', 'denied', 'denied', { target_id: id('c', 3), target_name: 'Kasse' }),
  entry(4207, 'device', 'approved', 'success', { subject: 'P-2XN8RT', zone: 'amt' }),
  entry(4206, 'deletion', 'expired', 'success', { actor: null, zone: null }),
];

const settings: Schema<'Settings'> = {
  name: 'Stadt Auenbrück',
  time_zone: 'Europe/Berlin',
  language: 'de',
  accent: '#0a5ea8',
  approval_needed: ['ssh_key', 'stick', 'phone'],
  idle_minutes: 60,
  session_hours: 12,
  container: {
    idle_minutes: 10,
    passphrase_chars: 12,
    offline_days: 0,
    guards: { copy_out: false, print: false, download: false, watermark: false, blur: false },
  },
  enrolment: {
    terms_de: '',
    terms_en: '',
    containers: 10,
    chromium: 0,
    firefox: 0,
    safari: 0,
    app: { demanded: true, name: 'Wächter Mobil', licences: 40 },
    unattested: 'online_only',
  },
  programs: { enabled: true, max_days: 90 },
  pictures: { enabled: false, unencrypted: false },
  push: { enabled: false, hosts: ['fcm.googleapis.com', '*.notify.windows.com'] },
  retention_days: { audit: 120 },
};

const settingsView: Schema<'SettingsView'> = {
  version: '1',
  settings,
  retention: [
    { category: 'account', start: 'end', default_days: 30, max_days: 90 },
    { category: 'device', start: 'end', default_days: 30, max_days: 90 },
    { category: 'line', start: 'creation', default_days: 7, max_days: 30 },
    { category: 'session', start: 'end', default_days: 7, max_days: 30 },
    { category: 'audit', start: 'creation', default_days: 90, max_days: 365 },
    { category: 'audit_pseudonym', start: 'creation', default_days: 90, max_days: 365 },
    { category: 'operation', start: 'creation', default_days: 14, max_days: 90 },
    { category: 'deletion_journal', start: 'creation', default_days: 400, max_days: 800 },
  ],
  limits: {
    idle_minutes: { least: 5, most: 480 },
    session_hours: { least: 1, most: 24 },
    container_idle_minutes: { least: 1, most: 600 },
    container_passphrase_chars: { least: 8, most: 64 },
    container_offline_days: { least: 0, most: 30 },
    program_days: { least: 1, most: 365 },
    enrolment_containers: { least: 1, most: 50 },
    enrolment_browser: { least: 0, most: 999 },
    enrolment_terms_chars: 20_000,
    enrolment_licences: { least: 0, most: 50_000 },
    enrolment_app_chars: 80,
    name_chars: 200,
  },
};

export const health: Schema<'Health'> = {
  version: '0.1.0',
  started_at: ago(75),
  parts: [
    { part: 'database', state: 'ok', code: 'ok', detail: 'it answers' },
    {
      part: 'targets',
      state: 'failed',
      code: 'certificate_changed',
      detail: '1 show another certificate than the pinned one, 1 do not answer',
      params: { wrong: '1', down: '1', seen: '6' },
    },
    { part: 'directory', state: 'ok', code: 'ok', detail: 'it was synchronised a moment ago' },
    {
      part: 'backup',
      state: 'warning',
      code: 'backup_too_old',
      detail: 'the last one is 31 hours old',
      params: { hours: '31' },
    },
    { part: 'certificate', state: 'ok', code: 'ok', detail: '', params: { until: '2027-02-14' } },
    {
      part: 'sticks',
      state: 'failed',
      code: 'stick_copied',
      detail: 'copies of 1 sticks were used; the sticks were suspended',
      params: { copied: '1' },
    },
    { part: 'ssh', state: 'off', code: 'off', detail: '' },
  ],
  pending_devices: 3,
  open_sessions: 41,
  connections: 57,
  zones: ['internet', 'amt'],
};

const page = <Item>(items: Item[]) => ({ items, total: items.length });

const found = <Item extends { id: string }>(items: readonly Item[], wanted: string | undefined) => {
  const item = items.find((candidate) => candidate.id === wanted);
  return item ? { body: item } : { status: 404 };
};

const detail = (person: Schema<'PersonSummary'>): Schema<'PersonDetail'> => ({
  ...person,
  version: '1',
  groups: [
    { id: id('b', 1), name: 'Bauamt' },
    { id: id('b', 3), name: 'Heimarbeit' },
  ],
  devices: 2,
  open_sessions: 1,
  created_at: '2026-09-01T08:00:00Z',
  deleted_on: null,
});

const groupDetail = (group: Schema<'GroupSummary'>): Schema<'GroupDetail'> => ({
  ...group,
  version: '1',
  members: people.slice(3, 6),
  groups: [{ id: id('b', 4), name: 'IT' }],
  used_by_rules: group.name === 'Bauamt' ? [{ id: id('e', 1), name: 'Bauamt zu Bürozeiten' }] : [],
});

export const why: Schema<'WhyAnswer'> = {
  allowed: false,
  reason: 'no_rule',
  next_change: '2026-11-23T05:00:00Z',
  rules: [
    {
      id: id('e', 1),
      name: 'Bauamt zu Bürozeiten',
      effect: 'allow',
      decided: false,
      conditions: [
        {
          code: 'subject',
          holds: true,
          expected: [{ kind: 'group', text: 'Bauamt', id: id('b', 1) }],
          actual: [
            { kind: 'person', text: 'Anna Bauer', id: id('a', 4) },
            { kind: 'group', text: 'Bauamt', id: id('b', 1) },
          ],
        },
        {
          code: 'target',
          holds: true,
          expected: [{ kind: 'bundle', text: 'Bauamt', id: id('d', 1) }],
          actual: [],
        },
        {
          code: 'device_kind',
          holds: true,
          expected: [
            { kind: 'device_kind', text: 'browser' },
            { kind: 'device_kind', text: 'ssh_key' },
          ],
          actual: [{ kind: 'device_kind', text: 'browser' }],
        },
        {
          code: 'second_factor',
          holds: false,
          expected: [],
          actual: [{ kind: 'method', text: 'password' }],
        },
        {
          code: 'time',
          holds: false,
          expected: [],
          actual: [],
          windows: [{ weekdays: [1, 2, 3, 4, 5], from: '06:00', to: '20:00' }],
          moment: { date: '2026-11-21', weekday: 6, time: '22:10' },
        },
      ],
    },
  ],
};

export const certificate: Schema<'LearntCertificate'> = {
  sha256: 'ff00aa11'.repeat(8),
  subject: 'CN=ts-lager.auenbrueck.intern',
  issuer: 'CN=Auenbrück Haus-CA',
  not_after: '2027-11-01T00:00:00Z',
};

export const importPreview: Schema<'ImportResult'> = {
  id: null,
  rows: [
    { line: 2, name: 'Terminalserver Bauamt', action: 'change', bundle: 'Bauamt' },
    { line: 3, name: 'Aktenplan', action: 'create', bundle: 'Bauamt' },
    { line: 4, name: 'Kasse', action: 'unchanged', bundle: null },
  ],
  faults: [],
};

export const importFaults: Schema<'ImportResult'> = {
  id: null,
  rows: importPreview.rows,
  faults: [
    { line: 5, column: 'port', code: 'invalid', detail: 'a port is a number from 1 to 65535' },
    { line: 5, column: 'kind', code: 'required', detail: 'a new target needs a kind' },
    { line: 9, column: 'name', code: 'doubled', detail: 'a row above has this name already' },
  ],
};

const imports: Schema<'PastImport'>[] = [
  {
    id: id('9', 2),
    at: ago(3),
    by: { id: id('a', 1), display_name: 'Jana Petersen' },
    created: 12,
    changed: 3,
    undone_at: null,
    kept_until: '2026-12-06',
  },
  {
    id: id('9', 3),
    at: ago(50),
    by: null,
    created: 1,
    changed: 0,
    undone_at: ago(49),
    kept_until: '2026-12-04',
  },
];

const reveals: Schema<'Reveal'>[] = [
  {
    id: id('8', 1),
    wanted: { kind: 'person', pseudonym: 'P-2XN8RT' },
    person_name: null,
    reason: 'Fünfzig falsche Passwörter in einer Nacht',
    state: 'asked',
    asked_by: { id: id('a', 3), display_name: 'Dr. Dorothea Schutz' },
    asked_at: ago(2),
    decided_by: null,
    decided_at: null,
    expires_at: ago(-166),
    may_decide: true,
    may_look: false,
  },
  {
    id: id('8', 2),
    wanted: { kind: 'pseudonym', person_id: id('a', 4) },
    person_name: 'Anna Bauer',
    reason: 'Auskunft auf Wunsch der Person selbst',
    state: 'approved',
    asked_by: { id: id('a', 1), display_name: 'Jana Petersen' },
    asked_at: ago(20),
    decided_by: { id: id('a', 3), display_name: 'Dr. Dorothea Schutz' },
    decided_at: ago(5),
    expires_at: ago(-148),
    may_decide: false,
    may_look: true,
  },
];

/** Who is signed in, of a house that has mail. */
export const administrator: Schema<'SessionView'> = {
  ...session,
  mail: true,
  person: { ...session.person, id: people[0]?.id ?? '' },
};

/** The administration of an office that works. */
export function furnishAdmin(
  office: MockOffice,
  roles: Schema<'Role'>[] = ['administrator'],
): MockOffice {
  return furnishFeatures(furnishMeetings(furnishMailboxes(furnish(office), people)), groups)
    .on('GET', '/session', {
      ...administrator,
      person: { ...administrator.person, roles },
    })
    .on('GET', '/admin/health', health)
    .on('GET', '/admin/people', page(people))
    .on('GET', '/admin/people/([^/]+)', (_: unknown, match: RegExpMatchArray) =>
      found(people.map(detail), match[1]),
    )
    .on('GET', '/admin/people/([^/]+)/targets', {
      allowed: targets
        .slice(0, 2)
        .map(({ id: target, name, settings: { kind } }) => ({ id: target, name, kind })),
    })
    .on('POST', '/admin/people', () => ({
      status: 201,
      body: {
        person: detail(people[3] as Schema<'PersonSummary'>),
        password: 'Kranich-Pflaster-47-Segel',
      },
    }))
    .on('POST', '/admin/people/([^/]+)/password', { password: 'Kranich-Pflaster-47-Segel' })
    .on('GET', '/admin/groups', page(groups))
    .on('GET', '/admin/groups/([^/]+)', (_: unknown, match: RegExpMatchArray) =>
      found(groups.map(groupDetail), match[1]),
    )
    .on('GET', '/admin/targets', page(targets))
    .on('GET', '/admin/targets/([^/]+)', (_: unknown, match: RegExpMatchArray) =>
      found(targets, match[1]),
    )
    .on('POST', '/admin/targets/([^/]+)/certificate', certificate)
    .on('POST', '/admin/targets/import', ({ preview }: Record<string, unknown>) => ({
      body: preview ? importPreview : { ...importPreview, id: id('9', 1) },
    }))
    .on('POST', '/admin/targets/import/[^/]+/undo', { restored: 2, kept: [] })
    .on('GET', '/admin/targets/imports', imports)
    .on('GET', '/admin/bundles', page(bundles))
    .on('GET', '/admin/bundles/([^/]+)', (_: unknown, match: RegExpMatchArray) =>
      found(bundles, match[1]),
    )
    .on('GET', '/admin/devices', (_: unknown, _match: unknown, query: URLSearchParams) => {
      const state = query.get('state');
      return { body: page(devices.filter((shown) => !state || shown.state === state)) };
    })
    .on('POST', '/admin/devices/([^/]+)/approve', (_: unknown, match: RegExpMatchArray) => {
      const approved = devices.find((candidate) => candidate.id === match[1]);
      return { body: { ...approved, state: 'approved' } };
    })
    .on('POST', '/admin/devices/([^/]+)/wipe', (_: unknown, match: RegExpMatchArray) => {
      const wiped = devices.find((candidate) => candidate.id === match[1]);
      return { body: { ...wiped, container: false } };
    })
    .on('GET', '/admin/sticks', (_: unknown, _match: unknown, query: URLSearchParams) => {
      const [state, person, copied] = ['state', 'person', 'copied'].map((key) => query.get(key));
      return {
        body: page(
          sticks.filter(
            (shown) =>
              (!state || shown.state === state) &&
              (!person || shown.person_id === person) &&
              (copied !== 'true' || shown.copied),
          ),
        ),
      };
    })
    .on('GET', '/admin/sticks/([^/]+)', (_: unknown, match: RegExpMatchArray) =>
      found(sticks, match[1]),
    )
    .on('GET', '/admin/sticks/delivery', delivery)
    .on('POST', '/admin/sticks', () => ({ status: 201, body: createdSticks }))
    .on('POST', '/admin/sticks/[^/]+/activation-code', createdStick(4, 1, 'Z6JM-9FWT-3XGD-X8NZ'))
    .on('GET', '/admin/own-targets', page(personsTargets))
    .on('GET', '/admin/own-targets/decision', ownTargetsDecision)
    .on('PUT', '/admin/own-targets/decision', (body: Record<string, unknown>) => ({
      body: { ...ownTargetsDecision, ...body, version: '3' },
    }))
    .on('GET', '/admin/rules', rules)
    .on('POST', '/admin/rules/preview', ({ kind, cedar }: Record<string, unknown>) => ({
      body:
        kind === 'expert'
          ? { cedar, faults: [{ line: 3, column: 14, detail: 'unexpected token `whem`' }] }
          : { cedar: rules[0]?.cedar, faults: [] },
    }))
    .on('GET', '/admin/rules/([^/]+)', (_: unknown, match: RegExpMatchArray) =>
      found(rules, match[1]),
    )
    .on('POST', '/admin/why', why)
    .on('GET', '/admin/sessions', page(sessions()))
    .on('GET', '/admin/audit', { items: entries, next: 4205 })
    .on('POST', '/admin/audit/verify', { intact: true, entries: 4211, fault: null })
    .on('GET', '/admin/audit/head', { head: { sequence: 4211 }, public_key: 'ab'.repeat(32) })
    .on('GET', '/admin/audit/reveals', reveals)
    .on('GET', '/admin/directories', [directory])
    .on('POST', '/admin/directories/test', {
      ok: true,
      code: 'ok',
      detail: '',
      people: 612,
      groups: 48,
      sample: ['Anna Bauer', 'Lena Hansen', 'Mehmet Yıldız'],
    })
    .on('GET', '/admin/tokens', page(tokens))
    .on('GET', '/admin/settings', settingsView)
    .on('PUT', '/admin/settings', (body: Record<string, unknown>) => ({
      body: { ...settingsView, ...body },
    }));
}

const directory: Schema<'Directory'> = {
  id: id('7', 1),
  name: 'AD der Stadt',
  url: 'ldaps://dc1.auenbrueck.intern:636',
  bind_dn: 'CN=fernamt,CN=Users,DC=auenbrueck,DC=intern',
  base_dn: 'DC=auenbrueck,DC=intern',
  person_filter: '',
  group_filter: '',
  ca_pem: '',
  max_failed_binds: 3,
  last_sync_at: ago(0.01),
  version: '1',
  last_sync: {
    ok: true,
    code: 'ok',
    detail: '612 people and 48 groups found',
    people: 612,
    groups: 48,
    name_clashes: 0,
    kept_groups: 0,
    lockout_threshold: null,
  },
};

const tokens: Schema<'HardwareToken'>[] = [
  {
    id: id('8', 1),
    serial: '2308511',
    algorithm: 'totp',
    person_id: people[3]?.id ?? null,
    person_name: 'Anna Bauer',
  },
  { id: id('8', 2), serial: '2308512', algorithm: 'hotp', person_id: null, person_name: null },
];

function sessions(): Schema<'OpenSession'>[] {
  return [
    {
      id: session.id,
      person_id: people[0]?.id ?? '',
      person_name: 'Jana Petersen',
      device_kind: 'browser',
      device_name: 'Firefox, Linux',
      methods: ['password', 'totp'],
      zone: 'amt',
      created_at: ago(2),
      expires_at: ago(-10),
      connections: [],
    },
    {
      id: id('6', 2),
      person_id: people[3]?.id ?? '',
      person_name: 'Anna Bauer',
      device_kind: 'ssh_key',
      device_name: 'Notebook zu Hause',
      methods: ['ssh_key', 'totp'],
      zone: 'internet',
      created_at: ago(3),
      expires_at: ago(-9),
      connections: [
        {
          id: id('5', 1),
          target_id: id('c', 1),
          target_name: 'Terminalserver Bauamt',
          since: ago(2.6),
        },
        { id: id('5', 2), target_id: id('c', 6), target_name: 'Telefonanlage', since: ago(0.2) },
      ],
    },
  ];
}
