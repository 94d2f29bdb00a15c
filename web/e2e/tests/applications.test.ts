import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Application, careless, hostile } from '../support/applications.ts';
import { launch, picture, type Visit, visit } from '../support/browser.ts';
import { call } from '../support/call.ts';
import { ServedOffice } from '../support/served-office.ts';
import { passSignIn, signIn } from '../support/sign-in.ts';

const START_MS = 60_000;
/** Long enough for whatever a page might still send. */
const SILENCE_MS = 300;

type People = { items: { id: string }[] };

/**
 * An application full of holes and a hostile one stand next to each other behind the proxy. Each attempt is made by the
 * hostile application's own page in Chromium; each has a counterpart that succeeds, so that a broken attempt shows.
 */
describe('web applications behind the proxy', () => {
  let browser: Browser;
  let office: ServedOffice;
  let akten: Application;
  let spiel: Application;
  let visiting: Visit;
  /** The main site, with the administrator signed in: the one whose power is worth stealing. */
  let main: Page;
  /** The careless application's page. */
  let victim: Page;
  /** The hostile application's page behind the proxy, a neighbour of both. */
  let neighbour: Page;
  /** The hostile application's page on the open internet: another site altogether. */
  let stranger: Page;
  let max: string;

  beforeAll(async () => {
    [browser, akten, spiel] = await Promise.all([launch(), careless(), hostile()]);
    office = await ServedOffice.startFurnished([akten.port, spiel.port]);
    visiting = await visit(browser, office.origin);
    main = visiting.page;
    await signIn(main, office.person('ada'));
    for (const [label, { port }] of Object.entries({ akten, spiel })) {
      const settings = { kind: 'web', label, tls: false };
      await call(main, 'POST', '/admin/targets', {
        name: label,
        host: '127.0.0.1',
        port,
        settings,
      });
    }
    const people = await call<People>(main, 'GET', '/admin/people?q=max');
    max = people.items[0]?.id ?? '';
  }, START_MS);
  afterAll(async () => {
    await browser?.close();
    await office?.stop();
    await Promise.all([akten?.stop(), spiel?.stop()]);
  });

  const open = async (address: string) => {
    const page = await visiting.context.newPage();
    await page.goto(address);
    return page;
  };
  const strangerAt = (host: string) => `http://${host}:${spiel.port}/`;
  const stateOfMax = async () =>
    (await call<{ state: string }>(main, 'GET', `/admin/people/${max}`)).state;

  it('cannot be reached before sign-in, however the request is made', async () => {
    const { context, page } = await visit(browser, office.origin);
    await page.goto(`${office.app('akten')}/?q=<script>document.title="Loch"</script>`);
    await page.locator('input[name=name]').waitFor();
    expect(new URL(page.url()).host).toBe(new URL(office.origin).host);
    await page.goto(strangerAt('fremd.localhost'));
    await submitForm(page, `${office.app('akten')}/transfer`);
    await page
      .getByRole('heading', { name: 'Diese Anfrage kam von einer fremden Seite' })
      .waitFor();
    await page.goto(strangerAt('fremd.localhost'));
    expect(await openSocket(page, `${office.app('akten')}/socket`)).toBe('refused');
    expect(await request(page, `${office.app('akten')}/transfer`, { mode: 'no-cors' })).not.toBe(
      'failed',
    );
    expect(akten.requests).toEqual([]);

    // The hole is really there for whoever gets past the door.
    await page.goto(`${office.app('akten')}/?q=<script>document.title="Loch"</script>`);
    await passSignIn(page, office.person('karl'));
    await page.getByRole('heading', { name: 'Akten' }).waitFor();
    expect(await page.title()).toBe('Loch');
    expect(await page.getByText('karl').count()).toBe(1);
    await context.close();
  });

  it('keep their cookies to themselves', async () => {
    victim = await open(`${office.app('akten')}/login`);
    await victim.goto(`${office.app('akten')}/`);
    expect(await text(victim, '/cookies')).toBe('sid=geheim; farbe=gruen');
    expect(await cookiesOf(victim)).toBe('farbe=gruen');

    const before = spiel.requests.length;
    neighbour = await open(`${office.app('spiel')}/`);
    await neighbour.reload();
    const seen = await cookiesOf(neighbour);
    expect(seen).toContain('eigen=ja');
    expect(seen).not.toMatch(/geheim|gruen|__Host-/);
    const received = spiel.requests.slice(before).map(({ cookie }) => cookie);
    expect(received.join()).toContain('eigen=ja');
    expect(received.join()).not.toMatch(/geheim|gruen|__Host-/);

    for (const address of [`${office.app('akten')}/cookies`, `${office.origin}/api/v1/session`]) {
      expect(await request(neighbour, address, { credentials: 'include' })).toBe('failed');
    }
    expect(await request(victim, '/cookies', {})).toBe('200');
    expect(await request(main, '/api/v1/session', {})).toBe('200');
  });

  it('cannot set cookies for others from the server', async () => {
    const planted = () =>
      visiting.context
        .cookies()
        .then((all) => all.filter(({ value }) => value === 'vom-server'))
        .then((ours) => ours.map(({ name, domain }) => `${name} ${domain}`).sort());
    const own = 'spiel.fernamt.localhost';
    expect(await planted()).toEqual([`__Secure-fernamt ${own}`, `sid ${own}`, `sid ${own}`]);

    // Past the proxy the very same answers do plant them, for every host below ours.
    await (await open(strangerAt('direkt.fernamt.localhost'))).close();
    expect(await planted()).toContain('sid .fernamt.localhost');
    expect(await cookiesOf(victim)).toContain('sid=vom-server');
    // And still nobody takes them for their own.
    expect(await text(victim, '/cookies')).toBe('sid=geheim; farbe=gruen');
    expect(await request(main, '/api/v1/session', {})).toBe('200');
  });

  it('cannot set cookies for others from their pages', async () => {
    const before = await ourCookies(visiting);
    await neighbour.evaluate(() => {
      for (const line of [
        'sid=geworfen; Domain=fernamt.localhost; Path=/',
        'sid=geworfen; Domain=fernamt.localhost; Path=/cookies',
        'farbe=geworfen; Domain=fernamt.localhost; Path=/',
        '__Host-fernamt=geworfen; Path=/; Secure',
        '__Host-fernamt=geworfen; Path=/; Secure; Domain=fernamt.localhost',
        '__host-fernamt=geworfen; Path=/; Secure; Domain=fernamt.localhost',
        '=__Host-fernamt=geworfen; Path=/; Secure; Domain=fernamt.localhost',
        '__Host-fernamt-app=geworfen; Path=/; Secure',
        '__Host-fernamt-app=geworfen; Path=/; Secure; Domain=fernamt.localhost',
        '__Host-fernamt-app-state=geworfen; Path=/; Secure; Domain=fernamt.localhost',
      ]) {
        // biome-ignore lint/suspicious/noDocumentCookie: this is the attack
        document.cookie = line;
      }
    });
    // The browser lets a page write into the parent's jar, so the attempt is real …
    expect(await cookiesOf(victim)).toContain('sid=geworfen');
    expect(await cookiesOf(main)).toContain('sid=geworfen');
    // … but our names stay ours, and no application is handed what it did not set itself.
    expect(await ourCookies(visiting)).toEqual(before);
    expect(await cookiesOf(main)).not.toContain('__Host-');
    expect(await text(victim, '/cookies')).toBe('sid=geheim; farbe=gruen');
    for (const page of [main, victim, neighbour]) await page.reload();
    expect(await request(main, '/api/v1/session', {})).toBe('200');
    await victim.getByRole('heading', { name: 'Akten' }).waitFor();
    await neighbour.getByRole('heading', { name: 'Gewinnspiel' }).waitFor();
  });

  it('cannot take the cookies of others away', async () => {
    const before = await ourCookies(visiting);
    await (await open(`${office.app('spiel')}/clear`)).close();
    expect(await ourCookies(visiting)).toEqual(before);
    expect(await text(victim, '/cookies')).toBe('sid=geheim; farbe=gruen');
  });

  describe.each(['a neighbour', 'a stranger'])('%s', (who) => {
    let page: Page;
    const home = () =>
      who === 'a neighbour' ? `${office.app('spiel')}/` : strangerAt('fremd.localhost');
    beforeAll(async () => {
      stranger ??= await open(strangerAt('fremd.localhost'));
      page = who === 'a neighbour' ? neighbour : stranger;
    });

    it('cannot make the browser act in somebody’s name at the main site', async () => {
      const disable = `${office.origin}/api/v1/admin/people/${max}/disable`;
      for (const init of [
        { method: 'POST', mode: 'no-cors', credentials: 'include' },
        { method: 'POST', mode: 'cors', credentials: 'include' },
        { method: 'POST', mode: 'no-cors', credentials: 'include', referrerPolicy: 'no-referrer' },
        { method: 'DELETE', mode: 'cors', credentials: 'include' },
      ] as const) {
        await request(page, disable, init);
      }
      expect(await page.evaluate((to) => navigator.sendBeacon(to, ''), disable)).toBe(true);
      expect(await request(page, `${office.origin}/api/v1/session`, { method: 'DELETE' })).toBe(
        'failed',
      );
      const refused = page.waitForResponse(disable);
      await submitForm(page, disable);
      expect((await refused).status()).toBe(403);
      await page.goto(home());
      await page.waitForTimeout(SILENCE_MS);
      expect(await stateOfMax()).toBe('active');
    });

    it('cannot make the browser act in somebody’s name at an application', async () => {
      const transfer = `${office.app('akten')}/transfer`;
      const before = akten.count('/transfer');
      for (const method of ['GET', 'POST'] as const) {
        await request(page, transfer, { method, mode: 'no-cors', credentials: 'include' });
      }
      await request(page, transfer, { method: 'PUT', credentials: 'include' });
      expect(await loadInto(page, 'img', transfer)).toBe('error');
      expect(await loadInto(page, 'script', `${office.app('akten')}/data.js`)).toBe('error');
      await submitForm(page, transfer);
      await page
        .getByRole('heading', { name: 'Diese Anfrage kam von einer fremden Seite' })
        .waitFor();
      await page.getByRole('link', { name: 'Anwendung öffnen' }).waitFor();
      if (who === 'a neighbour') await picture(page, 'office-anwendung-fremde-anfrage');
      await page.goto(home());
      await page.waitForTimeout(SILENCE_MS);
      expect(akten.count('/transfer')).toBe(before);
      expect(akten.count('/data.js')).toBe(0);
    });

    it('cannot open a WebSocket anywhere', async () => {
      const sockets = akten.count('/socket');
      for (const address of [`${office.app('akten')}/socket`, desktopSocket()]) {
        expect(await openSocket(page, address)).toBe('refused');
      }
      expect(akten.count('/socket')).toBe(sockets);
    });

    it('cannot put the main site or an application into a frame', async () => {
      for (const address of [`${office.origin}/`, `${office.app('akten')}/`]) {
        expect(await frame(page, address)).toBe('chrome-error://chromewebdata/');
      }
      expect(await frame(page, home())).toBe(home());
    });

    it('keeps no hold on a window it opens', async () => {
      for (const address of [`${office.origin}/hilfe`, `${office.app('akten')}/`]) {
        const popup = await popUp(page, address);
        expect(await popup.evaluate(() => window.opener === null)).toBe(true);
        await expect.poll(() => holds(page)).toBe(false);
        await popup.close();
      }
    });
  });

  it('own pages may do what strangers may not', async () => {
    expect(await openSocket(victim, '/socket')).toBe('open');
    expect(await openSocket(main, desktopSocket())).toBe('open');
    expect(await request(victim, '/transfer', { method: 'POST' })).toBe('200');
    expect(akten.count('/transfer')).toBe(1);
    expect(await loadInto(victim, 'script', `${office.app('akten')}/data.js`)).toBe('load');
    expect(await frame(victim, `${office.app('akten')}/`)).toBe(`${office.app('akten')}/`);
    const popup = await popUp(stranger, strangerAt('fremd.localhost'));
    expect(await popup.evaluate(() => window.opener === null)).toBe(false);
    expect(await holds(stranger)).toBe(true);
    await popup.close();
    await call(main, 'POST', `/admin/people/${max}/disable`);
    expect(await stateOfMax()).toBe('disabled');
    // Past the proxy the same answer takes them all, so this comes last.
    await (await open(`${strangerAt('direkt.fernamt.localhost')}clear`)).close();
    expect((await ourCookies(visiting)).filter((cookie) => !cookie.includes('vom-'))).toEqual([]);
  });

  const desktopSocket = () => `${office.origin}/api/v1/desktop?ticket=geraten`;
});

