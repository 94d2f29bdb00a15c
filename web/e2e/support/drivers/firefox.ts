import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Bidi } from './bidi.ts';
import { heard, type OtherBrowser, told, type Wire } from './wire.ts';

const program = process.env.FERNAMT_FIREFOX ?? '/usr/bin/firefox-esr';

/** Why there is no Firefox to test with, if so. */
export const noFirefox = existsSync(program)
  ? undefined
  : 'no Firefox here: install the package `firefox-esr`';

/** Nothing but our own origins is reached, and nothing is asked of the person. */
const preferences = {
  'network.proxy.type': 1,
  'network.proxy.http': '127.0.0.1',
  'network.proxy.http_port': 9,
  'network.proxy.ssl': '127.0.0.1',
  'network.proxy.ssl_port': 9,
  'network.proxy.no_proxies_on': 'localhost, .localhost, 127.0.0.1',
  'intl.accept_languages': 'de-DE, de',
  'browser.aboutwelcome.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.page': 0,
  'datareporting.policy.dataSubmissionEnabled': false,
  'toolkit.telemetry.reportingpolicy.firstRun': false,
};

type Evaluated = {
  type: 'success' | 'exception';
  result?: { type: string; value?: unknown; sharedId?: string };
  exceptionDetails?: { text: string };
};

type Entry = { type: string; level: string; text: string | null };

/** Debian's Firefox, with a profile that stays in this folder; it speaks WebDriver BiDi itself. */
export class Firefox implements OtherBrowser {
  private constructor(
    private readonly process: ChildProcess,
    private readonly bidi: Bidi,
    readonly version: string,
    readonly faults: string[],
  ) {}

  static async start(profile: string): Promise<Firefox> {
    await mkdir(profile, { recursive: true });
    const lines = Object.entries(preferences).map(
      ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
    );
    await writeFile(join(profile, 'user.js'), lines.join(''));
    const args = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port=0'];
    const firefox = spawn(program, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, TZ: 'Europe/Berlin' },
    });
    const url = await new Promise<string>((resolve, reject) => {
      createInterface({ input: firefox.stderr }).on('line', (line) => {
        const [, url] = /WebDriver BiDi listening on (ws:\S+)/.exec(line) ?? [];
        if (url) resolve(url);
      });
      firefox.once('exit', (code) => reject(new Error(`Firefox ended with ${code}`)));
    });
    const bidi = await Bidi.open(`${url}/session`);
    type Session = { capabilities: { browserVersion: string } };
    const { capabilities } = await bidi.ask<Session>('session.new', {
      capabilities: { alwaysMatch: { acceptInsecureCerts: true } },
    });
    const faults: string[] = [];
    await bidi.on<Entry>('log.entryAdded', ({ type, level, text }) => {
      if (type === 'javascript' && level === 'error') faults.push(text ?? 'an error without words');
    });
    return new Firefox(firefox, bidi, capabilities.browserVersion, faults);
  }

  async newTab(): Promise<Wire> {
    const { bidi } = this;
    const { context } = await bidi.ask<{ context: string }>('browsingContext.create', {
      type: 'tab',
    });
    const evaluate = async (expression: string) => {
      const evaluated = await bidi.ask<Evaluated>('script.evaluate', {
        expression,
        target: { context },
        awaitPromise: true,
      });
      if (evaluated.result) return evaluated.result;
      throw new Error(evaluated.exceptionDetails?.text);
    };
    return {
      goto: async (url) => {
        await bidi.ask('browsingContext.navigate', { context, url, wait: 'complete' });
      },
      reload: async () => {
        await bidi.ask('browsingContext.reload', { context, wait: 'complete' });
      },
      front: async () => {
        await bidi.ask('browsingContext.activate', { context });
      },
      value: async (expression) => heard((await evaluate(told(expression))).value),
      perform: async (actions) => {
        await bidi.ask('input.performActions', { context, actions });
      },
      attach: async (expression, path) => {
        const { sharedId } = await evaluate(expression);
        await bidi.ask('input.setFiles', { context, element: { sharedId }, files: [path] });
      },
    };
  }

  async close(): Promise<void> {
    if (this.process.exitCode !== null) return;
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    // The line may break before the answer comes.
    this.bidi.ask('browser.close').catch(() => undefined);
    await ended;
  }
}
