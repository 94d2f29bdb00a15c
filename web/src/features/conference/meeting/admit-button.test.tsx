import { i18n } from '@lingui/core';
import { I18nProvider } from '@lingui/react';
import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AdmitButton } from './admit-button.tsx';
import type { Act, Guest } from './wire.ts';

const guest = (seat: string): Guest => ({
  seat,
  name: seat,
  guest: true,
  by_pin: false,
  since: '2026-11-23T09:00:00Z',
});

const place = document.body.appendChild(document.createElement('div'));
const root = createRoot(place);
let acts: Act[] = [];
const onAct = async (one: Act) => {
  acts.push(one);
  return true;
};
const show = (...seats: string[]) =>
  act(() =>
    root.render(
      <I18nProvider i18n={i18n}>
        <AdmitButton lobby={seats.map(guest)} onAct={onAct} />
      </I18nProvider>,
    ),
  );
const press = () => act(() => place.querySelector('button')?.click());
const pass = (ms: number) => act(() => vi.advanceTimersByTime(ms));

describe('the button that lets people in', () => {
  beforeEach(() => {
    vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
    vi.useFakeTimers();
    i18n.loadAndActivate({ locale: 'de', messages: {} });
    acts = [];
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('lets nobody in who came as it was pressed', () => {
    show('ines');
    pass(1_000);
    show('ines', 'stranger');
    press();
    expect(acts).toEqual([]);
    expect(place.querySelector('button')?.getAttribute('aria-disabled')).toBe('true');
    pass(999);
    press();
    expect(acts).toEqual([]);
  });

  it('lets in exactly those who are shown, once they could be read', () => {
    show('ines', 'ole');
    pass(1_000);
    press();
    expect(acts).toEqual([
      { act: 'admit', seat: 'ines' },
      { act: 'admit', seat: 'ole' },
    ]);
  });

  it('keeps the focus while it waits', () => {
    show('ines');
    pass(1_000);
    act(() => place.querySelector('button')?.focus());
    show('ines', 'stranger');
    expect(document.activeElement).toBe(place.querySelector('button'));
  });
});
