import { i18n } from '@lingui/core';
import { I18nProvider } from '@lingui/react';
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FakeMail } from '../features/mail/page/mail.fixture.ts';
import type { KeptTimes } from '../features/mail/store/kept-times.ts';
import { USUAL_TIMES } from '../features/mail/store/sync-times.ts';
import TimesDialog from './times-dialog.tsx';

vi.setConfig({ testTimeout: 60_000 });

let root: Root;

beforeEach(() => {
  root = createRoot(document.body.appendChild(document.createElement('div')));
});
afterEach(() => {
  act(() => root.unmount());
  vi.unstubAllGlobals();
});

async function show(mayNotice: boolean): Promise<void> {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  // jsdom has none, and the names here need no escaping.
  vi.stubGlobal('CSS', { escape: (name: string) => name });
  vi.stubGlobal('Notification', { permission: 'granted' });
  i18n.loadAndActivate({ locale: 'de', messages: {} });
  const times = { times: { ...USUAL_TIMES, notices: true } } as KeptTimes;
  await act(async () =>
    root.render(
      <I18nProvider i18n={i18n}>
        <TimesDialog
          times={times}
          mail={new FakeMail(0)}
          mayNotice={mayNotice}
          onClose={() => {}}
        />
      </I18nProvider>,
    ),
  );
}

it('names folders as the page does', async () => {
  await show(true);
  await vi.waitFor(async () => {
    await act(async () => {});
    const named = [...document.querySelectorAll('label')].map((one) => one.textContent);
    expect(named).toEqual(expect.arrayContaining(['Posteingang', 'Gesendet', 'Winterdienst']));
    expect(named).not.toContain('inbox');
  });
});

it.each([true, false])('offers notices where the administration allows them: %s', async (may) => {
  await show(may);
  await vi.waitFor(async () => {
    await act(async () => {});
    const box = document.querySelector<HTMLInputElement>('input[name=notices]');
    expect([box?.checked, box?.disabled]).toEqual([may, !may]);
  });
  expect(document.body.textContent?.includes('Ihre Verwaltung hat das ausgeschaltet.')).toBe(!may);
});
