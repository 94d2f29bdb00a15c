import { readdirSync, readFileSync } from 'node:fs';
import type { BrowserContext, Page } from 'playwright-core';
import { launchKept } from './browser.ts';
import { killAll, processTree } from './process-tree.ts';

/** Chromium with a profile of its own, which can be killed as a power cut does it and started again. */
export class KilledBrowser {
  private constructor(
    private readonly profile: string,
    readonly context: BrowserContext,
    readonly page: Page,
  ) {}

  static async start(profile: string, patienceMs: number): Promise<KilledBrowser> {
    const context = await launchKept(profile);
    context.setDefaultTimeout(patienceMs);
    const page = await context.newPage();
    await page.setViewportSize({ width: 1280, height: 800 });
    return new KilledBrowser(profile, context, page);
  }

  /** SIGKILL to all of its processes at once; nothing is flushed, nobody is asked. */
  async kill(): Promise<void> {
    const closed = new Promise((resolve) => this.context.once('close', resolve));
    await killAll(processTree(leader(this.profile)));
    await closed;
  }

  /** As its person closes it. */
  async close(): Promise<void> {
    await this.context.close();
  }
}

/** The process that all others of a profile come from. */
function leader(profile: string): number {
  for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    try {
      const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
      const isOurs = words.includes(`--user-data-dir=${profile}`);
      if (isOurs && !words.some((word) => word.startsWith('--type='))) return Number(name);
    } catch {
      // It has just ended.
    }
  }
  throw new Error(`no browser runs in ${profile}`);
}
