import { i18n } from '@lingui/core';
import { I18nProvider } from '@lingui/react';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  type RouteComponent,
  RouterProvider,
} from '@tanstack/react-router';
import { flushSync } from 'react-dom';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BundlePage } from './bundles/bundle-page.tsx';
import { DirectoryPage } from './directory/page.tsx';
import { GroupPage } from './groups/group-page.tsx';
import { OwnTargetsPage } from './own-targets/page.tsx';
import { PersonPage } from './people/person-page.tsx';
import { RulePage } from './rules/rule-page.tsx';
import { SettingsPage } from './settings/page.tsx';
import { TargetPage } from './targets/target-page.tsx';

vi.hoisted(() => {
  // The browser's takes an address without its host; the one of Node does not, and the client keeps what it finds here.
  const Whole = globalThis.Request;
  globalThis.Request = class extends Whole {
    constructor(input: RequestInfo | URL, init?: RequestInit) {
      const { signal: _, ...rest } = init ?? {};
      super(typeof input === 'string' ? new URL(input, 'http://localhost') : input, rest);
    }
  };
});

// The pages come with much code, and the first to render pays for it.
vi.setConfig({ testTimeout: 30_000 });
const PATIENCE = { timeout: 20_000 };

type Entry = Record<string, unknown>;

const place = document.body.appendChild(document.createElement('div'));
let root: Root;
let stored: Entry;
let saved: Entry[];

const lists: Record<string, Entry[]> = {
  people: [
    { id: 'p1', name: 'a.bauer', display_name: 'Anna Bauer' },
    { id: 'p2', name: 'k.weber', display_name: 'Karl Weber' },
    { id: 'p3', name: 'l.hansen', display_name: 'Lena Hansen' },
  ],
  groups: [
    { id: 'g1', name: 'Heimarbeit', source: 'local' },
    { id: 'g2', name: 'IT', source: 'local' },
    { id: 'g3', name: 'Kasse', source: 'directory' },
  ],
  targets: [
    { id: 't1', name: 'Bauakten', settings: { kind: 'ssh' } },
    { id: 't2', name: 'Archiv', settings: { kind: 'ssh' } },
    { id: 't3', name: 'Kataster', settings: { kind: 'ssh' } },
  ],
  bundles: [{ id: 'b1', name: 'Bauamt' }],
};

const json = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });

/** Answers for the entry under `address`, and with the lists that forms choose from. */
function office(address: string) {
  return async (request: Request) => {
    const path = new URL(request.url).pathname.replace('/api/v1/admin/', '');
    if (request.method === 'PUT' || request.method === 'PATCH') {
      const body = (await request.json()) as Entry;
      if (body.version !== stored.version) return json(409, { code: 'outdated', detail: '' });
      saved.push(body);
      return json(200, stored);
    }
    if (path === address) return json(200, path === 'directories' ? [stored] : stored);
    const items = lists[path] ?? [];
    return json(200, { items, total: items.length, allowed: [], zones: [], codes: [] });
  };
}

function open(Page: RouteComponent, address: string) {
  vi.stubGlobal('fetch', office(address));
  const top = createRootRoute();
  const page = createRoute({ getParentRoute: () => top, path: '/seite/$id', component: Page });
  const router = createRouter({
    routeTree: top.addChildren([page]),
    history: createMemoryHistory({ initialEntries: ['/seite/x'] }),
  });
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  client.setQueryData(['session'], { person: { id: 'admin' } });
  flushSync(() =>
    root.render(
      <I18nProvider i18n={i18n}>
        <QueryClientProvider client={client}>
          <RouterProvider router={router as never} />
        </QueryClientProvider>
      </I18nProvider>,
    ),
  );
}

/** What is there, once it is. */
async function found<Found>(look: () => Found | null | undefined | false): Promise<Found> {
  return vi.waitFor(() => {
    const seen = look();
    if (!seen) throw new Error(`not there: ${look}\n${document.body.textContent}`);
    return seen;
  }, PATIENCE);
}

type Field = HTMLInputElement | HTMLTextAreaElement;

async function type(name: string, text: string) {
  const field = await found(() => document.querySelector<Field>(`[name="${name}"]`));
  const kind = field instanceof HTMLInputElement ? HTMLInputElement : HTMLTextAreaElement;
  const value = Object.getOwnPropertyDescriptor(kind.prototype, 'value');
  flushSync(() => {
    value?.set?.call(field, text);
    field.dispatchEvent(new Event('input', { bubbles: true }));
  });
}

