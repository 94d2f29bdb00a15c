import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { launchKept } from '../support/browser.ts';
import { ContainerPage } from '../support/container-page.ts';
import type { Scenes } from '../support/container-scenes.ts';
import { profileBytes, wordsIn } from '../support/profile-scan.ts';

const WORDS = Array.from({ length: 40 }, (_, index) => `Wolkenbruchplan${index}x`);
const PASSPHRASE = 'Lindenflussgeheimnis-27';

/** What the page offers, called by name. */
function act<Name extends keyof Scenes>(
  page: Page,
  name: Name,
  ...given: Parameters<Scenes[Name]>
): Promise<Awaited<ReturnType<Scenes[Name]>>> {
  return page.evaluate(
    ([name, given]) => {
      const { scenes } = globalThis as unknown as {
        scenes: Record<string, (...all: unknown[]) => unknown>;
      };
      return scenes[name as string]?.(...(given as unknown[]));
    },
    [name, given] as const,
  ) as Promise<Awaited<ReturnType<Scenes[Name]>>>;
}

test('the container seals, unlocks, locks all tabs and is wiped, in a browser under our policy', async () => {
  await inProfile('production', async ({ origin }, context, faults) => {
    const page = await opened(context, origin);
    await act(page, 'create', PASSPHRASE);
    await act(page, 'plant', WORDS);

    const other = await opened(context, origin);
    expect(await act(other, 'state')).toBe('locked');
    expect((await act(other, 'unlock', `${PASSPHRASE}!`)).fault).toBe('wrong_passphrase');
    expect((await act(other, 'unlock', PASSPHRASE)).fault).toBeNull();
    const all = WORDS.length;
    expect(await act(other, 'recall', WORDS)).toEqual({ records: all, hits: all, file: all });
    expect(await act(other, 'onDisk')).toEqual({
      databases: ['fernamt-container'],
      files: ['fernamt-container'],
      localStorage: 0,
    });

    await act(page, 'lock');
    await expect.poll(() => act(other, 'readFault')).toBe('locked');
    await act(page, 'unlock', PASSPHRASE);
    await page.reload();
    await page.waitForFunction('globalThis.scenes');
    expect(await act(page, 'state')).toBe('locked');
    expect((await act(page, 'unlock', PASSPHRASE)).fault).toBeNull();

    await act(other, 'wipe');
    await expect.poll(() => act(page, 'state')).toBe('none');
    // The page's look at its state opens an empty database anew.
    expect((await act(page, 'onDisk')).files).toEqual([]);
    expect((await act(page, 'unlock', PASSPHRASE)).fault).toBe('no_container');
    expect(faults).toEqual([]);
  });
});

test('a profile holds none of the words, and all of them where a test build leaves encryption out', async () => {
  const found = await Promise.all([wordsLeftBy('production'), wordsLeftBy('container-in-clear')]);
  expect(found).toEqual([[], WORDS]);
});

// `cargo xtask bench mail` asks for it, and says where the figures go.
test.runIf(process.env.OFFLINE_SEARCH)(
  'how long the search takes',
  async () => {
    await inProfile('production', async ({ origin }, context) => {
      const page = await opened(context, origin);
      await act(page, 'create', PASSPHRASE);
      const filled = await act(page, 'fillSearch', Number(process.env.OFFLINE_SEARCH));
      await page.reload();
      await page.waitForFunction('globalThis.scenes');
      const { fault, ms: unlockedMs } = await act(page, 'unlock', PASSPHRASE);
      expect(fault).toBeNull();
      const figures = { ...filled, unlockedMs, ...(await act(page, 'measureSearch')) };
      expect(figures.cases.every(({ hits }) => hits > 0)).toBe(true);
      await writeFile(process.env.FIGURES ?? '/dev/stdout', JSON.stringify(figures));
    });
  },
  1_200_000,
);

/** Which of the words can be read in the folder of a profile after its browser ended, in UTF-8 or UTF-16. */
async function wordsLeftBy(mode: 'production' | 'container-in-clear'): Promise<string[]> {
  let disk: Buffer[] = [];
  await inProfile(
    mode,
    async ({ origin }, context) => {
      const page = await opened(context, origin);
      await act(page, 'create', PASSPHRASE);
      await act(page, 'plant', WORDS);
      await act(page, 'recall', WORDS);
    },
    async (profile) => {
      disk = await profileBytes(profile);
    },
  );
  expect(wordsIn(disk, [PASSPHRASE])).toEqual([]);
  return wordsIn(disk, WORDS);
}

async function inProfile(
  mode: 'production' | 'container-in-clear',
  story: (page: ContainerPage, context: BrowserContext, faults: string[]) => Promise<void>,
  afterwards: (profile: string) => Promise<void> = async () => {},
): Promise<void> {
  const profile = await mkdtemp(join(tmpdir(), 'fernamt-e2e-'));
  const server = await ContainerPage.start(mode);
  const context = await launchKept(profile);
  const faults: string[] = [];
  context.on('weberror', (error) => faults.push(String(error.error())));
  context.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  try {
    await story(server, context, faults);
    await context.close();
    await afterwards(profile);
  } finally {
    await context.close();
    await server.stop();
    await rm(profile, { recursive: true, force: true });
  }
}

async function opened(context: BrowserContext, origin: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(origin);
  await page.waitForFunction('globalThis.scenes');
  return page;
}
