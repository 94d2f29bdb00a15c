import type { Page } from 'playwright-core';
import { type Screen as AnyScreen, everyScreen } from '../support/every-screen.ts';
import {
  desktop,
  enrolment,
  furnish,
  type MockOffice,
  ownTargets,
  problem,
  programs,
  recoveryCodes,
  waiting,
} from '../support/mock-office.ts';

type Screen = AnyScreen & {
  path: string;
  signedIn?: boolean;
  prepare?: (office: MockOffice) => void;
  act?: (page: Page) => Promise<void>;
};

const typeCredentials = async (page: Page) => {
  await page.locator('input[name=name]').fill('j.petersen');
  await page.locator('input[name=password]').fill('Morgenstund am Fluss');
  await page.keyboard.press('Enter');
  await page.locator('input[name=code]').waitFor();
};

const typeCode = async (page: Page) => {
  await page.locator('input[name=code]').fill('123456');
  await page.keyboard.press('Enter');
};

const screens: Screen[] = [
  { name: 'anmelden', path: '/anmelden', signedIn: false },
  {
    name: 'anmelden-fehlt',
    path: '/anmelden',
    signedIn: false,
    act: async (page) => {
      await page.locator('input[name=name]').press('Enter');
      await page.getByRole('alert').waitFor();
    },
  },
  { name: 'anmelden-code', path: '/anmelden', signedIn: false, act: typeCredentials },
  {
    name: 'anmelden-falsch',
    path: '/anmelden',
    signedIn: false,
    prepare: (office) => office.on('POST', '/sign-in', () => problem(401, 'sign_in_failed')),
    act: async (page) => {
      await typeCredentials(page);
      await typeCode(page);
      await page.getByRole('alert').waitFor();
    },
  },
  {
    name: 'anmelden-warten',
    path: '/anmelden',
    signedIn: false,
    prepare: (office) =>
      office.on('POST', '/sign-in', () => problem(429, 'slow_down', { retry_after_s: '30' })),
    act: async (page) => {
      await typeCredentials(page);
      await typeCode(page);
      await page.locator('.fa-alert').waitFor();
    },
  },
  {
    name: 'anmelden-einrichten',
    path: '/anmelden',
    signedIn: false,
    prepare: (office) => office.on('POST', '/sign-in', { state: 'enrolment_required', enrolment }),
    act: async (page) => {
      await typeCredentials(page);
      await typeCode(page);
      await page.locator('.fa-qr').waitFor();
    },
  },
  {
    name: 'anmelden-codes',
    path: '/anmelden',
    signedIn: false,
    prepare: (office) =>
      office.on('POST', '/sign-in', {
        state: 'device_pending',
        recovery_codes: recoveryCodes,
        waiting,
      }),
    act: async (page) => {
      await typeCredentials(page);
      await typeCode(page);
      await page.locator('.fa-codes').waitFor();
    },
  },
  {
    name: 'anmelden-freigabe',
    path: '/anmelden',
    signedIn: false,
    prepare: (office) => office.on('POST', '/sign-in', { state: 'device_pending', waiting }),
    act: async (page) => {
      await typeCredentials(page);
      await typeCode(page);
      await page.locator('.fa-alert').waitFor();
    },
  },
  {
    name: 'anmelden-freigegeben',
    path: '/anmelden',
    signedIn: false,
    prepare: (office) =>
      office
        .on('POST', '/sign-in', {
          state: 'device_pending',
          waiting: { ...waiting, ask_every_s: 0 },
        })
        .on('POST', '/sign-in/device', { state: 'approved' }),
    act: async (page) => {
      await typeCredentials(page);
      await typeCode(page);
      await page.locator('.fa-tone--success.fa-alert').waitFor();
    },
  },
  {
    name: 'anmelden-zweiter-schritt',
    path: '/anmelden',
    signedIn: false,
    prepare: (office) =>
      office.on('POST', '/sign-in', {
        state: 'second_factor_required',
        methods: ['totp', 'passkey'],
      }),
    act: async (page) => {
      await typeCredentials(page);
      await page.locator('.fa-links button').nth(1).click();
      await page.locator('.fa-alert').waitFor();
    },
  },
  { name: 'einrichten', path: '/einrichten#gut', signedIn: false },
  { name: 'einrichten-verbraucht', path: '/einrichten#alt', signedIn: false },
  { name: 'start', path: '/' },
  {
    name: 'start-suche',
    path: '/',
    act: async (page) => {
      await page.locator('.fa-tile').first().waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('burger');
    },
  },
  {
    name: 'start-leer',
    path: '/',
    prepare: (office) => office.on('GET', '/me/targets', { targets: [], ssh_gateway: null }),
  },
  {
    name: 'start-tunnel',
    path: '/',
    act: async (page) => {
      await page.getByRole('button', { name: 'Telefonanlage' }).click();
      await page.getByRole('dialog').locator('.fa-copy').first().waitFor();
    },
  },
  {
    name: 'anwendung-verweigert',
    path: '/anwendung/1',
    prepare: (office) => office.on('POST', '/me/targets/1/open', () => problem(403, 'not_allowed')),
  },
  {
    name: 'arbeitsplatz-verweigert',
    path: '/arbeitsplatz/1',
    prepare: (office) => office.on('POST', '/me/targets/1/open', () => problem(403, 'not_allowed')),
    act: (page) => page.getByRole('alert').waitFor(),
  },
  {
    name: 'arbeitsplatz-anmelden',
    path: '/arbeitsplatz/1',
    prepare: (office) => office.on('POST', '/me/targets/1/open', desktop),
    act: (page) => page.locator('input[name=password]').waitFor(),
  },
  { name: 'konto-geraete', path: '/konto/geraete' },
  {
    name: 'konto-geraet-sperren',
    path: '/konto/geraete',
    act: async (page) => {
      await page.locator('.fa-btn--danger').first().click();
      await page.getByRole('alertdialog').waitFor();
    },
  },
  {
    name: 'konto-stick-verloren',
    path: '/konto/geraete',
    act: async (page) => {
      await page.locator('.fa-btn--danger').last().click();
      await page.getByRole('alertdialog').waitFor();
    },
  },
  {
    name: 'konto-programme',
    path: '/konto/geraete',
    prepare: (office) => office.on('GET', '/me/programs', programs(true)),
    act: (page) => page.getByText('3f:90:aa:12:7c:0e:55:d1').waitFor(),
  },
  {
    name: 'konto-programm-neu',
    path: '/konto/geraete',
    prepare: (office) => office.on('GET', '/me/programs', programs(true)),
    act: async (page) => {
      await page.locator('.fa-card').last().getByRole('button').first().click();
      await page.getByRole('dialog').waitFor();
    },
  },
  { name: 'konto-eigene-ziele', path: '/konto/eigene-ziele' },
  {
    name: 'konto-eigene-ziele-leer',
    path: '/konto/eigene-ziele',
    prepare: (office) => office.on('GET', '/me/own-targets', { ...ownTargets, targets: [] }),
  },
  {
    name: 'konto-eigene-ziele-aus',
    path: '/konto/eigene-ziele',
    prepare: (office) => office.on('GET', '/me/own-targets', { ...ownTargets, enabled: false }),
  },
  {
    name: 'konto-eigene-ziele-stoerung',
    path: '/konto/eigene-ziele',
    prepare: (office) => office.on('GET', '/me/own-targets', () => problem(503, 'busy')),
  },
  {
    name: 'konto-eigenes-ziel',
    path: '/konto/eigene-ziele',
    act: async (page) => {
      await page.locator('.fa-card__head .kern-btn').click();
      await page.getByRole('dialog').locator('form button[type=submit]').click();
      await page.getByRole('alert').waitFor();
    },
  },
  { name: 'konto-sicherheit', path: '/konto/sicherheit' },
  { name: 'konto-ssh', path: '/konto/ssh-schluessel' },
  { name: 'konto-darstellung', path: '/konto/darstellung' },
  { name: 'hilfe', path: '/hilfe' },
  { name: 'hilfe-vorher', path: '/hilfe', signedIn: false },
  { name: 'nicht-gefunden', path: '/gibt/es/nicht' },
];

everyScreen<Screen>({
  of: 'before work and at it',
  // What is pressed may open a dialog, which covers the screen, not the page.
  screens: screens.map((screen) => ({ ...screen, visible: Boolean(screen.act) })),
  inContrast: [
    'anmelden-falsch',
    'anmelden-einrichten',
    'start',
    'start-tunnel',
    'konto-geraete',
    'konto-darstellung',
    'arbeitsplatz-anmelden',
  ],
  show: (screen, office) => {
    furnish(office).signedIn = screen.signedIn ?? true;
    screen.prepare?.(office);
    return async (page) => {
      await page.goto(screen.path);
      await page.locator('main h1').waitFor();
      await screen.act?.(page);
      await page.waitForLoadState('networkidle');
    };
  },
});