const named = (name: string) =>
  [...document.querySelectorAll<HTMLElement>('button, label')].find(
    (one) => (one.getAttribute('aria-label') ?? one.textContent)?.trim() === name,
  );
async function press(name: string) {
  const button = await found(() => {
    const one = named(name);
    return one && !one.matches(':disabled, [data-disabled]') && one;
  });
  flushSync(() => button.click());
}
const notice = () => document.querySelector('[role=alert]')?.textContent ?? '';

type Story = {
  what: string;
  page: RouteComponent;
  address: string;
  before: Entry;
  theirs: Entry;
  /** What opens the form, where it is not there at once. */
  start?: string;
  fill: () => Promise<void>;
  save?: string;
  /** What the notice says, in its order. */
  told: string[];
  /** The choices made where both changed the same. */
  chosen?: string[];
  /** What is saved in the end. */
  sent: Entry;
};

const target = {
  id: 'x',
  name: 'Register',
  folder: '',
  icon: '',
  description: 'Alter Satz',
  host: 'alt.intern',
  port: 3389,
  enabled: true,
  settings: { kind: 'rdp', nla: true, clipboard: false },
  health: 'ok',
  bundles: [],
  used_by_rules: [],
};
const rule = (form: Entry) => ({
  id: 'x',
  name: 'Bauamt',
  enabled: true,
  body: { kind: 'form', form: { effect: 'allow', groups: ['g1'], bundles: ['b1'], ...form } },
  cedar: 'permit (principal, action, resource);',
});
const expert = (cedar: string) => ({ ...rule({}), body: { kind: 'expert', cedar }, cedar });
const group = {
  id: 'x',
  name: 'Außendienst',
  source: 'local',
  people: 2,
  members: [lists.people?.[0], lists.people?.[1]],
  groups: [lists.groups?.[1]],
  used_by_rules: [],
};
const person = {
  id: 'x',
  name: 'p.probst',
  display_name: 'Paul Probst',
  source: 'local',
  state: 'active',
  second_factor: true,
  groups: [lists.groups?.[0], lists.groups?.[2]],
  roles: [],
  devices: 0,
  open_sessions: 0,
  created_at: '2026-11-02T08:00:00Z',
};
const bundle = {
  id: 'x',
  name: 'Bauamt',
  description: '',
  targets: ['t1', 't2'],
  used_by_rules: [],
};
const decision = {
  enabled: false,
  networks: ['10.20.0.0/16'],
  reason: 'Wegen der Heimarbeit.',
  decided_at: '2026-11-02T08:00:00Z',
  most_per_person: 3,
  targets: 0,
};

