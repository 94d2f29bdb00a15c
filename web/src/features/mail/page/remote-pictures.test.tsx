import { i18n } from '@lingui/core';
import { I18nProvider } from '@lingui/react';
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StatusRegion } from '../../../ui/status.tsx';
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
  await settled(() => {
    button(name)?.focus();
    button(name)?.click();
  });
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
  vi.useRealTimers();
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

  it('leave whoever writes meanwhile where they are, and are told to readers', async () => {
    mail.fetches = true;
    mail.elsewherePictures.set(FIRST, GIF).set(SECOND, GIF);
    await open();
    const status = createRoot(document.body.appendChild(document.createElement('div')));
    await settled(() =>
      status.render(
        <I18nProvider i18n={i18n}>
          <StatusRegion />
        </I18nProvider>,
      ),
    );
    const note = document.body.appendChild(document.createElement('input'));
    let go = () => undefined as unknown;
    mail.gate = new Promise<void>((done) => {
      go = done;
    });
    await press('Bilder laden');
    note.focus();
    await settled(go);
    await until(() => drawn() === 2);
    expect(document.activeElement).toBe(note);
    const told = document.querySelector('[role=status].fa-toasts')?.textContent;
    expect(told).toContain('Die Bilder sind geladen');
    await settled(() => status.unmount());
  });

  it('are not asked for again where that would change nothing, and say what is missing besides', async () => {
    mail.fetches = true;
    mail.pictureFault = 'malware';
    mail.elsewherePictures.set(FIRST, GIF);
    await open();
    await press('Bilder laden');
    await until(() => text().includes('Ein Bild konnte nicht geladen werden.'));
    expect(text()).toContain('In einem davon steckt Schadsoftware.');
    expect(text()).toContain('Ein weiteres gehört zur Gestaltung oder zählt nur, wer liest');
    expect(button('Noch einmal versuchen')).toBeUndefined();
  });

  it('that come unencrypted are left out where they are not allowed', async () => {
    mail.fetches = true;
    mail.encryptedOnly = true;
    mail.elsewherePictures.set(FIRST, GIF);
    const html = `<img src="${FIRST}"><img src="http://bild.example/c.png">`;
    mail.add({ id: 'u', threadId: 'u', body: { html } });
    await show('#/f/inbox/t/u');
    await until(() => text().includes('Ein Bild bleibt weg, weil es unverschlüsselt käme'));
    await press('Bilder laden');
    await until(() => text().includes('Die Bilder sind geladen, nur für dieses Mal.'));
    expect(text()).toContain('Ein Bild bleibt weg, weil es unverschlüsselt käme');
    expect(asked()).toEqual([`picture u ${FIRST}`]);
    expect(button('Noch einmal versuchen')).toBeUndefined();
  });

  it('are not offered in spam', async () => {
    mail.fetches = true;
    mail.add({ id: 's', threadId: 's', mailboxIds: ['junk'], body: { html: HTML } });
    await show('#/f/junk/t/s');
    await until(() => text().includes('3 Bilder aus dem Internet wurden nicht geladen.'));
    expect(text()).toContain('Diese Nachricht liegt im Spam');
    expect(button('Bilder laden')).toBeUndefined();
  });

  it.each([
    [0, '2 Bilder konnten nicht geladen werden.'],
    [500, '2 Bilder wurden nicht geladen.'],
  ])(
    'say how far they are, and stop when somebody has enough, not by a double press: %s ms',
    async (ms, said) => {
      mail.fetches = true;
      await open();
      let go = () => undefined as unknown;
      mail.gate = new Promise<void>((done) => {
        go = done;
      });
      vi.useFakeTimers({ toFake: ['Date'] });
      await press('Bilder laden');
      await until(() => text().includes('Bilder werden geladen: 0 von 2.'));
      expect(document.activeElement?.tagName).toBe('DIV');
      expect(document.activeElement?.textContent).toContain('Bilder werden geladen');
      vi.setSystemTime(Date.now() + ms);
      await press('Nicht weiter laden');
      await settled(go);
      await until(() => text().includes(said));
      expect(drawn()).toBe(0);
    },
  );
});
