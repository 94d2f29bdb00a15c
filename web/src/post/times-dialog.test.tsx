import { i18n } from '@lingui/core';
import { I18nProvider } from '@lingui/react';
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FakeMail } from '../features/mail/page/mail.fixture.ts';
import type { KeptTimes } from '../features/mail/store/kept-times.ts';
import { type SyncTimes, USUAL_TIMES } from '../features/mail/store/sync-times.ts';
import type { PushOutcome, PushState } from './push/push.ts';
import TimesDialog from './times-dialog.tsx';

vi.setConfig({ testTimeout: 60_000 });

let root: Root;
let asked: number;
let permission: NotificationPermission;

beforeEach(() => {
  root = createRoot(document.body.appendChild(document.createElement('div')));
  asked = 0;
  permission = 'granted';
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  // jsdom has none, and the names here need no escaping.
  vi.stubGlobal('CSS', { escape: (name: string) => name });
  vi.stubGlobal('Notification', {
    permission: 'default',
    requestPermission: async () => {
      asked += 1;
      return permission;
    },
  });
  i18n.loadAndActivate({ locale: 'de', messages: {} });
});

afterEach(() => {
  act(() => root.unmount());
  vi.unstubAllGlobals();
});

it('names folders as the page does', async () => {
  await shown('possible');
  await eventually(() => {
    const named = [...document.querySelectorAll('label')].map((one) => one.textContent);
    expect(named).toEqual(expect.arrayContaining(['Posteingang', 'Gesendet', 'Winterdienst']));
    expect(named).not.toContain('inbox');
  });
});

it.each([
  ['possible', false, 'Push-Dienst Ihres Browsers'],
  ['unsupported', true, 'Startbildschirm'],
  ['denied', true, 'in seinen Einstellungen'],
  ['off', true, 'Ihre Verwaltung'],
  ['unknown', true, 'nicht zu erreichen'],
] as const)('says of a push service that is %s what there is to say', async (state, off, words) => {
  await shown(state);
  await eventually(() => {
    expect(box().disabled).toBe(off);
    expect(document.querySelector('#feld-push-hint')?.textContent).toContain(words);
  });
  expect(asked).toBe(0);
});

it('asks for the permission where somebody saves, and keeps what became of it', async () => {
  const one = await shown('possible');
  await eventually(() => expect(box().disabled).toBe(false));
  await act(async () => box().click());
  expect(asked).toBe(0);
  await save();
  await eventually(() => expect(one.chosen).toHaveLength(1));
  expect(asked).toBe(1);
  expect(one.kept.map(({ push }) => push)).toEqual([true]);
  expect(one.chosen[0]).toMatchObject({ push: true, notices: false });
});

it('does not begin where the browser or the administration refuses', async () => {
  permission = 'denied';
  const one = await shown('possible');
  await eventually(() => expect(box().disabled).toBe(false));
  await act(async () => box().click());
  await save();
  await eventually(() => expect(one.chosen).toHaveLength(1));
  expect([one.kept, one.chosen[0]?.push]).toEqual([[], false]);

  act(() => root.unmount());
  root = createRoot(document.body.appendChild(document.createElement('div')));
  permission = 'granted';
  const other = await shown('possible', USUAL_TIMES, 'not_named');
  await eventually(() => expect(box().disabled).toBe(false));
  await act(async () => box().click());
  await save();
  await eventually(() => expect(other.chosen).toHaveLength(1));
  expect(other.chosen[0]?.push).toBe(false);
});

it('ends it also where nothing could begin, and says on as long as the server may tell', async () => {
  const on = { ...USUAL_TIMES, push: true };
  const one = await shown('denied', on, 'no_line');
  await eventually(() => expect(box().disabled).toBe(false));
  await act(async () => box().click());
  await save();
  await eventually(() => expect(one.chosen).toHaveLength(1));
  expect(one.kept.map(({ push }) => push)).toEqual([false]);
  expect(one.chosen[0]?.push).toBe(true);
});

it.each([true, false])('offers notices where the administration allows them: %s', async (may) => {
  await shown('possible', { ...USUAL_TIMES, notices: true }, 'done', null, may);
  await eventually(() => {
    const notices = document.querySelector<HTMLInputElement>('input[name=notices]');
    expect([notices?.checked, notices?.disabled]).toEqual([may, !may]);
  });
  expect(document.body.textContent?.includes('Ihre Verwaltung hat das ausgeschaltet.')).toBe(!may);
});

it('says until when this device is told, or that it is not at the moment', async () => {
  const on = { ...USUAL_TIMES, push: true };
  const hint = () => document.querySelector('#feld-push-hint')?.textContent ?? '';
  await shown('possible', on);
  await eventually(() => expect(hint()).toContain('beim nächsten Öffnen'));
  act(() => root.unmount());
  root = createRoot(document.body.appendChild(document.createElement('div')));
  await shown('possible', on, 'done', '2026-11-24T19:30:00');
  await eventually(() => expect(hint()).toMatch(/Zur Zeit bis Dienstag.*19:30/));
});

it('ends what the server tells without being wanted here', async () => {
  const one = await shown('possible', USUAL_TIMES, 'done', '2026-11-24T19:30:00Z');
  await eventually(() => expect(box().disabled).toBe(false));
  await save();
  await eventually(() => expect(one.chosen).toHaveLength(1));
  expect(one.kept.map(({ push }) => push)).toEqual([false]);
});

/** The dialog, and what it has kept and chosen. */
async function shown(
  state: PushState,
  kept: SyncTimes = USUAL_TIMES,
  outcome: PushOutcome = 'done',
  until: string | null = null,
  mayNotice = true,
) {
  const seen = { kept: [] as SyncTimes[], chosen: [] as SyncTimes[] };
  const times = {
    times: kept,
    choose: async (wanted: SyncTimes) => void seen.chosen.push(wanted),
  } as unknown as KeptTimes;
  const push = {
    look: async () => ({ state, until }),
    keep: async (wanted: SyncTimes) => {
      seen.kept.push(wanted);
      return outcome;
    },
  };
  await act(async () =>
    root.render(
      <I18nProvider i18n={i18n}>
        <TimesDialog
          times={times}
          push={push}
          mail={new FakeMail(0)}
          mayNotice={mayNotice}
          onClose={() => {}}
        />
      </I18nProvider>,
    ),
  );
  await eventually(() => box());
  return seen;
}

function box(): HTMLInputElement {
  const found = document.querySelector<HTMLInputElement>('#feld-push');
  if (!found) throw new Error('there is no such box yet');
  return found;
}

async function save(): Promise<void> {
  await act(async () =>
    document.querySelector<HTMLButtonElement>('button[type="submit"]')?.click(),
  );
}

async function eventually(holds: () => unknown): Promise<void> {
  await vi.waitFor(async () => {
    await act(async () => {});
    holds();
  });
}
