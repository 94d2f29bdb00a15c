import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ContainerStory, PLANTED } from '../support/container-story.ts';
import { Firefox, noFirefox } from '../support/drivers/firefox.ts';
import { Tab } from '../support/drivers/tab.ts';
import { noWebKit, WebKit } from '../support/drivers/webkit.ts';
import type { OtherBrowser } from '../support/drivers/wire.ts';
import { leftInFirefox } from '../support/firefox-profile.ts';
import { keepPlainly, PLAIN, PlainPage } from '../support/plain-page.ts';
import { TlsOffice } from '../support/tls-office.ts';

const STORY_MS = 240_000;
const isFull = Boolean(process.env.FERNAMT_FULL);

const BROWSERS = [
  { name: 'Firefox ESR', missing: noFirefox, start: (profile: string) => Firefox.start(profile) },
  { name: 'WebKitGTK', missing: noWebKit, start: () => WebKit.start() },
];

/** Where it is demanded, a browser that is missing fails its story. */
const isSkipped = (name: string, missing: string | undefined) => {
  if (missing) console.log(`SKIPPED: the container in ${name}: ${missing}`);
  return missing !== undefined && process.env.FERNAMT_PEERS !== 'required';
};

for (const { name, missing, start } of BROWSERS) {
  describe.skipIf(isSkipped(name, missing))(`the container in ${name}`, () => {
    let office: TlsOffice;
    let browser: OtherBrowser;
    let folder: string;
    let profile: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'fernamt-e2e-'));
      profile = join(folder, 'profile');
      [office, browser] = await Promise.all([TlsOffice.start(), start(profile)]);
    });
    afterAll(async () => {
      await browser?.close();
      await office?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    it(
      'holds mail that is sent, read and found, opens to its passphrase alone and leaves no word',
      async () => {
        const story = await ContainerStory.begin({ browser, office, name: 'erika', folder });
        const has = await story.tab.run(() => ({
          workers: 'serviceWorker' in navigator,
          locks: 'locks' in navigator,
          folders: typeof navigator.storage?.getDirectory === 'function',
        }));
        console.log(`${name} ${browser.version}: ${JSON.stringify(has)}`);
        await story.send();
        await story.read();
        await story.search();
        await story.lock();
        await story.failToUnlock();
        await story.unlock();
        await story.tab.reload();
        await story.unlock();
        await story.read();
        if (isFull) {
          await story.lockFromOtherTab();
          await story.visitWithoutServer();
          await story.unlock();
          await story.workWithoutServer();
        }
        expect(browser.faults).toEqual([]);
        if (!(browser instanceof Firefox)) return;
        const found = () => leftInFirefox(profile, Object.values(PLANTED));
        await cacheIsWritten(profile);
        expect(await found()).toEqual([]);
        await browser.close();
        expect(await found()).toEqual([]);
      },
      STORY_MS,
    );
  });
}

it.skipIf(noFirefox && process.env.FERNAMT_PEERS !== 'required')(
  'all words are found in a profile of Firefox where a page keeps them plainly',
  async () => {
    const profile = await mkdtemp(join(tmpdir(), 'fernamt-e2e-'));
    const [browser, page] = await Promise.all([Firefox.start(profile), PlainPage.start()]);
    try {
      const tab = new Tab(await browser.newTab());
      await tab.goto(page.url);
      await tab.run(keepPlainly, PLAIN);
      await tab.goto('about:blank');
      await cacheIsWritten(profile);
      await browser.close();
      const words = Object.values(PLAIN);
      const left = await leftInFirefox(profile, words);
      expect(new Set(left.map(({ word }) => word))).toEqual(new Set(words));
    } finally {
      await browser.close();
      await page.stop();
      await rm(profile, { recursive: true, force: true });
    }
  },
);

/** Firefox keeps what came over the line in memory at first, and writes it down some seconds later. */
async function cacheIsWritten(profile: string): Promise<void> {
  const entries = () => readdir(join(profile, 'cache2', 'entries')).catch(() => []);
  await expect.poll(entries, { timeout: 30_000 }).not.toEqual([]);
}
