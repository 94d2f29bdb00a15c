import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityFaults } from '../support/axe.ts';
import { launch, picture, type Visit, visit } from '../support/browser.ts';
import { call } from '../support/call.ts';
import { planes } from '../support/planes.ts';
import type { RealOffice } from '../support/real-office.ts';
import {
  hearsAndSees,
  received,
  transports,
  watchConnections,
  withoutUdp,
} from '../support/received.ts';
import { signIn } from '../support/sign-in.ts';

const START_MS = 120_000;
const STORY_MS = 180_000;
const MEDIA_MS = 40_000;
const CUT_MS = 10_000;
const PRESS_AGAIN_MS = 2_000;
const FRAMES = 20;
const MINUTE_MS = 60_000;

type Room = { id: string; meetings: { id: string }[] };
type Settings = { version: string; settings: Record<string, unknown> };
type Webhook = { webhook: { id: string } };
type Access = { number: string; pin: string; link: string };

/**
 * One meeting of a host, a guest by link and a guest by number and PIN, whom no UDP reaches, in the real office, from the
 * invitation to its end: its stories build on each other, and are the same whatever carries sound and pictures.
 */
describe.each(await planes())('a meeting, carried by $name', ({ name: plane, start }) => {
  let office: RealOffice;
  let browser: Browser;
  let erika: Visit;
  let ines: Visit;
  let ole: Visit;
  let chief: Visit;
  let webhook: string;
  let room: Room;
  let access: Access;

  beforeAll(async () => {
    [office, browser] = await Promise.all([start(), launch({ devices: true })]);
    [erika, ines, ole] = [
      await visit(browser, office.origin),
      await visit(browser, office.origin),
      await visit(browser, office.origin),
    ];
    for (const { context } of [erika, ines, ole]) {
      context.setDefaultTimeout(MEDIA_MS);
      await watchConnections(context);
    }
    await withoutUdp(ole.context);
    await signIn(erika.page, office.person('erika'));
    room = await call<Room>(erika.page, 'POST', '/conference/rooms', {
      kind: 'meeting',
      name: 'Ämterrunde',
      protection: 'internal',
      booking: { starts: berlin(new Date(Date.now() + MINUTE_MS)), minutes: 60 },
    });
    const meeting = room.meetings[0]?.id ?? '';
    access = (await call<{ access: Access }>(erika.page, 'GET', `/conference/meetings/${meeting}`))
      .access;
  }, START_MS);

  afterAll(async () => {
    await browser?.close();
    await office?.stop();
  });

  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return;
    for (const [name, { page }] of Object.entries({ erika, ines, ole })) {
      await picture(page, `failed-meeting-${plane}-${name}`, false).catch(() => undefined);
    }
  });

  const devicesOn = async (page: Page) => {
    await page.getByRole('button', { name: 'Mikrofon einschalten' }).click();
    await page.getByRole('button', { name: 'Kamera einschalten' }).click();
  };
  // On a weak line, a notice offers to turn the camera off, too.
  const tool = (page: Page, name: string) =>
    page.locator('.fa-tools').getByRole('button', { name });
  const inside = (page: Page) => tool(page, 'Kamera ausschalten').waitFor({ timeout: MEDIA_MS });
  const look = (page: Page, what: string, whole?: boolean) =>
    picture(page, plane === 'Fernamt' ? what : `${what}-${plane.toLowerCase()}`, whole);
  const seat = (page: Page, name: string) => page.locator('.fa-seat').filter({ hasText: name });
  const about = async (name: string, what: string) => {
    await erika.page
      .getByRole('button', { name: `Zu ${name}: mehr` })
      .last()
      .click();
    await erika.page.getByRole('menuitem', { name: what }).click();
  };
  // A LiveKit carries out what a host decides a moment after the page is told: who pressed in between presses once more.
  const turn = async (page: Page, key: string, from: string, to: string) => {
    const turned = async () => {
      if (await tool(page, from).isVisible()) await page.keyboard.press(key);
      const other = tool(page, to).waitFor({ timeout: PRESS_AGAIN_MS });
      return other.then(
        () => true,
        () => false,
      );
    };
    await expect.poll(turned, { timeout: MEDIA_MS }).toBe(true);
  };
  const pathOf = (link: string) => link.replace(/^https?:\/\/[^/]+/, '');
  const all = (pages: Page[]) =>
    Promise.all(pages.map((page) => hearsAndSees(page, { frames: FRAMES, timeoutMs: MEDIA_MS })));

  it(
    'lets the host in, and a guest by link from the lobby; each sees and hears the other',
    async () => {
      await erika.page.goto(`/besprechung?raum=${room.id}`);
      await devicesOn(erika.page);
      expect((await accessibilityFaults(erika.page)).join('\n')).toBe('');
      await erika.page.getByRole('button', { name: 'Beitreten' }).click();
      await inside(erika.page);

      await ines.page.goto(pathOf(access.link));
      await ines.page.locator('.fa-door').waitFor();
      expect(new URL(ines.page.url()).hash).toBe('');
      await ines.page.locator('input[name=name]').fill('Ines Behrens');
      await devicesOn(ines.page);
      await look(ines.page, 'office-besprechung-tuer');
      await ines.page.getByRole('button', { name: 'In den Warteraum' }).click();
      await ines.page.getByText('Sie sind im Warteraum').waitFor();
      await erika.page.getByText('Ines Behrens (Gast) wartet im Warteraum.').first().waitFor();
      await erika.page.getByRole('button', { name: 'Einlassen', exact: true }).click();
      await inside(ines.page);
      await all([erika.page, ines.page]);
      await look(erika.page, 'office-besprechung', false);
      expect((await accessibilityFaults(erika.page)).join('\n')).toBe('');
    },
    STORY_MS,
  );

  it(
    'refuses a wrong PIN with a sentence, and takes the right one',
    async () => {
      const { page } = ole;
      await page.goto('/besprechung');
      await page.locator('input[name=number]').fill(access.number);
      await page.locator('input[name=pin]').fill(access.pin === '000000' ? '000001' : '000000');
      await page.keyboard.press('Enter');
      await page.getByText('Mit diesen Angaben öffnet sich keine Besprechung.').waitFor();
      await page.locator('input[name=pin]').fill(access.pin);
      await page.keyboard.press('Enter');
      await page.locator('input[name=name]').fill('Ole Jensen');
      await devicesOn(page);
      await page.getByRole('button', { name: 'In den Warteraum' }).click();
      await erika.page.getByText('Ole Jensen (Gast) wartet im Warteraum.').first().waitFor();
      await erika.page.getByRole('button', { name: 'Einlassen', exact: true }).click();
      await inside(page);
      await all([erika.page, ines.page, ole.page]);
      expect(await transports(ole.page)).toEqual(['tcp']);
      expect(await transports(ines.page)).toEqual(['udp']);
    },
    STORY_MS,
  );

  it(
    'carries what is written, a raised hand, and what the host decides',
    async () => {
      await ines.page.keyboard.press('c');
      await ines.page
        .getByRole('textbox', { name: 'Nachricht schreiben' })
        .fill('Guten Morgen aus dem Auental');
      await ines.page.keyboard.press('Enter');
      await erika.page.keyboard.press('c');
      await erika.page.getByRole('log').getByText('Guten Morgen aus dem Auental').waitFor();
      await ines.page.getByRole('button', { name: 'Chat schließen' }).first().click();
      await erika.page.getByRole('button', { name: 'Chat schließen' }).first().click();

      await ole.page.keyboard.press('h');
      await erika.page.getByText('Ole Jensen (Gast) hebt die Hand.').waitFor();
      await erika.page.keyboard.press('p');
      await erika.page.getByRole('button', { name: 'Alle stumm' }).click();
      await ole.page.getByRole('button', { name: 'Mikrofon einschalten' }).waitFor();
      await ole.page.getByText('Die Moderation hat Ihr Mikrofon ausgeschaltet.').waitFor();
      await ole.page.keyboard.press('m');
      await ole.page.getByRole('button', { name: 'Mikrofon ausschalten' }).waitFor();
      await ines.page.getByRole('button', { name: 'Mikrofon einschalten' }).waitFor();
      await ines.page.keyboard.press('m');
      await ines.page.getByRole('button', { name: 'Mikrofon ausschalten' }).waitFor();
    },
    STORY_MS,
  );

  it(
    'shows who switches off, whose camera is stopped, and whose screen is shown',
    async () => {
      await turn(ole.page, 'm', 'Mikrofon ausschalten', 'Mikrofon einschalten');
      await turn(ole.page, 'k', 'Kamera ausschalten', 'Kamera einschalten');
      for (const { page } of [erika, ines]) {
        const his = seat(page, 'Ole Jensen');
        await his.getByLabel('Mikrofon aus').waitFor({ timeout: MEDIA_MS });
        await his.locator('video').waitFor({ state: 'detached' });
      }
      await turn(ole.page, 'm', 'Mikrofon einschalten', 'Mikrofon ausschalten');
      await turn(ole.page, 'k', 'Kamera einschalten', 'Kamera ausschalten');
      await seat(erika.page, 'Ole Jensen').locator('video').waitFor({ timeout: MEDIA_MS });

      await about('Ines Behrens', 'Kamera ausschalten');
      await ines.page.getByRole('button', { name: 'Kamera einschalten' }).waitFor();
      await seat(ole.page, 'Ines Behrens').locator('video').waitFor({ state: 'detached' });
      const seen = async () => {
        await turn(ines.page, 'k', 'Kamera einschalten', 'Kamera ausschalten');
        return seat(ole.page, 'Ines Behrens').locator('video').count();
      };
      await expect.poll(seen, { timeout: MEDIA_MS, interval: PRESS_AGAIN_MS }).toBe(1);

      await ole.page.keyboard.press('b');
      const screen = (page: Page) => page.locator('.fa-seat--large.fa-seat--screen video');
      for (const { page } of [erika, ines]) await screen(page).waitFor({ timeout: MEDIA_MS });
      await look(ines.page, 'office-besprechung-bildschirm', false);
      await about('Ole Jensen', 'Bildschirm beenden');
      for (const { page } of [erika, ines]) {
        await screen(page).waitFor({ state: 'detached', timeout: MEDIA_MS });
      }
      await ole.page.getByRole('button', { name: 'Bildschirm zeigen' }).waitFor();
    },
    STORY_MS,
  );

  const everybodyIsBack = async () => {
    await all([erika.page, ines.page, ole.page]);
    for (const { page } of [erika, ines, ole]) {
      await page.locator('.fa-notice--warning').waitFor({ state: 'detached', timeout: MEDIA_MS });
    }
  };

  it(
    'comes back after ten seconds without any line, without a new sign-in',
    async () => {
      await office.cutLines(CUT_MS);
      await everybodyIsBack();
    },
    STORY_MS,
  );

  it(
    'comes back to its seats when the server was killed and started again, with all that was written',
    async () => {
      await office.killAndStart();
      await everybodyIsBack();
      for (const { page } of [erika, ines, ole]) {
        await page.keyboard.press('c');
        await page.getByRole('log').getByText('Guten Morgen aus dem Auental').waitFor();
        await page.getByRole('button', { name: 'Chat schließen' }).first().click();
      }
    },
    STORY_MS,
  );

  it(
    'loses whom the administration locks out',
    async () => {
      const max = await visit(browser, office.origin);
      chief = await visit(browser, office.origin);
      await Promise.all([
        signIn(max.page, office.person('max')),
        signIn(chief.page, office.person('ada')),
      ]);
      const name = office.person('max').display_name;
      const found = await call<{ items: { id: string }[] }>(
        chief.page,
        'GET',
        `/admin/people?q=${encodeURIComponent(name)}`,
      );
      const hook = await call<Webhook>(chief.page, 'POST', '/admin/webhooks', {
        name: 'Anzeigetafel',
        url: 'https://tafel.amt.example/heute',
        events: ['meeting.booked', 'meeting.opened', 'meeting.ended'],
      });
      webhook = hook.webhook.id;

      await max.page.goto(pathOf(access.link));
      await devicesOn(max.page);
      await max.page.getByRole('button', { name: 'Beitreten' }).click();
      await inside(max.page);
      await seat(erika.page, name).locator('video').waitFor({ timeout: MEDIA_MS });
      await call(chief.page, 'POST', `/admin/people/${found.items[0]?.id}/disable`);
      await Promise.all([
        max.page.getByText('Ihr Zugang wurde beendet').waitFor(),
        seat(erika.page, name).waitFor({ state: 'detached' }),
      ]);
      await max.context.close();
    },
    STORY_MS,
  );

  it(
    'sends away who is removed, and everybody when it ends',
    async () => {
      await about('Ole Jensen', 'Entfernen');
      await erika.page.getByRole('alertdialog').getByRole('button', { name: 'Entfernen' }).click();
      await ole.page.getByText('Die Moderation hat Sie aus der Besprechung entfernt').waitFor();
      await erika.page.getByRole('button', { name: 'Besprechung verlassen' }).click();
      await erika.page.getByRole('button', { name: 'Für alle beenden' }).click();
      await erika.page
        .getByRole('alertdialog')
        .getByRole('button', { name: 'Für alle beenden' })
        .click();
      await ines.page.getByText('Die Besprechung ist beendet').waitFor();
      expect(await received(ines.page)).toEqual({ frames: 0, energy: 0, videos: 0 });
      await ines.page.goto(pathOf(access.link));
      await ines.page.getByText('Dieser Link öffnet keine Besprechung.').waitFor();
      await ines.page.getByText('Vielleicht ist die Besprechung vorbei').waitFor();
    },
    STORY_MS,
  );

  it(
    'is closed from device to device to who lacks the key, where the administration asks for that',
    async () => {
      const path = '/admin/conference/settings';
      const { version, settings } = await call<Settings>(chief.page, 'GET', path);
      const confidential = {
        lobby: 'uninvited',
        encryption: 'end_to_end',
        dial_in: false,
        guests: true,
        keep_chat_days: 0,
      };
      await call(chief.page, 'PUT', path, {
        version,
        settings: { ...settings, stricter: { confidential } },
      });
      const sealed = await call<Room>(erika.page, 'POST', '/conference/rooms', {
        kind: 'meeting',
        name: 'Personalsache',
        protection: 'confidential',
        booking: { starts: berlin(new Date(Date.now() + MINUTE_MS)), minutes: 60 },
      });
      const meeting = `/conference/meetings/${sealed.meetings[0]?.id ?? ''}`;
      access = (await call<{ access: Access }>(erika.page, 'GET', meeting)).access;

      // The key is made in the browser of who invites; the server has never heard of it.
      const asked: string[] = [];
      erika.page.on('request', (request) => asked.push(request.url() + request.postData()));
      await erika.page.goto(`/besprechungen/${sealed.id}`);
      await erika.page.getByText('Geben Sie diesen Link selbst weiter').waitFor();
      const link =
        (await erika.page
          .getByRole('group', { name: 'Link zum Beitreten' })
          .locator('code')
          .textContent()) ?? '';
      const key = link.split('.').at(-1) ?? '';
      expect(link).toBe(`${access.link}.${key}`);
      expect(key).toMatch(/^[\w-]{43}$/);

      await erika.page.goto(`/besprechung?raum=${sealed.id}`);
      await devicesOn(erika.page);
      await erika.page.getByRole('button', { name: 'Beitreten' }).click();
      await inside(erika.page);
      const admitted = async (page: Page, name: string) => {
        await page.locator('input[name=name]').fill(name);
        await devicesOn(page);
        await page.getByRole('button', { name: 'In den Warteraum' }).click();
        await erika.page.getByText(`${name} (Gast) wartet im Warteraum.`).first().waitFor();
        await erika.page.getByRole('button', { name: 'Einlassen', exact: true }).click();
      };
      await ines.page.goto('/besprechung');
      await ines.page.goto(pathOf(link));
      await admitted(ines.page, 'Ines Behrens');
      await inside(ines.page);
      await all([erika.page, ines.page]);

      // By number and PIN nobody brings a key: nothing is seen, heard or read, and nothing is sent.
      const { page } = ole;
      const told: string[] = [];
      page.on('websocket', (socket) =>
        socket.on('framereceived', ({ payload }) => told.push(String(payload))),
      );
      await page.goto('/besprechung');
      await page.locator('input[name=number]').fill(access.number);
      await page.locator('input[name=pin]').fill(access.pin);
      await page.keyboard.press('Enter');
      await page.getByText('Hier fehlt noch der Schlüssel').waitFor();
      await admitted(page, 'Ole Jensen');
      await page.getByText('Ihnen fehlt der Schlüssel').waitFor();
      const closed = page.locator('.fa-seat').getByText('Hier nicht zu entschlüsseln');
      await expect.poll(() => closed.count(), { timeout: MEDIA_MS }).toBe(2);
      await ines.page.keyboard.press('c');
      await ines.page
        .getByRole('textbox', { name: 'Nachricht schreiben' })
        .fill('Das bleibt unter uns');
      await ines.page.keyboard.press('Enter');
      await erika.page.keyboard.press('c');
      await erika.page.getByRole('log').getByText('Das bleibt unter uns').waitFor();
      await page.keyboard.press('c');
      await page.getByRole('log').getByText('Hier nicht zu entschlüsseln').waitFor();
      expect(told.join()).toContain('Personalsache');
      expect(told.join()).not.toContain('Das bleibt unter uns');
      expect(asked.join()).not.toContain(key);
      await look(page, 'office-besprechung-ohne-schluessel', false);

      // A key of another meeting opens nothing either, and the others see that it does not fit theirs.
      const use = async (pasted: string) => {
        await page.getByRole('button', { name: /Schlüssel eingeben$/ }).click();
        await page.getByRole('dialog').getByRole('textbox').fill(pasted);
        await page.getByRole('button', { name: 'Schlüssel übernehmen' }).click();
      };
      await use('A'.repeat(43));
      await page.getByText('Ihr Schlüssel passt nicht').waitFor({ timeout: MEDIA_MS });
      await erika.page
        .locator('.fa-seat', { hasText: 'Ole Jensen' })
        .getByText('Hier nicht zu entschlüsseln')
        .waitFor({ timeout: MEDIA_MS });
      expect(await received(page)).toMatchObject({ frames: 0 });

      await use(link);
      await page.getByText('Ihr Schlüssel passt nicht').waitFor({ state: 'detached' });
      await page.getByRole('log').getByText('Das bleibt unter uns').waitFor();
      await all([erika.page, ines.page, page]);
    },
    STORY_MS,
  );

  it('has told what happened to whoever asked for it, in order', async () => {
    const path = `/admin/webhooks/${webhook}/deliveries`;
    const told = await call<{ event: string }[]>(chief.page, 'GET', path);
    const events = told.map(({ event }) => event).reverse();
    expect(events).toEqual(['meeting.ended', 'meeting.booked', 'meeting.opened']);
  });
});

/** A moment on the clock of the demo's office, without a zone. */
function berlin(moment: Date): string {
  return new Intl.DateTimeFormat('sv-SE', {
    timeZone: 'Europe/Berlin',
    dateStyle: 'short',
    timeStyle: 'short',
  })
    .format(moment)
    .replace(' ', 'T');
}
