import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityFaults } from '../support/axe.ts';
import { launch, picture, visit } from '../support/browser.ts';
import { call } from '../support/call.ts';
import { ANOTHER_AUTHORITY, Directory } from '../support/directory.ts';
import { RealOffice } from '../support/real-office.ts';
import { freshCode, signIn, typeCredentials } from '../support/sign-in.ts';

/** Provisioning a domain takes half a minute by itself. */
const START_MS = 150_000;
const STORY_MS = 60_000;
const TESTED_MS = 15_000;
const PASSWORD = 'Linde-Fluss-27';

/** The program that runs real peers; where they cannot be had, it is not set. */
const peers = process.env.FERNAMT_PEERS === 'required' ? process.env.FERNAMT_PEER : undefined;

type Named = { items: { id: string; name: string }[] };

describe.runIf(peers)('an Active Directory', () => {
  let browser: Browser;
  let office: RealOffice;
  let directory: Directory;
  let ada: Page;

  beforeAll(async () => {
    [browser, office, directory] = await Promise.all([
      launch(),
      RealOffice.start(),
      Directory.start(peers ?? '', {
        people: { 'g.kurz': PASSWORD, 'h.lang': PASSWORD },
        // Nested: only by way of the department does she belong to who may use the register.
        groups: { 'AD Hochbau': ['g.kurz'], 'AD Register': ['AD Hochbau'] },
      }),
    ]);
    ada = (await visit(browser, office.origin)).page;
    await signIn(ada, office.person('ada'));
  }, START_MS);
  afterAll(async () => {
    await browser?.close();
    await office?.stop();
    await directory?.stop();
  });

  const button = (name: string) => ada.getByRole('button', { name });
  const test = async (what: string | RegExp, next?: string) => {
    await button('Verbindung testen').click();
    await ada.getByText(what).waitFor({ timeout: TESTED_MS });
    if (next) await ada.getByText(next).waitFor();
    expect(await accessibilityFaults(ada)).toEqual([]);
  };
  const idOf = async (kind: 'groups' | 'targets', name: string) => {
    const { items } = await call<Named>(ada, 'GET', `/admin/${kind}?q=${encodeURIComponent(name)}`);
    return items.find((item) => item.name === name)?.id;
  };

  it(
    'is tested before it is connected; a wrong authority and a wrong password are told apart',
    async () => {
      await ada.goto('/verwaltung/verzeichnis');
      await button('Verzeichnis verbinden').click();
      await ada.locator('input[name=name]').fill('AD der Stadt');
      await ada.locator('input[name=url]').fill(directory.url);
      await ada.locator('input[name=bind_dn]').fill(directory.bindDn);
      await ada.locator('input[name=bind_password]').fill('geraten-und-falsch');
      await ada.locator('input[name=base_dn]').fill(directory.baseDn);
      await ada.getByText('Weitere Angaben').first().click();
      await ada.locator('textarea[name=ca_pem]').fill(ANOTHER_AUTHORITY);
      await test(
        'Dem Zertifikat des Servers wird nicht vertraut.',
        'Tragen Sie unter „Weitere Angaben“ Ihre Zertifizierungsstelle ein',
      );
      await picture(ada, 'office-verzeichnis-zertifikat');
      await ada.locator('textarea[name=ca_pem]').fill(directory.authority);
      await test(
        'Der Server lehnt das Konto zum Suchen ab.',
        'Prüfen Sie den vollständigen Namen und das Passwort.',
      );
      await picture(ada, 'office-verzeichnis-passwort');
      await ada.locator('input[name=bind_password]').fill(directory.bindPassword);
      await test(/^Gefunden: \d+ Personen und \d+ Gruppen$/);
      await ada.getByText(/g\.kurz/).waitFor();
      await picture(ada, 'office-verzeichnis-gefunden');
    },
    STORY_MS,
  );

  it(
    'brings its people and groups when it is connected and synchronised',
    async () => {
      await button('Verzeichnis verbinden').click();
      await ada.locator('.fa-toasts').getByText('Das Verzeichnis ist verbunden.').waitFor();
      await button('Jetzt abgleichen').click();
      await ada.locator('.fa-toasts').getByText('Der Abgleich ist gelaufen.').waitFor();
      await picture(ada, 'office-verzeichnis');
      expect(await accessibilityFaults(ada)).toEqual([]);
      await ada.goto('/verwaltung/personen?suche=kurz');
      await ada.getByRole('link', { name: 'g.kurz' }).waitFor();
      await ada.goto('/verwaltung/gruppen');
      await ada.getByRole('link', { name: 'AD Register' }).waitFor();
    },
    STORY_MS,
  );

  it(
    'lets its people sign in with its passwords, and a nested group decides what they see',
    async () => {
      const form = {
        effect: 'allow',
        groups: [await idOf('groups', 'AD Register')],
        targets: [await idOf('targets', 'Tierregister')],
      };
      const rule = { name: 'Register für das AD', body: { kind: 'form', form } };
      await call(ada, 'POST', '/admin/rules', rule);

      const { page, faults } = await visit(browser, office.origin);
      await page.goto('/anmelden');
      await typeCredentials(page, { name: 'g.kurz', password: PASSWORD });
      await page.getByRole('button', { name: /^Erste Anmeldung\?/ }).click();
      await page.locator('summary', { hasText: 'lässt sich nicht einlesen' }).click();
      const secret = (await page.locator('.fa-copy code').textContent())?.replaceAll(' ', '');
      await page.locator('input[name=code]').fill(await freshCode(secret ?? ''));
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Codes sind sicher verwahrt, weiter' }).click();
      const tile = page.getByRole('link', { name: 'Tierregister' });
      await tile.waitFor();
      expect(await page.locator('.fa-tile').count()).toBe(1);
      await picture(page, 'office-verzeichnis-person');
      const [register] = await Promise.all([page.context().waitForEvent('page'), tile.click()]);
      await register.getByText('Angemeldet als g.kurz.').waitFor();
      expect(faults).toEqual(faults.filter((fault) => fault.includes('tierregister.')));

      // Whoever is not in the group gets nothing by the same rule.
      await ada.goto('/verwaltung/personen?suche=lang');
      await ada.getByRole('link', { name: 'h.lang' }).click();
      await ada.getByText('Keine Regel erlaubt dieser Person gerade etwas.').waitFor();
    },
    STORY_MS,
  );
});
