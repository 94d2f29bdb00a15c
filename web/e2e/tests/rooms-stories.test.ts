import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, picture, type View, visit } from '../support/browser.ts';
import { enterOn, tabTo } from '../support/keyboard.ts';
import { colleagues, MockConference } from '../support/mock-conference.ts';
import { furnish, MockOffice, problem, session } from '../support/mock-office.ts';

const STORY_MS = 60_000;
const WAIT = { timeout: 15_000 };

type Place = { page: Page; office: MockOffice; conference: MockConference };

/** What one does to book and run meetings, with the server standing in. */
describe('booking meetings', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());

  const run = async (
    story: (place: Place) => Promise<void>,
    view: View = {},
    expected?: RegExp,
  ) => {
    const office = furnish(await MockOffice.start());
    const conference = new MockConference().open(office).furnish();
    const { context, page, faults } = await visit(browser, office.origin, view);
    context.setDefaultTimeout(WAIT.timeout);
    try {
      await story({ page, office, conference });
      expect(faults.filter((fault) => !expected?.test(fault)).join('\n')).toBe('');
    } catch (error) {
      await picture(page, 'failed-rooms', false).catch(() => undefined);
      throw error;
    } finally {
      await context.close();
      await office.stop();
    }
  };
  const sent = (office: MockOffice, method: string, path: string) =>
    office.calls
      .filter((call) => call.method === method && call.path === `/api/v1/conference${path}`)
      .map(({ body }) => body);
  const said = (page: Page, text: string) => page.locator('.fa-toasts').getByText(text).waitFor();
  const named = (conference: MockConference, name: string) => {
    const found = conference.rooms.find((room) => room.name.startsWith(name));
    if (!found) throw new Error(`no room is called ${name}`);
    return found;
  };

  it(
    'where the house holds no meetings, nothing speaks of them, and an old link says so',
    () =>
      run(async ({ page, office }) => {
        const without = { ...session, meetings: false };
        office.on('GET', '/session', without).on('POST', '/session/rotate', without);
        office.on('GET', '/sign-in/challenge', {
          challenge: 'challenge',
          expires_at: new Date(Date.now() + 3_600_000).toISOString(),
          tenant_name: session.tenant_name,
          setup_open: false,
          meetings: false,
        });
        const rail = page.getByRole('navigation', { name: 'Bereiche' });
        await page.goto('/');
        await rail.getByRole('link', { name: 'Start' }).waitFor();
        expect(await page.getByText(/Besprechung/).count()).toBe(0);
        for (const path of ['/besprechungen/neu', '/verwaltung/webhooks', '/besprechung']) {
          await page.goto(path);
          await page.getByText('hält hier keine Besprechungen ab').waitFor();
          await picture(page, `ohne-besprechungen${path.replaceAll('/', '-')}`);
        }
        expect(office.calls.filter(({ path }) => path.includes('/conference'))).toEqual([]);
        office.signedIn = false;
        await page.goto('about:blank');
        await page.goto('/besprechung#gut');
        await page.getByText('hält hier keine Besprechungen ab').waitFor();
        await page.getByRole('link', { name: 'Zur Startseite' }).waitFor();
      }),
    STORY_MS,
  );

  it(
    'a series is booked by keyboard alone, and its invitation is there at once',
    () =>
      run(async ({ page, office }) => {
        await page.goto('/besprechungen');
        await enterOn(page, page.getByRole('link', { name: 'Besprechung buchen' }));
        await page.locator('h1:focus', { hasText: 'Besprechung buchen' }).waitFor();
        await tabTo(page, page.getByLabel('Titel'));
        await page.keyboard.type('Runde der Ämter');
        await tabTo(page, page.getByLabel('Wiederholung'));
        await page.keyboard.type('wö');
        await page.getByText('10 Termine').waitFor();
        await tabTo(page, page.getByLabel('Wie viele Termine?'));
        await page.keyboard.press('Control+A');
        await page.keyboard.type('4');
        await page.getByText('4 Termine').waitFor();
        await tabTo(page, page.getByRole('combobox', { name: 'Personen des Hauses' }));
        await page.keyboard.type('anna');
        await page.locator('.fa-picker__item', { hasText: 'Anna Bauer' }).waitFor();
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('Enter');
        await page.locator('.fa-invitee', { hasText: 'Anna Bauer' }).waitFor();
        await page.locator('.fa-picker').waitFor({ state: 'detached' });
        await tabTo(page, page.getByLabel('Adressen von außerhalb'));
        await page.keyboard.type('Ines Behrens <i.behrens@kreis.example>');
        await enterOn(page, page.getByRole('button', { name: 'Adressen hinzufügen' }));
        await page.getByLabel('Rolle von Anna Bauer').selectOption('cohost');
        const outside = page.getByLabel('Adressen von außerhalb');
        await outside.fill('I.Behrens@kreis.example');
        await page.getByRole('button', { name: 'Adressen hinzufügen' }).click();
        await page.getByText('Schon eingeladen: I.Behrens@kreis.example.').waitFor();
        const further = page.locator('summary', { hasText: 'Weitere Einstellungen' });
        await further.getByText('Schutzklasse: intern').waitFor();
        await enterOn(page, further);
        await tabTo(page, page.getByRole('radio', { name: 'intern' }));
        await page.keyboard.press('ArrowDown');
        expect(await page.getByRole('radio', { name: 'vertraulich' }).isChecked()).toBe(true);
        await page.getByLabel('Wer darf den Bildschirm zeigen?').selectOption('presenters');
        await further.getByText('ein Recht geändert').waitFor();
        // By its place: while one passes the list of time zones, readers are told of nothing else.
        await enterOn(page, page.locator('form button[type=submit]'));
        await page.locator('h1:focus', { hasText: 'Runde der Ämter' }).waitFor();
        await page.getByText('Gebucht; jetzt müssen noch Einladungen hinaus').waitFor();
        await page.locator('.fa-access dd', { hasText: '508214' }).waitFor();
        expect(sent(office, 'POST', '/rooms')[0]).toMatchObject({
          kind: 'meeting',
          name: 'Runde der Ämter',
          protection: 'confidential',
          permissions: { share: 'presenters', chat: 'everybody' },
          notify: true,
          booking: {
            minutes: 60,
            time_zone: 'Europe/Berlin',
            recurrence: { every: { by: 'week' }, interval: 1, until: { by: 'count', count: 4 } },
          },
          invitees: [
            { person: colleagues[0]?.id, role: 'cohost', address: null },
            {
              person: null,
              name: 'Ines Behrens',
              address: 'i.behrens@kreis.example',
              role: 'guest',
            },
          ],
        });
      }),
    STORY_MS,
  );

  it(
    'what the server refuses stands beside its field, and nothing typed is lost',
    () =>
      run(async ({ page, office }) => {
        const fault = (path: string, code: string) => ({ path, code, detail: '', params: {} });
        office.on('POST', '/conference/rooms', () => ({
          status: 422,
          body: {
            code: 'invalid',
            detail: '',
            fields: [
              fault('booking.starts', 'past'),
              fault('invitees[0].address', 'not_an_address'),
            ],
          },
        }));
        await page.goto('/besprechungen/neu');
        // Nothing is cut off unseen, and nothing is sent that cannot be.
        await page.getByLabel('Titel').fill('x'.repeat(125));
        await page.getByText('5 Zeichen zu viel').first().waitFor();
        const from = await page.getByLabel('Beginn').inputValue();
        const hourLater = String((Number(from.slice(0, 2)) + 1) % 24).padStart(2, '0');
        await page
          .getByLabel('Ende')
          .fill(`${from.slice(0, 3)}${from.endsWith('00') ? '01' : '31'}`);
        await page.locator('form button[type=submit]').click();
        const early = page.getByRole('alert');
        await early.getByText('Höchstens 120 Zeichen sind möglich.').waitFor();
        await early.getByText('Möglich sind 5 Minuten bis 12 Stunden.').waitFor();
        expect(sent(office, 'POST', '/rooms')).toHaveLength(0);
        await page.getByLabel('Ende').fill(`${hourLater}${from.slice(2)}`);
        await page.getByLabel('Titel').fill('Haushalt');
        await page.getByLabel('Adressen von außerhalb').fill('ines@kreis');
        await page.getByRole('button', { name: 'Adressen hinzufügen' }).click();
        await page.locator('form button[type=submit]').click();
        const summary = page.getByRole('alert');
        await summary.getByText('Dieser Zeitpunkt ist schon vorbei.').waitFor();
        await summary.getByText('ines@kreis: Das ist keine E-Mail-Adresse.').waitFor();
        await summary.getByRole('link').first().click();
        await page.locator('#feld-day:focus').or(page.locator('#feld-day :focus')).waitFor();
        expect(await page.getByLabel('Titel').inputValue()).toBe('Haushalt');
      }),
    STORY_MS,
  );

  it(
    'the personal room opens with a number and PIN of its own',
    () =>
      run(async ({ page, office, conference }) => {
        await page.goto('/besprechungen');
        await page.getByRole('button', { name: 'Raum öffnen' }).click();
        await said(page, '„Raum von Jana Petersen“ ist offen.');
        await page.locator('.fa-access dd', { hasText: '508214' }).waitFor();
        const room = named(conference, 'Raum von');
        expect(sent(office, 'POST', `/rooms/${room.id}/open`)).toHaveLength(1);
        const join = page.getByRole('link', { name: 'Beitreten: Raum von Jana Petersen' });
        expect(await join.getAttribute('href')).toBe(
          `/besprechung?raum=${room.id}&termin=${room.meetings[0]?.id}`,
        );
      }),
    STORY_MS,
  );

  it(
    'the start page names what runs now or begins soon, and leads into it',
    () =>
      run(async ({ page, conference, office }) => {
        office.on('GET', '/me/targets', { targets: [], ssh_gateway: null });
        conference.meeting(named(conference, 'Personal'), { minutes: 12 }, 90);
        conference.meeting(named(conference, 'Partner'), { minutes: 40 });
        await page.goto('/');
        const soon = page.getByRole('region', { name: 'Besprechungen jetzt und gleich' });
        await soon.getByText('läuft jetzt').waitFor();
        await soon.getByText('beginnt gleich · Mehmet Yıldız hat eingeladen').waitFor();
        expect(await soon.getByRole('listitem').count()).toBe(2);
        await picture(page, 'start-besprechung');
        const { id, meetings } = named(conference, 'Haushalt');
        const join = soon.getByRole('link', { name: 'Beitreten: Haushalt 2027: Ämterrunde' });
        expect(await join.getAttribute('href')).toBe(
          `/besprechung?raum=${id}&termin=${meetings[0]?.id}`,
        );
        conference.rooms.length = 0;
        await page.reload();
        await page.getByText('Hier steht noch nichts').waitFor();
        await page.waitForLoadState('networkidle');
        expect(await soon.count()).toBe(0);
      }),
    STORY_MS,
  );

  it(
    'one date of a series is called off quietly, and put back on',
    () =>
      run(async ({ page, office, conference }) => {
        const series = named(conference, 'Lagebesprechung');
        const [first] = series.meetings;
        const day = first?.starts.slice(0, 10);
        await page.goto(`/besprechungen/${series.id}`);
        await page
          .getByRole('button', { name: /: mehr$/ })
          .first()
          .click();
        await page.getByRole('menuitem', { name: 'Absagen' }).click();
        const question = page.getByRole('alertdialog');
        await question.getByText('Eine Person bekommt eine E-Mail.').waitFor();
        await question.getByLabel('Eingeladene per E-Mail benachrichtigen').uncheck();
        await question.getByText('Niemand bekommt eine E-Mail.').waitFor();
        await question.getByRole('button', { name: 'Termin absagen' }).click();
        await said(page, 'Der Termin ist abgesagt.');
        expect(sent(office, 'DELETE', `/meetings/${first?.id}`)).toHaveLength(1);
        const back = page.getByRole('button', { name: /^Wieder ansetzen:/ });
        await expect.poll(() => back.count(), WAIT).toBe(2);
        await back.last().click();
        await page
          .getByRole('alertdialog')
          .getByRole('button', { name: 'Wieder ansetzen' })
          .click();
        await said(page, 'Der Termin findet wieder statt.');
        const [saved] = sent(office, 'PUT', `/rooms/${series.id}`) as [
          { booking: { recurrence: { except: string[] } }; name: string },
        ];
        expect(saved.booking.recurrence.except).not.toContain(day);
        expect(saved.booking.recurrence.except).toHaveLength(1);
        expect(saved.name).toBe('Lagebesprechung Winterdienst');
      }),
    STORY_MS,
  );

  it(
    'one date is moved; the rest of the series stays',
    () =>
      run(
        async ({ page, office, conference }) => {
          const series = named(conference, 'Lagebesprechung');
          const [first] = series.meetings;
          await page.goto(`/besprechungen/${series.id}`);
          await page
            .getByRole('button', { name: /: mehr$/ })
            .first()
            .click();
          await page.getByRole('menuitem', { name: 'Verschieben' }).click();
          await page.getByLabel('Beginn').fill('10:15');
          await page.getByLabel('Ende').fill('11:00');
          await page
            .getByRole('dialog')
            .getByRole('button', { name: 'Termin verschieben' })
            .click();
          await said(page, 'Der Termin ist verschoben.');
          expect(sent(office, 'PUT', `/meetings/${first?.id}`)[0]).toEqual({
            version: '1',
            starts: `${first?.starts.slice(0, 10)}T10:15`,
            minutes: 45,
            quietly: false,
          });
          await page.locator('.fa-list').getByText('10:15').waitFor();
        },
        { width: 360 },
      ),
    STORY_MS,
  );

  it(
    'two changes from two tabs come together, and nothing typed is lost',
    () =>
      run(async ({ page, office, conference }) => {
        const series = named(conference, 'Lagebesprechung');
        const form = page.locator('form');
        const save = page.getByRole('button', { name: 'Änderungen speichern' });
        const faster = (change: object, version: string) => {
          Object.assign(named(conference, 'Lage'), { ...change, version });
        };
        office.on('PUT', `/conference/rooms/${series.id}`, (body: Record<string, unknown>) => {
          const { version, name = '' } = named(conference, 'Lage');
          return body.version === version
            ? { body: { ...series, ...body, version: '99', name: body.name ?? name } }
            : problem(409, 'outdated');
        });
        await page.goto(`/besprechungen/${series.id}/aendern`);
        await page.getByLabel('Titel').fill('Lage am Deich');
        await page.getByLabel('Beschreibung').fill('Pegel um sechs');
        faster({ name: 'Lage neu', protection: 'confidential' }, '9');
        await save.click();
        const notice = page.getByRole('alert');
        await notice.getByText('Jemand anderes hat diesen Eintrag inzwischen geändert').waitFor();
        await notice.getByText('Schutzklasse ist jetzt: vertraulich (vorher: intern)').waitFor();
        const title = notice.getByRole('group', { name: 'Titel: Sie beide haben es geändert' });
        expect(await title.getByLabel('Ihre Eingabe: Lage am Deich').isChecked()).toBe(true);
        await title.getByLabel('Die andere Fassung: Lage neu').check();
        await picture(page, 'besprechungen-zwei-fassungen');
        await notice.getByRole('button', { name: 'Mit meinen Eingaben weiter' }).click();
        await notice.waitFor({ state: 'detached' });
        expect(await page.getByLabel('Titel').inputValue()).toBe('Lage neu');
        expect(await page.getByLabel('Beschreibung').inputValue()).toBe('Pegel um sechs');
        expect(
          await form
            .locator('input[value=confidential], #feld-protection-confidential')
            .isChecked(),
        ).toBe(true);
        // Somebody may be faster once more.
        faster({ name: 'Lage zum dritten' }, '10');
        await save.click();
        await notice.getByText('Titel ist jetzt: Lage zum dritten').waitFor();
        await notice.getByRole('button', { name: 'Mit meinen Eingaben weiter' }).click();
        await save.click();
        await said(page, 'ist geändert.');
        const saved = sent(office, 'PUT', `/rooms/${series.id}`);
        expect(saved.map(({ version }) => version)).toEqual(['1', '9', '10']);
        expect(saved[2]).toMatchObject({
          name: 'Lage zum dritten',
          description: 'Pegel um sechs',
          protection: 'confidential',
        });
      }),
    STORY_MS,
  );

  it(
    'calling off everything names who is told, and cannot happen by a slip',
    () =>
      run(async ({ page, office, conference }) => {
        conference.options.mail = false;
        const series = named(conference, 'Lagebesprechung');
        await page.goto(`/besprechungen/${series.id}`);
        await enterOn(page, page.getByRole('button', { name: 'Ganz absagen' }));
        const question = page.getByRole('alertdialog');
        await question.getByText('Sagen Sie denen, die Sie eingeladen haben, selbst').waitFor();
        await page.keyboard.press('Enter');
        await question.waitFor({ state: 'detached' });
        expect(sent(office, 'DELETE', `/rooms/${series.id}`)).toHaveLength(0);
        await enterOn(page, page.getByRole('button', { name: 'Ganz absagen' }));
        await question.getByRole('button', { name: 'Ganz absagen' }).click();
        await said(page, 'Die Besprechung ist abgesagt.');
        await page.locator('h1:focus', { hasText: 'Besprechungen' }).waitFor();
        await page.getByText('Lagebesprechung').first().waitFor({ state: 'detached' });
      }),
    STORY_MS,
  );

  it(
    'who is only invited sees the way in, and nothing to change',
    () =>
      run(async ({ page, conference }) => {
        await page.goto(`/besprechungen/${named(conference, 'Personal').id}`);
        await page.locator('.fa-access dd', { hasText: '508214' }).waitFor();
        await page.getByText('Mehmet Yıldız hat eingeladen · Sie: hört zu').waitFor();
        expect(await page.getByRole('link', { name: 'Ändern' }).count()).toBe(0);
        expect(await page.getByRole('button', { name: 'Neue PIN vergeben' }).count()).toBe(0);
        expect(await page.getByRole('button', { name: 'Ganz absagen' }).count()).toBe(0);
      }),
    STORY_MS,
  );

  it(
    'a lost line says so, keeps what is shown, and loses nothing typed',
    () =>
      run(
        async ({ page, office }) => {
          await page.goto('/besprechungen');
          await page.getByText('Lagebesprechung Winterdienst').first().waitFor();
          await page.context().setOffline(true);
          await page.getByRole('button', { name: 'Raum öffnen' }).click();
          await page
            .getByRole('alert')
            .getByText('Der Server ist gerade nicht zu erreichen.')
            .waitFor();
          expect(await page.getByText('Lagebesprechung Winterdienst').count()).toBeGreaterThan(0);
          await page.context().setOffline(false);
          await page.getByRole('link', { name: 'Besprechung buchen' }).click();
          await page.getByLabel('Titel').fill('Trotzdem');
          await page.context().setOffline(true);
          await page.locator('form button[type=submit]').click();
          await page.getByText('Der Server ist gerade nicht zu erreichen.').first().waitFor();
          expect(await page.getByLabel('Titel').inputValue()).toBe('Trotzdem');
          await page.context().setOffline(false);
          await page.locator('form button[type=submit]').click();
          await page.getByRole('heading', { level: 1, name: 'Trotzdem' }).waitFor();
          expect(sent(office, 'POST', '/rooms')).toHaveLength(1);
        },
        {},
        /ERR_INTERNET_DISCONNECTED/,
      ),
    STORY_MS,
  );

  it(
    'a list that did not come is asked for again',
    () =>
      run(async ({ page, office, conference }) => {
        let broken = true;
        office.on('GET', '/conference/meetings', () =>
          broken
            ? problem(503, 'busy')
            : { body: { items: named(conference, 'Lage').meetings, total: 4 } },
        );
        await page.goto('/besprechungen');
        await page.getByRole('button', { name: 'Noch einmal versuchen' }).waitFor();
        broken = false;
        await page.getByRole('button', { name: 'Noch einmal versuchen' }).click();
        await page.getByText('Lagebesprechung Winterdienst').first().waitFor();
      }),
    STORY_MS,
  );
});
