import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityFaults } from '../support/axe.ts';
import { launch, picture, visit } from '../support/browser.ts';
import { call } from '../support/call.ts';
import { RealOffice } from '../support/real-office.ts';
import { passSignIn, signIn, typeCredentials } from '../support/sign-in.ts';

const START_MS = 30_000;
const STORY_MS = 60_000;
const ENDED_MS = 20_000;

/** Whoever is refused reads why, and what to do now. */
describe('a refusal', () => {
  let browser: Browser;
  let office: RealOffice;
  let ada: Page;
  let erika: Page;
  let kassenplatz: string;
  let kasse: string;

  beforeAll(async () => {
    // Nobody listens on port 1 of the loopback.
    const down = { more: ['--rdp-address', '127.0.0.1:1'] };
    [browser, office] = await Promise.all([launch(), RealOffice.start(down)]);
    ada = (await visit(browser, office.origin)).page;
    erika = (await visit(browser, office.origin)).page;
    await Promise.all([signIn(ada, office.person('ada')), signIn(erika, office.person('erika'))]);
    const enter = async (name: string, settings: object) => {
      const target = { name, host: '127.0.0.1', port: 1, settings };
      return (await call<{ id: string }>(ada, 'POST', '/admin/targets', target)).id;
    };
    kassenplatz = await enter('Kassenplatz', { kind: 'rdp' });
    kasse = await enter('Kasse', { kind: 'web', label: 'kasse', tls: false });
  }, START_MS);
  afterAll(async () => {
    await browser?.close();
    await office?.stop();
  });

  /** The notice in full, checked for everybody who cannot see it as well. */
  const reads = async (page: Page, what: string, next: string, name?: string) => {
    await page.getByText(what).waitFor({ timeout: ENDED_MS });
    await page.getByText(next).waitFor();
    if (name) await picture(page, `office-${name}`, false);
    expect(await accessibilityFaults(page)).toEqual([]);
  };

  it('of a wrong code is told in English too', async () => {
    const { page, context } = await visit(browser, office.origin, { language: 'en' });
    await page.goto('/anmelden');
    await typeCredentials(page, office.person('max'));
    await page.locator('input[name=code]').fill('000000');
    await page.keyboard.press('Enter');
    await reads(
      page,
      'The sign-in did not work.',
      'wait for a new one-time code; each code works only once.',
      'anmelden-falsch-en',
    );
    await context.close();
  });

  it('tells that a desktop does not answer', async () => {
    const tile = erika.locator('.fa-tile__link[href^="/arbeitsplatz"]').first();
    const [desktop] = await Promise.all([erika.context().waitForEvent('page'), tile.click()]);
    await reads(
      desktop,
      'Der Arbeitsplatz antwortet nicht.',
      'Versuchen Sie es in einigen Minuten wieder; bleibt es dabei, nennen Sie Ihrer IT-Stelle seinen Namen.',
      'desktop-antwortet-nicht',
    );
    await desktop.close();
  });

  it('meets whoever opens what the rules do not allow by its address; no tile shows it', async () => {
    await erika.goto('/');
    await erika.getByRole('link', { name: 'Tierregister' }).waitFor();
    expect(await erika.getByText('Kasse').count()).toBe(0);
    const what = 'Das ist nach den geltenden Regeln jetzt nicht erlaubt.';
    const next = 'wenden Sie sich an Ihre IT-Stelle und nennen Sie Ziel und Uhrzeit.';
    await erika.goto(`/arbeitsplatz/${kassenplatz}`);
    await reads(erika, what, next, 'desktop-verboten');
    await erika.goto(`/anwendung/${kasse}`);
    await reads(erika, what, next, 'anwendung-verboten');
    await erika.goto(office.origin.replace('://', '://kasse.'));
    await reads(
      erika,
      'Diese Anwendung ist für Sie nicht freigegeben',
      'Wenn Sie sie brauchen, wenden Sie sich an Ihre Leitstelle.',
      'anwendung-verboten-adresse',
    );
    // Whoever may, sees and opens them: only then it is the rule that refuses.
    await ada.goto('/');
    await ada.getByRole('link', { name: 'Kassenplatz' }).waitFor();
    await ada.goto(office.origin.replace('://', '://kasse.'));
    await ada.getByRole('heading', { name: 'Die Anwendung antwortet nicht' }).waitFor();
  });

  it('by the rules is told in English too', async () => {
    const { page, context } = await visit(browser, office.origin, { language: 'en' });
    await signIn(page, office.person('max'));
    await page.goto(`/arbeitsplatz/${kassenplatz}`);
    await reads(
      page,
      'The rules in force do not allow this now.',
      'contact your IT department and tell them what you wanted to open, and when.',
      'desktop-verboten-en',
    );
    await page.goto(office.origin.replace('://', '://kasse.'));
    await reads(page, 'You may not use this application', 'If you need it, ask your control desk.');
    await context.close();
  });

  it(
    'of a device that waits ends when the control desk approves it',
    async () => {
      const karl = (await visit(browser, office.origin)).page;
      await signIn(karl, office.person('karl'));
      await ada.goto('/verwaltung/einstellungen');
      await ada.getByRole('checkbox', { name: 'Browser' }).check({ force: true });
      await ada.getByRole('button', { name: 'Einstellungen speichern' }).click();
      await ada.locator('.fa-toasts').getByText('Die Einstellungen sind gespeichert.').waitFor();

      const dora = await visit(browser, office.origin);
      const { page } = dora;
      await page.goto('/anmelden');
      await passSignIn(page, office.person('dora'));
      await reads(
        page,
        'Ihre Leitstelle ist benachrichtigt',
        'Lassen Sie diese Seite offen: Sie sagt Ihnen, sobald entschieden ist.',
        'anmelden-freigabe',
      );
      const another = await dora.context.newPage();
      await another.goto('/');
      await another.locator('input[name=password]').waitFor();
      await another.close();

      await karl.goto('/verwaltung/geraete');
      await karl.getByText('Ein Gerät wartet auf Freigabe').waitFor();
      await picture(karl, 'office-geraet-wartet');
      expect(await accessibilityFaults(karl)).toEqual([]);
      await karl.getByRole('button', { name: /von Dora Datenschutz freigeben$/ }).focus();
      await karl.keyboard.press('Enter');
      await karl.locator('.fa-toasts').getByText('ist freigegeben.').waitFor();

      await reads(page, 'Ihr Gerät ist freigegeben', 'Melden Sie sich jetzt an.');
      await page.getByRole('button', { name: 'Zur Anmeldung' }).click();
      await passSignIn(page, office.person('dora'));
      await page.getByRole('link', { name: 'Tierregister' }).waitFor();
      expect(dora.faults).toEqual([]);
    },
    STORY_MS,
  );
});