const house = {
  settings: {
    name: 'Auenbrück',
    time_zone: 'Europe/Berlin',
    language: 'de',
    accent: '',
    approval_needed: ['browser'],
    idle_minutes: 60,
    session_hours: 12,
    container: {
      idle_minutes: 10,
      passphrase_chars: 12,
      offline_days: 0,
      guards: { copy_out: false, print: false, download: false, watermark: false, blur: false },
    },
    programs: { enabled: false, max_days: 90 },
    pictures: { enabled: false, unencrypted: false },
    push: { enabled: false, hosts: ['push.example'] },
    enrolment: {
      terms_de: '',
      terms_en: '',
      containers: 10,
      chromium: 0,
      firefox: 0,
      safari: 0,
      app: { demanded: false, name: '', licences: 0 },
      unattested: 'allow',
    },
    retention_days: {},
  },
  retention: [{ category: 'audit', start: 'creation', default_days: 180, max_days: 365 }],
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

const directory = {
  id: 'x',
  name: 'AD der Stadt',
  url: 'ldaps://dc1.stadt.intern',
  bind_dn: 'CN=fernamt',
  base_dn: 'DC=stadt',
  person_filter: '',
  group_filter: '',
  ca_pem: null,
  max_failed_binds: 3,
};

const stories: Story[] = [
  {
    what: 'a target',
    page: TargetPage,
    address: 'targets/x',
    before: target,
    theirs: {
      ...target,
      description: 'Deren Satz',
      port: 3390,
      settings: { ...target.settings, clipboard: true },
    },
    fill: async () => {
      await type('name', 'Registerserver');
      await type('description', 'Mein Satz');
    },
    told: [
      'Rechner und Port ist jetzt: alt.intern:3390 (vorher: alt.intern:3389)',
      'Text über die Zwischenablage ist jetzt: ja (vorher: nein)',
      'Beschreibung: Sie beide haben es geändert',
    ],
    chosen: ['Die andere Fassung: Deren Satz'],
    sent: {
      name: 'Registerserver',
      description: 'Deren Satz',
      port: 3390,
      settings: expect.objectContaining({ clipboard: true, nla: true }),
    },
  },
  {
    what: 'a rule',
    page: RulePage,
    address: 'rules/x',
    before: rule({}),
    theirs: rule({ groups: ['g1', 'g3'], second_factor: true, valid_until: '2026-12-31' }),
    fill: async () => {
      await type('name', 'Bauamt im Winter');
      await type('networks', '10.20.0.0/16');
      await press('„Heimarbeit“ entfernen');
      await press('für alle Personen');
    },
    told: [
      'Für wen?: Sie beide haben es geändert',
      'Ihre Eingabe: Alle Personen',
      'Die andere Fassung: Die Gruppen „Heimarbeit“ und „Kasse“',
      'Nur mit zweitem Faktor ist jetzt: ja (vorher: nein)',
      'Zeitraum ist jetzt: bis einschließlich 31. Dezember 2026 (vorher: nichts)',
    ],
    chosen: ['Die andere Fassung: Die Gruppen „Heimarbeit“ und „Kasse“'],
    sent: {
      name: 'Bauamt im Winter',
      body: {
        kind: 'form',
        form: expect.objectContaining({
          everybody: false,
          groups: ['g1', 'g3'],
          networks: ['10.20.0.0/16'],
          second_factor: true,
          valid_until: '2026-12-31',
        }),
      },
    },
  },
  {
    what: 'a rule that became a text',
    page: RulePage,
    address: 'rules/x',
    before: rule({}),
    theirs: { ...expert('forbid (principal, action, resource);'), enabled: false },
    fill: () => type('networks', '10.20.0.0/16'),
    told: [
      'Eingeschaltet ist jetzt: nein (vorher: ja)',
      'Die Regel: Sie beide haben es geändert',
      'Ihre Eingabe: Die Gruppe „Heimarbeit“ darf alles im Bündel „Bauamt“ nutzen: aus dem Netz 10.20.0.0/16.',
      'Die andere Fassung: forbid (principal, action, resource);',
    ],
    sent: {
      enabled: false,
      body: { kind: 'form', form: expect.objectContaining({ networks: ['10.20.0.0/16'] }) },
    },
  },
  {
    what: 'the text of a rule',
    page: RulePage,
    address: 'rules/x',
    before: expert(`${'// Erklärung\n'.repeat(20)}permit (principal, action, resource);`),
    theirs: expert(`${'// Erklärung\n'.repeat(20)}forbid (principal, action, resource);`),
    fill: () => type('cedar', `${'// Erklärung\n'.repeat(20)}permit (principal, action, "x");`),
    told: ['Ihre Eingabe: …', 'action, "x");', 'Die andere Fassung: …', 'forbid (principal'],
    sent: { body: { kind: 'expert', cedar: expect.stringContaining('"x"') } },
  },
  {
    what: 'the members of a group',
    page: GroupPage,
    address: 'groups/x',
    before: group,
    theirs: { ...group, members: [lists.people?.[0], lists.people?.[2]], groups: [] },
    fill: () => press('„Anna Bauer“ entfernen'),
    save: 'Mitglieder speichern',
    told: [
      'Personen: dazugekommen Lena Hansen; nicht mehr dabei Karl Weber',
      'Gruppen, deren Mitglieder dazugehören: nicht mehr dabei IT',
    ],
    sent: { people: ['p3'], groups: [] },
  },
  {
    what: 'the name of a group',
    page: GroupPage,
    address: 'groups/x',
    before: group,
    theirs: { ...group, name: 'Außendienst Nord' },
    fill: async () => {
      await press('Umbenennen');
      await found(() => document.querySelector('[role=dialog]'));
      await type('name', 'Außendienst Süd');
    },
    save: 'Umbenennen',
    told: ['Name: Sie beide haben es geändert', 'Die andere Fassung: Außendienst Nord'],
    sent: { name: 'Außendienst Süd' },
  },
  {
    what: 'a person',
    page: PersonPage,
    address: 'people/x',
    before: person,
    theirs: {
      ...person,
      groups: [...person.groups, lists.groups?.[1]],
      roles: ['control_desk'],
    },
    fill: async () => {
      await type('display_name', 'Paul Probst-Weber');
      await press('„Heimarbeit“ entfernen');
    },
    told: [
      'Gruppen: dazugekommen IT',
      'Aufgaben neben der täglichen Arbeit ist jetzt: Leitstelle (vorher: nichts)',
    ],
    sent: { display_name: 'Paul Probst-Weber', groups: ['g2'], roles: ['control_desk'] },
  },
  {
    what: 'a bundle',
    page: BundlePage,
    address: 'bundles/x',
    before: bundle,
    theirs: { ...bundle, name: 'Bauamt und Kataster', targets: ['t1', 't2', 't3'] },
    fill: async () => {
      await type('description', 'Für alle Tage');
      await press('„Archiv“ entfernen');
    },
    told: ['Name ist jetzt: Bauamt und Kataster (vorher: Bauamt)', 'Ziele: dazugekommen Kataster'],
    sent: {
      name: 'Bauamt und Kataster',
      description: 'Für alle Tage',
      targets: ['t1', 't3'],
    },
  },
  {
    what: 'a directory',
    page: DirectoryPage,
    address: 'directories',
    before: directory,
    theirs: { ...directory, name: 'AD von Auenbrück', base_dn: 'DC=auenbrueck' },
    start: 'Bearbeiten',
    fill: async () => {
      await type('name', 'AD des Rathauses');
      await type('max_failed_binds', '4');
    },
    told: [
      'Name: Sie beide haben es geändert',
      'Wo gesucht wird ist jetzt: DC=auenbrueck (vorher: DC=stadt)',
    ],
    sent: { name: 'AD des Rathauses', base_dn: 'DC=auenbrueck', max_failed_binds: 4 },
  },
  {
    what: 'the settings',
    page: SettingsPage,
    address: 'settings',
    before: house,
    theirs: {
      ...house,
      settings: {
        ...house.settings,
        approval_needed: ['browser', 'phone'],
        idle_minutes: 30,
        enrolment: { ...house.settings.enrolment, unattested: 'online_only' },
        retention_days: { audit: 90 },
      },
    },
    fill: async () => {
      await type('name', 'Stadt Auenbrück');
      await type('idle_minutes', '45');
    },
    save: 'Einstellungen speichern',
    told: [
      'Diese Arten warten auf Freigabe: dazugekommen Telefon',
      'Ende ohne Tätigkeit, in Minuten: Sie beide haben es geändert',
      'Post auf Telefonen und Tablets ist jetzt: nur mit Verbindung entsperren (vorher: erlauben)',
      'Prüfprotokoll ist jetzt: 90 (vorher: 180)',
    ],
    sent: {
      settings: {
        ...house.settings,
        name: 'Stadt Auenbrück',
        approval_needed: ['browser', 'phone'],
        idle_minutes: 45,
        enrolment: { ...house.settings.enrolment, unattested: 'online_only' },
        retention_days: { audit: 90 },
      },
    },
  },
  {
    what: 'the decision on own targets',
    page: OwnTargetsPage,
    address: 'own-targets/decision',
    before: decision,
    theirs: { ...decision, networks: ['10.20.0.0/16', '10.30.0.0/16'] },
    fill: () => type('reason', 'Der Kreis hat es so beschlossen.'),
    save: 'Entscheidung festhalten',
    told: ['Netze ist jetzt: 10.20.0.0/16 und 10.30.0.0/16 (vorher: 10.20.0.0/16)'],
    sent: {
      enabled: false,
      networks: ['10.20.0.0/16', '10.30.0.0/16'],
      reason: 'Der Kreis hat es so beschlossen.',
    },
  },
];

beforeEach(() => {
  vi.stubGlobal('scrollTo', () => undefined);
  vi.stubGlobal('CSS', { escape: (text: string) => text });
  Element.prototype.scrollIntoView = () => undefined;
  i18n.loadAndActivate({ locale: 'de', messages: {} });
  saved = [];
  root = createRoot(place);
});
afterEach(() => {
  flushSync(() => root.unmount());
  vi.unstubAllGlobals();
});

describe('two who change the same in the administration', () => {
  it.each(stories)('lose nothing of $what', async (story) => {
    stored = { ...story.before, version: '1' };
    open(story.page, story.address);
    if (story.start) await press(story.start);
    await found(() => document.querySelector('form'));
    await story.fill();
    stored = { ...story.theirs, version: '2' };
    const save = story.save ?? 'Änderungen speichern';
    const submit = () => [...document.querySelectorAll<HTMLElement>('[type=submit]')].at(-1);
    expect(submit()?.textContent?.trim()).toBe(save);
    flushSync(() => submit()?.click());
    for (const one of story.told) await found(() => notice().includes(one));
    for (const choice of story.chosen ?? []) await press(choice);
    await press('Mit meinen Eingaben weiter');
    expect(saved).toEqual([]);
    flushSync(() => submit()?.click());
    await found(() => saved[0]);
    expect(saved).toEqual([expect.objectContaining({ version: '2', ...story.sent })]);
  });
});