const cookiesOf = (page: Page) => page.evaluate(() => document.cookie);

const text = (page: Page, path: string) =>
  page.evaluate((from) => fetch(from).then((answer) => answer.text()), path);

/** The cookies that only we may set, wherever they lie. */
async function ourCookies({ context }: Visit): Promise<string[]> {
  const all = await context.cookies();
  return all
    .filter(({ name, value }) => /^__Host-/i.test(name) || /__Host-/i.test(value))
    .filter(({ domain, httpOnly }) => httpOnly || domain !== 'spiel.fernamt.localhost')
    .map(({ name, domain, value }) => `${name}=${value} ${domain}`)
    .sort();
}

/** What a page's script learns of a request: its status, nothing, or not even that. */
function request(page: Page, address: string, init: RequestInit): Promise<string> {
  return page.evaluate(
    async ([to, how]) => {
      try {
        const answer = await fetch(to, how);
        return answer.type === 'opaque' ? 'opaque' : String(answer.status);
      } catch {
        return 'failed';
      }
    },
    [address, init] as const,
  );
}

function openSocket(page: Page, address: string): Promise<string> {
  return page.evaluate(
    (to) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(to);
        socket.onopen = () => resolve('open');
        socket.onerror = () => resolve('refused');
      }),
    address,
  );
}

