import { i18n } from '@lingui/core';
import { I18nProvider } from '@lingui/react';
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Dialog } from '../../../../../ui/dialog.tsx';
import { PdfView } from './pdf-view.tsx';

vi.mock('./open-pdf.ts', () => ({ openPdf: async () => ({ pages: 3, close: () => {} }) }));
vi.mock('./pdf-page.tsx', () => ({ PdfPageView: () => null }));

let root: Root;

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  vi.stubGlobal('CSS', { escape: (name: string) => name });
  // jsdom scrolls nothing.
  Element.prototype.scrollTo = () => {};
  i18n.loadAndActivate({ locale: 'de', messages: {} });
  root = createRoot(document.body.appendChild(document.createElement('div')));
});

afterEach(() => {
  act(() => root.unmount());
  vi.unstubAllGlobals();
});

async function show(): Promise<void> {
  await act(async () =>
    root.render(
      <I18nProvider i18n={i18n}>
        <Dialog title="Plan.pdf" isOpen onClose={() => {}}>
          <input id="beside" autoFocus={isElsewhere} />
          <PdfView bytes={new Uint8Array()} onFailure={() => {}} />
        </Dialog>
      </I18nProvider>,
    ),
  );
  await vi.waitFor(() => expect(page()).not.toBeUndefined());
}

let isElsewhere = false;
const page = () => document.querySelector<HTMLInputElement>('.fa-pdf__number')?.value;
const press = (key: string) =>
  act(async () => {
    document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  });

it('turns its pages by keys as soon as it is there', async () => {
  isElsewhere = false;
  await show();
  expect(page()).toBe('1');
  await press('PageDown');
  expect(page()).toBe('2');
  await press('End');
  expect(page()).toBe('3');
});

it('takes the focus from nobody who is at something else', async () => {
  isElsewhere = true;
  await show();
  expect(document.activeElement?.id).toBe('beside');
  await press('PageDown');
  expect(page()).toBe('1');
});
