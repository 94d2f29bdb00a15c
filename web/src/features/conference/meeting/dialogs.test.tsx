import { i18n } from '@lingui/core';
import { I18nProvider } from '@lingui/react';
import { act, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EndDialog, GuessedAlert, LeaveDialog } from './dialogs.tsx';
import { emptyMeeting } from './model.ts';

// The dialogs come with much code, and the first to render pays for it.
vi.setConfig({ testTimeout: 30_000 });

const place = document.body.appendChild(document.createElement('div'));
const nothing = () => undefined;

/** All that the page says with this on it. */
function said(children: ReactNode): string {
  const root = createRoot(place);
  act(() => root.render(<I18nProvider i18n={i18n}>{children}</I18nProvider>));
  const text = document.body.textContent ?? '';
  act(() => root.unmount());
  return text;
}

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  // The test's page has no styles.
  vi.stubGlobal('CSS', { escape: String });
  i18n.loadAndActivate({ locale: 'de', messages: {} });
});
afterEach(() => vi.unstubAllGlobals());

describe('what one is asked before the end', () => {
  it('calls a lecture a lecture, and a meeting a meeting', () => {
    for (const [kind, name, other] of [
      ['lecture', 'Vortrag', 'Besprechung'],
      ['meeting', 'Besprechung', 'Vortrag'],
    ] as const) {
      for (const moderate of [true, false]) {
        const facts = { kind } as NonNullable<typeof emptyMeeting.facts>;
        const view = { facts, may: { ...emptyMeeting.may, moderate } };
        const open = { isOpen: true, onClose: nothing, view };
        for (const text of [
          said(<LeaveDialog {...open} onLeave={nothing} onEndForAll={nothing} />),
          said(<EndDialog {...open} onEnd={async () => true} />),
          said(<GuessedAlert lecture={kind === 'lecture'} onRenew={nothing} />),
        ]) {
          expect(text).toContain(name);
          expect(text).not.toContain(other);
        }
      }
    }
  });
});
