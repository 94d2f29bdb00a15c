import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, picture, type Visit, visit } from '../support/browser.ts';
import { call } from '../support/call.ts';
import { RealOffice } from '../support/real-office.ts';
import { watchConnections } from '../support/received.ts';
import { edges } from '../support/sharpness.ts';
import { signIn } from '../support/sign-in.ts';

const START_MS = 120_000;
const STORY_MS = 240_000;
const MEDIA_MS = 40_000;
/** Without a graphics card the first blurred picture takes its time. */
const BLUR_MS = 90_000;
const FEW_EDGES = 20;

type Room = { id: string; meetings: { id: string }[] };
type Access = { access: { link: string } };

/** Two in the real office, whose policy is what a blur must live with. */
describe('pictures in a meeting', () => {
  let office: RealOffice;
  let browser: Browser;
  let erika: Visit;
  let ines: Visit;

  beforeAll(async () => {
    [office, browser] = await Promise.all([RealOffice.start(), launch({ devices: true })]);
    [erika, ines] = [await visit(browser, office.origin), await visit(browser, office.origin)];
    await watchConnections(erika.context);
    await signIn(erika.page, office.person('erika'));
  }, START_MS);

  afterAll(async () => {
    await browser?.close();
    await office?.stop();
  });

  const blur = async (page: Page) => {
    await page.getByRole('button', { name: 'Mehr', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Geräte' }).click();
    await page.getByRole('checkbox', { name: 'Hintergrund unscharf zeigen' }).click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /chließen/ })
      .first()
      .click();
  };

  it(
    'are blurred behind who asks for it, in every size, and nothing but this server is asked',
    async () => {
      const room = await call<Room>(erika.page, 'POST', '/conference/rooms', {
        kind: 'meeting',
        name: 'Von zu Hause',
        protection: 'internal',
        booking: { starts: berlin(new Date(Date.now() + 60_000)), minutes: 60 },
      });
      const { access } = await call<Access>(
        erika.page,
        'GET',
        `/conference/meetings/${room.meetings[0]?.id ?? ''}`,
      );
      await erika.page.goto(`/besprechung?raum=${room.id}`);
      await erika.page.getByRole('button', { name: 'Kamera einschalten' }).click();
      await erika.page.getByRole('button', { name: 'Beitreten' }).click();
      await erika.page
        .locator('.fa-tools')
        .getByRole('button', { name: 'Kamera ausschalten' })
        .waitFor({ timeout: MEDIA_MS });
      await ines.page.goto(access.link.replace(/^https?:\/\/[^/]+/, ''));
      await ines.page.locator('input[name=name]').fill('Ines Behrens');
      await ines.page.getByRole('button', { name: 'In den Warteraum' }).click();
      await erika.page.getByRole('button', { name: 'Einlassen', exact: true }).click();

      const seen = ines.page.locator('.fa-seat:not(.fa-seat--mirrored) video');
      const sharp = () => edges(seen.first()).catch(() => -1);
      await expect.poll(sharp, { timeout: MEDIA_MS }).toBeGreaterThan(FEW_EDGES * 2);

      const asked: string[] = [];
      erika.page.on('request', (request) => asked.push(request.url()));
      await blur(erika.page);
      // Black is not blurred: there must be something to see.
      const blurred = async () => (await bright(seen.first())) && (await sharp()) < FEW_EDGES;
      await expect.poll(blurred, { timeout: BLUR_MS }).toBe(true);
      expect(asked.some((address) => address.includes('segmentation'))).toBe(true);
      await picture(ines.page, 'besprechung-unscharf', false);
      await expect.poll(() => sizes(erika.page), { timeout: MEDIA_MS }).toBeGreaterThan(1);

      await blur(erika.page);
      await expect.poll(sharp, { timeout: MEDIA_MS }).toBeGreaterThan(FEW_EDGES * 2);
      expect([...erika.faults, ...ines.faults]).toEqual([]);
    },
    STORY_MS,
  );

  it(
    'stand in a small window above all others, too, and it closes from here and from there',
    async () => {
      const { page } = ines;
      await page.getByRole('button', { name: 'Mehr', exact: true }).focus();
      const press = async (name: string) => {
        await page.keyboard.press('Enter');
        const item = page.getByRole('menuitem', { name, exact: true });
        await item.focus();
        await page.keyboard.press('Enter');
        await item.waitFor({ state: 'detached' });
      };
      await press('Kleines Fenster');
      await expect
        .poll(() => above(page), { timeout: MEDIA_MS })
        .toEqual(['Erika Mustermann', true]);
      const [, small] = ines.context.pages();
      if (small) await picture(small, 'besprechung-kleines-fenster', false);
      await press('Kleines Fenster schließen');
      await expect.poll(() => above(page)).toBeNull();
      await press('Kleines Fenster');
      await expect
        .poll(() => above(page), { timeout: MEDIA_MS })
        .toEqual(['Erika Mustermann', true]);
      await page.evaluate(() =>
        (globalThis as WithWindow).documentPictureInPicture?.window?.close(),
      );
      await press('Kleines Fenster');
      await expect
        .poll(() => above(page), { timeout: MEDIA_MS })
        .toEqual(['Erika Mustermann', true]);
      // It goes with the meeting.
      await page.getByRole('button', { name: 'Besprechung verlassen' }).click();
      await page.getByRole('button', { name: 'Verlassen', exact: true }).click();
      await expect.poll(() => above(page)).toBeNull();
      expect(ines.faults).toEqual([]);
    },
    STORY_MS,
  );
});

type WithWindow = { documentPictureInPicture?: { window: Window | null } };

/** Who is in the small window, and whether their picture moves there; nothing while there is none. */
const above = (page: Page) =>
  page.evaluate(() => {
    const inside = (globalThis as WithWindow).documentPictureInPicture?.window?.document;
    if (!inside) return null;
    const video = inside.querySelector('video');
    return [
      inside.querySelector('.fa-seat__name')?.textContent ?? '',
      Boolean(video && video.videoWidth > 0 && video.currentTime > 0),
    ];
  });

/** Whether a `<video>` shows more than black. */
const bright = (video: ReturnType<Page['locator']>) =>
  video
    .evaluate((element) => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 });
      const context = canvas.getContext('2d');
      context?.drawImage(element as HTMLVideoElement, 0, 0, 1, 1);
      const seen = context?.getImageData(0, 0, 1, 1).data ?? [];
      return Math.max(seen[0] ?? 0, seen[1] ?? 0, seen[2] ?? 0) > 40;
    })
    .catch(() => false);

type Watched = { peers?: RTCPeerConnection[] };

/** In how many sizes the camera's picture may be sent. */
const sizes = (page: Page) =>
  page.evaluate(() => {
    const senders = ((globalThis as Watched).peers ?? []).flatMap((peer) => peer.getSenders());
    const camera = senders.filter(({ track }) => track?.kind === 'video');
    return Math.max(0, ...camera.map((sender) => sender.getParameters().encodings.length));
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
