import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { killAll, processTree } from '../process-tree.ts';
import { freePort } from '../served-office.ts';
import { heard, type OtherBrowser, told, type Wire } from './wire.ts';

const driver = process.env.FERNAMT_WEBKIT_DRIVER ?? '/usr/bin/WebKitWebDriver';
const SCREEN = 'Xvfb';
const START_MS = 30_000;
const SCRIPT_MS = 60_000;
/** What a page does not take in this time, it does not take. */
const COMMAND_MS = 90_000;
/** How WebDriver names an element in JSON. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

/** WebKitGTK's own browser for tests comes with the library. */
const miniBrowser = existsSync('/usr/lib')
  ? readdirSync('/usr/lib')
      .map((folder) => `/usr/lib/${folder}/webkit2gtk-4.1/MiniBrowser`)
      .find((path) => existsSync(path))
  : undefined;

/** Why there is no WebKitGTK to test with, if so. */
export const noWebKit =
  miniBrowser && existsSync(driver)
    ? undefined
    : 'no WebKitGTK here: install the package `webkit2gtk-driver`';

/** Debian's WebKitGTK behind its WebDriver. It keeps nothing on the disk while it is driven. */
export class WebKit implements OtherBrowser {
  /** Its driver tells none. */
  readonly faults: string[] = [];
  #tabs = 0;

  private constructor(
    private readonly webdriver: ChildProcess,
    private readonly screen: ChildProcess,
    private readonly ask: Ask,
    private readonly session: string,
    readonly version: string,
  ) {}

  static async start(): Promise<WebKit> {
    const [screen, display] = await startScreen();
    const port = await freePort();
    const webdriver = spawn(driver, ['-p', String(port)], {
      stdio: 'ignore',
      env: { ...process.env, DISPLAY: display, LANGUAGE: 'de', TZ: 'Europe/Berlin' },
    });
    try {
      const ask = asking(port);
      await answered(ask, webdriver);
      type Session = { sessionId: string; capabilities: { browserVersion: string } };
      const { sessionId, capabilities } = await ask<Session>('POST', '/session', {
        capabilities: {
          alwaysMatch: {
            acceptInsecureCerts: true,
            'webkitgtk:browserOptions': { binary: miniBrowser, args: ['--automation'] },
          },
        },
      });
      const session = `/session/${sessionId}`;
      await ask('POST', `${session}/timeouts`, { script: SCRIPT_MS });
      await ask('POST', `${session}/window/rect`, { x: 0, y: 0, width: 1280, height: 900 });
      return new WebKit(webdriver, screen, ask, session, capabilities.browserVersion);
    } catch (error) {
      await ended(webdriver, screen);
      throw error;
    }
  }

  async newTab(): Promise<Wire> {
    const handle = this.#tabs === 0 ? await this.#first() : await this.#another();
    this.#tabs += 1;
    // Each command is for the tab that was chosen last.
    const here = async <T>(path: string, body: object = {}): Promise<T> => {
      await this.#in('/window', { handle });
      return this.#in<T>(path, body);
    };
    return {
      goto: (url) => here('/url', { url }),
      reload: () => here('/refresh'),
      front: () => here('/window', { handle }),
      value: async (expression) => {
        const script = `const done = arguments[0];
          ${told(expression)}.then((text) => done({ text }), (error) => done({ error: String(error) }));`;
        type Done = { text?: string; error?: string };
        const { text, error } = await here<Done>('/execute/async', { script, args: [] });
        if (error) throw new Error(error);
        return heard(text);
      },
      perform: (actions) => here('/actions', { actions }),
      attach: async (expression, path) => {
        const script = `return ${expression}`;
        const found = await here<Record<string, string>>('/execute/sync', { script, args: [] });
        await this.#in(`/element/${found[ELEMENT]}/value`, { text: path });
      },
    };
  }

  #first(): Promise<string> {
    return this.ask('GET', `${this.session}/window`);
  }

  /** A window: what is behind another tab is not drawn, and no input reaches it. */
  async #another(): Promise<string> {
    return (await this.#in<{ handle: string }>('/window/new', { type: 'window' })).handle;
  }

  async close(): Promise<void> {
    await ended(this.webdriver, this.screen);
  }

  #in<T>(path: string, body: object): Promise<T> {
    return this.ask<T>('POST', this.session + path, body);
  }
}

type Ask = <T>(method: string, path: string, body?: object) => Promise<T>;

function asking(port: number): Ask {
  return async <T>(method: string, path: string, body?: object) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(COMMAND_MS),
    });
    const { value } = (await response.json()) as { value: { error?: string; message?: string } };
    if (!response.ok) throw new Error(`${path}: ${value.error}: ${value.message}`);
    return value as T;
  };
}

/** The driver tells nobody that it listens, so it is asked until it answers. */
async function answered(ask: Ask, webdriver: ChildProcess): Promise<void> {
  const until = Date.now() + START_MS;
  for (;;) {
    const is = await ask('GET', '/status').catch((error: unknown) => String(error));
    if (typeof is !== 'string') return;
    if (webdriver.exitCode !== null || Date.now() > until) {
      throw new Error(`WebKitWebDriver does not answer: ${is}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A screen that nobody looks at. */
async function startScreen(): Promise<[ChildProcess, string]> {
  const args = ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'];
  const screen = spawn(SCREEN, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const number = await new Promise<string>((resolve, reject) => {
    (screen.stdio[3] as Readable).once('data', (said) => resolve(String(said).trim()));
    screen.once('error', reject);
    screen.once('exit', (code) => reject(new Error(`Xvfb ended with ${code}`)));
  });
  return [screen, `:${number}`];
}

/** Some of the browser's processes outlive the driver. */
async function ended(webdriver: ChildProcess, screen: ChildProcess): Promise<void> {
  const trees = [webdriver, screen].flatMap(({ pid }) => (pid ? processTree(pid) : []));
  await killAll(trees);
}
