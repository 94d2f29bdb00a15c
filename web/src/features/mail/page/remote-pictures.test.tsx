import { i18n } from '@lingui/core';
import { I18nProvider } from '@lingui/react';
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CLOSED, RulesContext } from '../guard/rules.ts';
import { MailFault } from '../model.ts';
import { FakeMail } from './mail.fixture.ts';
import { MailPage } from './mail-page.tsx';

// Drawing lists takes jsdom seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const GIF = Uint8Array.from(
  atob('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'),
  (char) => char.charCodeAt(0),
);
const FIRST = 'https://bild.example/a.png';
const SECOND = 'https://bild.example/b.png';
const HTML = `<p>Neu</p><img src="${FIRST}"><img src="${SECOND}"><img src="https://zaehler.example/t.gif" width="1">`;

let root: Root;
let mail: FakeMail;

const settled = (then: () => unknown = () => undefined) => act(async () => void (await then()));
const text = () => document.body.textContent ?? '';
const frame = () => document.querySelector<HTMLIFrameElement>('iframe.fa-mail__html');
const drawn = () => frame()?.srcdoc.match(/<img/g)?.length ?? 0;
const asked = () => mail.told.filter((one) => one.startsWith('picture'));
const button = (name: string) =>
  [...document.querySelectorAll('button')].find((one) => one.textContent === name);

async function until(holds: () => boolean): Promise<void> {
  await vi.waitFor(async () => {
    await settled();
    expect(holds(), text()).toBe(true);
  });
}

async function show(hash: string): Promise<void> {
  history.replaceState(null, '', `/${hash}`);
  await settled(() =>
    root.render(
      <I18nProvider i18n={i18n}>
        <RulesContext value={{ ...CLOSED, attachments: true }}>
          <MailPage key={hash} mail={mail} />
        </RulesContext>
      </I18nProvider>,
    ),
  );
}

async function open(): Promise<void> {
  await show('#/f/inbox/t/t');
  await until(() => Boolean(frame()?.srcdoc));
}

async function press(name: string): Promise<void> {
  await until(() => button(name) !== undefined);
  await settled(() => button(name)?.click());
}

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  // jsdom has none, and the names here need no escaping.
  vi.stubGlobal('CSS', { escape: (name: string) => name });
  i18n.loadAndActivate({ locale: 'de', messages: {} });
  mail = new FakeMail(Date.now());
  mail.add({ id: 'a', threadId: 't', body: { html: HTML } });
  root = createRoot(document.body.appendChild(document.createElement('div')));
});

afterEach(async () => {
  await settled(() => root.unmount());
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

describe('pictures from elsewhere', () => {
  it('are not offered where nobody fetches them, and are once somebody does', async () => {
    await open();
    expect(text()).toContain('3 Bilder aus dem Internet wurden nicht geladen.');
    expect(button('Bilder laden')).toBeUndefined();
    mail.fetches = true;
    await settled(() => mail.changed());
    await until(() => button('Bilder laden') !== undefined);
    expect(asked()).toEqual([]);
  });

  it('come when somebody asks, without those that nobody should see, and only this time', async () => {
    mail.fetches = true;
    mail.elsewherePictures.set(FIRST, GIF).set(SECOND, GIF);
    await open();
    expect(text()).toContain('Bilder aus dem Internet wurden nicht geladen.');
    expect(text()).toContain('Der Absender kann so erfahren, dass die Nachricht gelesen wurde');
    expect([drawn(), asked()]).toEqual([0, []]);
    await press('Bilder laden');
    await until(() => drawn() === 2);
    expect(frame()?.srcdoc).not.toContain('example');
    expect(frame()?.srcdoc).toContain('img-src data:;');
    await until(() => text().includes('Die Bilder sind geladen, nur für dieses Mal.'));
    expect(document.activeElement?.textContent).toContain('Die Bilder sind geladen');
    expect(asked()).toEqual([`picture a ${FIRST}`, `picture a ${SECOND}`]);
    await show('#/f/inbox');
    await until(() => frame() === null);
    await open();
    expect([drawn(), button('Bilder laden') !== undefined]).toEqual([0, true]);
  });

  it('that cannot be had are told, and alone asked for again', async () => {
    mail.fetches = true;
    mail.elsewherePictures.set(FIRST, GIF);
    await open();
    await press('Bilder laden');
    await until(() => text().includes('Ein Bild konnte nicht geladen werden.'));
    expect(drawn()).toBe(1);
    mail.fault = new MailFault('offline');
    await press('Noch einmal versuchen');
    await until(() => text().includes('Der Server ist gerade nicht zu erreichen.'));
    mail.fault = null;
    mail.elsewherePictures.set(SECOND, GIF);
    await press('Noch einmal versuchen');
    await until(() => drawn() === 2);
    expect(asked().filter((one) => one.endsWith(FIRST))).toHaveLength(1);
  });

  it('wait for another time once the server fetches no more for the person', async () => {
    mail.fetches = true;
    await open();
    mail.fault = new MailFault('spent');
    await press('Bilder laden');
    await until(() => text().includes('Der Server holt für Sie gerade keine weiteren Bilder.'));
    expect(text()).not.toContain('nicht zu erreichen');
    mail.fault = null;
    mail.elsewherePictures.set(FIRST, GIF).set(SECOND, GIF);
    await press('Noch einmal versuchen');
    await until(() => drawn() === 2);
  });

  it('are not offered again where a message has had all that it may', async () => {
    mail.fetches = true;
    const many = Array.from(
      { length: 120 },
      (_, at) => `<img src="https://bild.example/${at}.png">`,
    );
    mail.add({ id: 'm', threadId: 'many', body: { html: many.join('') } });
    await show('#/f/inbox/t/many');
    await until(() => Boolean(frame()?.srcdoc));
    await press('Bilder laden');
    await until(() => text().includes('Von dieser Nachricht werden keine weiteren geladen.'));
    expect(asked()).toHaveLength(100);
    expect(button('Noch einmal versuchen')).toBeUndefined();
  });

  it('say how far they are, and stop when somebody has enough', async () => {
    mail.fetches = true;
    await open();
    let go = () => undefined as unknown;
    mail.gate = new Promise<void>((done) => {
      go = done;
    });
    await press('Bilder laden');
    await until(() => text().includes('Bilder werden geladen: 0 von 2.'));
    await press('Nicht weiter laden');
    await settled(go);
    await until(() => text().includes('2 Bilder konnten nicht geladen werden.'));
    expect(drawn()).toBe(0);
  });
});
