import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, picture, type Visit, visit } from '../support/browser.ts';
import { LiveKitPeer } from '../support/livekit-peer.ts';
import { MockMeeting } from '../support/mock-meeting.ts';
import { furnish, MockOffice } from '../support/mock-office.ts';
import { hearsAndSees, received, watchConnections } from '../support/received.ts';

const START_MS = 120_000;
const STORY_MS = 90_000;
const MEDIA_MS = 30_000;
const FRAMES = 20;
const CUT_MS = 10_000;

/** The program that runs real peers; where they cannot be had, it is not set. */
const peers = process.env.FERNAMT_PEERS === 'required' ? process.env.FERNAMT_PEER : undefined;

/** One meeting of two at a real LiveKit server, with the rest of the office standing in: its stories build on each other. */
describe.runIf(peers)('sound and pictures by a LiveKit server', () => {
  let livekit: LiveKitPeer;
  let office: MockOffice;
  let browser: Browser;
  let meeting: MockMeeting;
  let ada: Visit;
  let ole: Visit;

  beforeAll(async () => {
    livekit = await LiveKitPeer.start(peers ?? '');
    office = furnish(await MockOffice.start());
    office.signedIn = false;
    // The client also asks over HTTP whether the server is there.
    office.media = `${livekit.media.url} ${livekit.media.url.replace('ws', 'http')}`;
    browser = await launch({ devices: true });
    meeting = new MockMeeting(livekit.media).open(office);
    meeting.role = 'guest';
    [ada, ole] = [await visit(browser, office.origin), await visit(browser, office.origin)];
    for (const { context, page } of [ada, ole]) {
      await watchConnections(context);
      await meeting.serve(page);
    }
  }, START_MS);

  afterAll(async () => {
    await browser?.close();
    await office?.stop();
    await livekit?.stop();
  });

  const join = async (page: Page, name: string) => {
    await page.goto('/besprechung#gut');
    await page.locator('input[name=name]').fill(name);
    await page.getByRole('button', { name: 'Mikrofon einschalten' }).click();
    await page.getByRole('button', { name: 'Kamera einschalten' }).click();
    await page.getByRole('button', { name: 'Beitreten' }).click();
    await page.getByRole('button', { name: 'Kamera ausschalten' }).waitFor({ timeout: MEDIA_MS });
  };
  const faults = () => [...ole.faults, ...ada.faults].join('\n');
  const seat = (page: Page, name: string) => page.locator('.fa-seat').filter({ hasText: name });
  const both = (wanted: { frames: number; timeoutMs: number }) =>
    Promise.all([hearsAndSees(ada.page, wanted), hearsAndSees(ole.page, wanted)]);

  it(
    'two see each other’s moving pictures and hear each other’s tone',
    async () => {
      await Promise.all([join(ada.page, 'Ada Krüger'), join(ole.page, 'Ole Jensen')]);
      await both({ frames: FRAMES, timeoutMs: MEDIA_MS });
      await seat(ada.page, 'Ole Jensen').locator('video').waitFor();
      await picture(ada.page, 'besprechung-zu-zweit', false);
    },
    STORY_MS,
  );

  it(
    'who switches off is no longer seen and heard, and the others see that',
    async () => {
      await ole.page.keyboard.press('m');
      await ole.page.keyboard.press('k');
      await seat(ada.page, 'Ole Jensen').getByLabel('Mikrofon aus').waitFor({ timeout: MEDIA_MS });
      await seat(ada.page, 'Ole Jensen').locator('video').waitFor({ state: 'detached' });
      const { frames } = await received(ada.page);
      await ole.page.keyboard.press('m');
      await ole.page.keyboard.press('k');
      await expect
        .poll(async () => (await received(ada.page)).frames, { timeout: MEDIA_MS })
        .toBeGreaterThan(frames);
    },
    STORY_MS,
  );

  it(
    'a shown screen stands large before the other',
    async () => {
      await ole.page.keyboard.press('b');
      await ada.page
        .locator('.fa-seat--large.fa-seat--screen video')
        .waitFor({ timeout: MEDIA_MS });
      await picture(ada.page, 'besprechung-bildschirm', false);
      await ole.page.keyboard.press('b');
      await ada.page.locator('.fa-seat--screen').waitFor({ state: 'detached', timeout: MEDIA_MS });
    },
    STORY_MS,
  );

  it(
    'a line that is cut for ten seconds comes back by itself, with camera and microphone on',
    async () => {
      expect(faults()).toBe('');
      await ole.context.setOffline(true);
      await meeting.cut();
      await ole.page.locator('.fa-notice--warning').waitFor();
      await ole.page.waitForTimeout(CUT_MS);
      await ole.context.setOffline(false);
      await ole.page
        .locator('.fa-notice--warning')
        .waitFor({ state: 'detached', timeout: MEDIA_MS });
      await both({ frames: FRAMES, timeoutMs: MEDIA_MS });
      await ole.page.getByRole('button', { name: 'Kamera ausschalten' }).waitFor();
      // Chromium reports what could not be reached, and how often the client asked depends on the moment of the cut.
      for (const visit of [ole, ada]) visit.faults.length = 0;
    },
    STORY_MS,
  );

  it(
    'who leaves is gone from the stage, and camera and microphone are off',
    async () => {
      await ole.page.getByRole('button', { name: 'Besprechung verlassen' }).click();
      await ole.page.getByRole('button', { name: 'Verlassen', exact: true }).click();
      await ole.page.getByText('Sie haben die Besprechung verlassen').waitFor();
      expect(await received(ole.page)).toEqual({ frames: 0, energy: 0, videos: 0 });
      expect(faults()).toBe('');
    },
    STORY_MS,
  );
});