/** Sends a form by itself, as a hostile page does while it is looked at. */
async function submitForm(page: Page, address: string): Promise<void> {
  const gone = page.waitForNavigation({ url: address });
  await page.evaluate((to) => {
    const form = document.createElement('form');
    form.method = 'post';
    form.action = to;
    form.enctype = 'text/plain';
    document.body.append(form);
    form.submit();
  }, address);
  await gone;
}

function loadInto(page: Page, tag: 'img' | 'script', address: string): Promise<string> {
  return page.evaluate(
    ([name, from]) =>
      new Promise<string>((resolve) => {
        const element = document.createElement(name);
        element.onload = () => resolve('load');
        element.onerror = () => resolve('error');
        element.src = from;
        document.body.append(element);
      }),
    [tag, address] as const,
  );
}

/** Where a frame has really arrived. */
async function frame(page: Page, address: string): Promise<string> {
  const element = await page.evaluateHandle(
    (to) =>
      new Promise<HTMLIFrameElement>((resolve) => {
        const inner = document.createElement('iframe');
        inner.onload = () => resolve(inner);
        inner.src = to;
        document.body.append(inner);
      }),
    address,
  );
  const url = (await element.asElement()?.contentFrame())?.url() ?? '';
  await element.evaluate((inner) => inner.remove());
  return url;
}

/** Opens a window and keeps it in a variable, as a page does that means to use it. */
async function popUp(page: Page, address: string): Promise<Page> {
  const [popup] = await Promise.all([
    page.context().waitForEvent('page'),
    page.evaluate((to) => {
      (globalThis as { popup?: Window | null }).popup = window.open(to);
    }, address),
  ]);
  await popup.waitForURL(address);
  return popup;
}

/** Whether the page still holds the window it opened. */
const holds = (page: Page) =>
  page.evaluate(() => (globalThis as { popup?: Window | null }).popup?.closed === false);
