import type { Page } from 'playwright-core';
import { type Screen as AnyScreen, everyScreen } from '../support/every-screen.ts';
import * as admin from '../support/mock-admin.ts';
import { CROWDED } from '../support/mock-admin-mailboxes.ts';
import * as meetings from '../support/mock-admin-meetings.ts';
import { type MockOffice, problem } from '../support/mock-office.ts';

type Screen = AnyScreen & {
  path: string;
  prepare?: (office: MockOffice) => void;
  act?: (page: Page) => Promise<void>;
};

const none = { items: [], total: 0 };
const [target] = admin.targets;
const changed = admin.targets[3];
const rule = admin.rules[0];

const dialog = async (page: Page, role: 'dialog' | 'alertdialog' = 'alertdialog') =>
  page.getByRole(role).waitFor();

/** Opens who may work in a mailbox. */
const access = async (page: Page, name: string) => {
  const row = page.locator('tbody tr').filter({ hasText: name });
  await row.locator('.kern-btn').first().click();
  await dialog(page, 'dialog');
};

const chooseTable = async (page: Page) => {
  await page.locator('input[type=file]').setInputFiles({
    name: 'ziele.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from('name;kind\n'),
  });
  await page.getByRole('table').waitFor();
};

const screens: Screen[] = [
  { name: 'ueberblick', path: '' },
  {
    name: 'ueberblick-neu',
    path: '',
    prepare: (office) =>
      office
        .on('GET', '/admin/people', { items: admin.people.slice(0, 1), total: 1 })
        .on('GET', '/admin/groups', none)
        .on('GET', '/admin/targets', none)
        .on('GET', '/admin/rules', [])
        .on('GET', '/admin/health', {
          ...admin.health,
          pending_devices: 0,
          parts: admin.health.parts.filter(({ state }) => state === 'ok'),
        }),
  },
  {
    name: 'ueberblick-stoerung',
    path: '',
    prepare: (office) => office.on('GET', '/admin/health', () => problem(503, 'busy')),
  },
  { name: 'personen', path: '/personen' },
  {
    name: 'personen-leer',
    path: '/personen',
    prepare: (office) => office.on('GET', '/admin/people', none),
  },
  { name: 'person-neu', path: '/personen/neu' },
  {
    name: 'person-angelegt',
    path: '/personen/neu',
    act: async (page) => {
      await page.locator('input[name=display_name]').fill('Anna Bauer');
      await page.locator('input[name=name]').fill('a.bauer');
      await page.locator('form button[type=submit]').click();
      await page.locator('.fa-copy').waitFor();
    },
  },
  { name: 'person', path: `/personen/${admin.people[3]?.id}` },
  {
    name: 'person-entfernen',
    path: `/personen/${admin.people[6]?.id}`,
    visible: true,
    act: async (page) => {
      await page.locator('.fa-actions .kern-btn').last().click();
      await dialog(page);
    },
  },
  { name: 'gruppen', path: '/gruppen' },
  { name: 'gruppe', path: `/gruppen/${admin.groups[2]?.id}` },
  { name: 'ziele', path: '/ziele' },
  {
    name: 'ziele-leer',
    path: '/ziele',
    prepare: (office) => office.on('GET', '/admin/targets', none),
  },
  { name: 'ziel-neu', path: '/ziele/neu' },
  { name: 'ziel', path: `/ziele/${target?.id}` },
  { name: 'ziel-anders', path: `/ziele/${changed?.id}` },
  {
    name: 'ziel-zertifikat',
    path: `/ziele/${changed?.id}`,
    visible: true,
    act: async (page) => {
      await page.locator('.fa-actions .kern-btn').nth(1).click();
      await dialog(page, 'dialog');
    },
  },
  { name: 'einspielen', path: '/ziele/einspielen' },
  { name: 'einspielen-vorschau', path: '/ziele/einspielen', act: chooseTable },
  {
    name: 'einspielen-fehler',
    path: '/ziele/einspielen',
    prepare: (office) => office.on('POST', '/admin/targets/import', admin.importFaults),
    act: chooseTable,
  },
  {
    name: 'einspielen-fertig',
    path: '/ziele/einspielen',
    act: async (page) => {
      await chooseTable(page);
      await page.locator('.fa-alert .kern-btn--primary').click();
      await page.locator('.fa-tone--success.fa-alert').waitFor();
    },
  },
  { name: 'buendel', path: '/buendel' },
  { name: 'buendel-eines', path: `/buendel/${admin.bundles[0]?.id}` },
  { name: 'geraete', path: '/geraete' },
  {
    name: 'geraet-sperren',
    path: '/geraete',
    visible: true,
    act: async (page) => {
      await page.locator('.fa-list .fa-btn--danger').first().click();
      await dialog(page);
    },
  },
  { name: 'sticks', path: '/sticks' },
  { name: 'sticks-kopie', path: '/sticks?zustand=copied' },
  {
    name: 'sticks-leer',
    path: '/sticks',
    prepare: (office) =>
      office.on('GET', '/admin/sticks', none).on('GET', '/admin/sticks/delivery', {
        ready: false,
        fault: 'programs_missing',
        folder: '/var/lib/fernamt/programs',
        programs: [],
        ssh: null,
        websocket: 'wss://fernamt.auenbrueck.de',
      }),
  },
  {
    name: 'sticks-stoerung',
    path: '/sticks',
    prepare: (office) => office.on('GET', '/admin/sticks', () => problem(503, 'busy')),
  },
  { name: 'sticks-anlegen', path: '/sticks/neu' },
  {
    name: 'sticks-angelegt',
    path: `/sticks/neu?person=${admin.people[3]?.id}`,
    act: async (page) => {
      await page.locator('.fa-chip').waitFor();
      await page.locator('form button[type=submit]').click();
      await page.locator('.fa-copy').first().waitFor();
    },
  },
  { name: 'stick', path: `/sticks/${admin.sticks[1]?.id}` },
  { name: 'stick-kopie', path: `/sticks/${admin.sticks[0]?.id}` },
  { name: 'stick-abgelaufen', path: `/sticks/${admin.sticks[4]?.id}` },
  { name: 'stick-verloren', path: `/sticks/${admin.sticks[6]?.id}` },
  {
    name: 'stick-verloren-melden',
    path: `/sticks/${admin.sticks[1]?.id}`,
    visible: true,
    act: async (page) => {
      await page.locator('.fa-actions .fa-btn--danger').first().click();
      await dialog(page);
    },
  },
  {
    name: 'stick-neuer-code',
    path: `/sticks/${admin.sticks[0]?.id}`,
    visible: true,
    act: async (page) => {
      await page.locator('.fa-actions .kern-btn').nth(1).click();
      await page.getByRole('alertdialog').locator('.kern-btn--primary').click();
      await page.locator('.fa-copy').waitFor();
    },
  },
  { name: 'eigene-ziele', path: '/eigene-ziele' },
  {
    name: 'eigene-ziele-offen',
    path: '/eigene-ziele',
    prepare: (office) =>
      office.on('GET', '/admin/own-targets/decision', {
        ...admin.ownTargetsDecision,
        enabled: false,
        networks: [],
        reason: '',
        decided_by: null,
        decided_at: null,
        targets: 0,
      }),
    act: async (page) => {
      await page.locator('input[type=radio]').first().check();
      await page.locator('form button[type=submit]').click();
      await page.getByRole('alert').waitFor();
    },
  },
  {
    name: 'eigene-ziele-stoerung',
    path: '/eigene-ziele',
    prepare: (office) =>
      office.on('GET', '/admin/own-targets/decision', () => problem(503, 'busy')),
  },
  {
    name: 'ziel-dienst',
    path: '/ziele/neu',
    act: (page) => page.locator('#feld-kind-tcp').check(),
  },
  { name: 'regeln', path: '/regeln' },
  {
    name: 'regeln-leer',
    path: '/regeln',
    prepare: (office) => office.on('GET', '/admin/rules', []),
  },
  { name: 'regel-neu', path: '/regeln/neu' },
  {
    name: 'regel-fehlt',
    path: '/regeln/neu',
    act: async (page) => {
      await page.locator('form button[type=submit]').click();
      await page.getByRole('alert').waitFor();
    },
  },
  { name: 'regel', path: `/regeln/${rule?.id}` },
  { name: 'regel-cedar', path: `/regeln/${admin.rules[2]?.id}` },
  { name: 'warum', path: '/warum' },
  {
    name: 'warum-antwort',
    path: `/warum?person=${admin.people[3]?.id}&ziel=${target?.id}`,
    act: async (page) => {
      await page.locator('input[value="Anna Bauer"]').waitFor();
      await page.locator('form button[type=submit]').click();
      await page.locator('.fa-verdict').waitFor();
    },
  },
  { name: 'sitzungen', path: '/sitzungen' },
  { name: 'protokoll', path: '/protokoll' },
  {
    name: 'protokoll-geprueft',
    path: '/protokoll',
    prepare: (office) =>
      office.on('POST', '/admin/audit/verify', {
        intact: false,
        entries: 4211,
        fault: 'segment 2026-11-03: head differs',
      }),
    act: async (page) => {
      await page.locator('main .fa-row .kern-btn').nth(1).click();
      await page.locator('.fa-alert').waitFor();
    },
  },
  { name: 'verzeichnis', path: '/verzeichnis' },
  {
    name: 'verzeichnis-leer',
    path: '/verzeichnis',
    prepare: (office) => office.on('GET', '/admin/directories', []),
  },
  {
    name: 'verzeichnis-bearbeiten',
    path: '/verzeichnis',
    act: async (page) => {
      await page.locator('.fa-card__head .kern-btn').nth(1).click();
      await page.locator('input[name=bind_password]').fill('geheim');
      await page.locator('.fa-form__actions .kern-btn').nth(1).click();
      await page.locator('.fa-alert').waitFor();
    },
  },
  { name: 'funktionen', path: '/funktionen' },
  { name: 'funktionspostfaecher', path: '/funktionspostfaecher' },
  {
    name: 'funktionspostfaecher-leer',
    path: '/funktionspostfaecher',
    prepare: (office) => office.on('GET', '/admin/mailboxes', none),
  },
  {
    name: 'funktionspostfaecher-stoerung',
    path: '/funktionspostfaecher',
    prepare: (office) => office.on('GET', '/admin/mailboxes', () => problem(503, 'busy')),
  },
  {
    name: 'funktionspostfaecher-ohne-post',
    path: '/funktionspostfaecher',
    prepare: (office) => office.on('GET', '/session', { ...admin.administrator, mail: false }),
  },
  {
    name: 'funktionspostfach-anlegen',
    path: '/funktionspostfaecher',
    visible: true,
    act: async (page) => {
      await page.locator('.fa-page-header .kern-btn--primary').click();
      await page.locator('input[name=mailbox-name]').fill('Standesamt');
      await page.locator('input[name=mailbox-address]').fill('Büro');
      await page.locator('form button[type=submit]').click();
      await page.getByRole('alert').waitFor();
    },
  },
  {
    name: 'funktionspostfach-zugang',
    path: '/funktionspostfaecher',
    visible: true,
    act: (page) => access(page, 'Untere Wasserbehörde'),
  },
  {
    name: 'funktionspostfach-zugang-niemand',
    path: '/funktionspostfaecher',
    visible: true,
    act: (page) => access(page, 'Wahlamt'),
  },
  {
    name: 'funktionspostfach-zugang-viele',
    path: '/funktionspostfaecher',
    visible: true,
    act: (page) => access(page, CROWDED),
  },
  {
    name: 'funktionspostfach-rechte',
    path: '/funktionspostfaecher',
    visible: true,
    act: async (page) => {
      await access(page, 'Bürgerbüro');
      await page.getByRole('dialog').locator('.fa-list .kern-btn').first().click();
      await page.locator('input[type=checkbox]').first().waitFor();
    },
  },
  {
    name: 'funktionspostfach-person',
    path: '/funktionspostfaecher',
    visible: true,
    prepare: (office) => office.on('PUT', '/admin/mailboxes/.*', () => problem(404, 'not_found')),
    act: async (page) => {
      await access(page, 'Wahlamt');
      await page.getByRole('dialog').locator('.fa-row--between .kern-btn').click();
      await page.getByRole('combobox').fill('Lena');
      await page.getByRole('option').first().click();
      await page.getByRole('dialog').last().locator('.kern-btn--primary').click();
      await page.getByRole('alert').waitFor();
    },
  },
  {
    name: 'funktionspostfach-zugang-nehmen',
    path: '/funktionspostfaecher',
    visible: true,
    act: async (page) => {
      await access(page, 'Bürgerbüro');
      await page.getByRole('dialog').locator('.fa-list .fa-btn--danger').first().click();
      await dialog(page);
    },
  },
  {
    name: 'funktionspostfach-loeschen',
    path: '/funktionspostfaecher',
    visible: true,
    act: async (page) => {
      await page.locator('tbody tr .fa-btn--danger').nth(1).click();
      await dialog(page);
      await page.keyboard.type('katastrophenschutz@');
    },
  },
  {
    name: 'person-postfach',
    path: `/personen/${admin.people[3]?.id}`,
    visible: true,
    act: async (page) => {
      await page.locator('.fa-card .fa-list .fa-btn--danger').last().scrollIntoViewIfNeeded();
      await page.locator('.fa-card .fa-list .fa-btn--danger').last().click();
      await dialog(page);
    },
  },
  { name: 'token', path: '/token' },
  {
    name: 'token-ausgeben',
    path: '/token',
    visible: true,
    act: async (page) => {
      await page.locator('tbody tr').nth(1).locator('.kern-btn').first().click();
      await dialog(page, 'dialog');
      await page.getByRole('combobox').click();
      await page.getByRole('option').first().waitFor();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
    },
  },
  { name: 'einstellungen', path: '/einstellungen' },
  { name: 'besprechungen', path: '/besprechungen' },
  {
    name: 'besprechungen-keine',
    path: '/besprechungen',
    prepare: (office) =>
      office.on('GET', '/admin/conference/running', {
        meetings: [],
        load: { seats: 0, bits_a_second: 0, packets_a_second: 0, busiest: 0 },
      }),
  },
  {
    name: 'besprechung-beenden',
    path: '/besprechungen',
    visible: true,
    act: async (page) => {
      await page.locator('.fa-rule .fa-btn--danger').first().click();
      await dialog(page);
    },
  },
  { name: 'besprechungsregeln', path: '/besprechungsregeln' },
  { name: 'webhooks', path: '/webhooks' },
  {
    name: 'webhooks-leer',
    path: '/webhooks',
    prepare: (office) => office.on('GET', '/admin/webhooks', []),
  },
  {
    name: 'webhook-angelegt',
    path: '/webhooks/neu',
    act: async (page) => {
      await page.locator('input[name=name]').fill('Raumverwaltung');
      await page.locator('input[name=url]').fill('https://raeume.auenbrueck.intern/fernamt');
      await page.locator('form button[type=submit]').click();
      await page.locator('.fa-copy').waitFor();
    },
  },
  { name: 'webhook', path: `/webhooks/${meetings.webhooks[1]?.id}` },
];

everyScreen<Screen>({
  of: 'of the administration',
  screens,
  prefix: 'verwaltung-',
  inContrast: [
    'ueberblick',
    'ziele',
    'ziel-zertifikat',
    'regel-neu',
    'warum-antwort',
    'geraete',
    'geraet-sperren',
    'protokoll',
    'sticks',
    'stick-kopie',
    'funktionspostfach-zugang',
    'funktionspostfach-loeschen',
  ],
  show: (screen, office) => {
    admin.furnishAdmin(office);
    screen.prepare?.(office);
    return async (page) => {
      await page.goto(`/verwaltung${screen.path}`);
      await page.locator('main h1').waitFor();
      await page.waitForLoadState('networkidle');
      await screen.act?.(page);
      await page.waitForLoadState('networkidle');
    };
  },
});
