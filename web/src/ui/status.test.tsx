import { i18n } from '@lingui/core';
import { I18nProvider } from '@lingui/react';
import { createElement } from 'react';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';
import { beforeAll, describe, expect, it } from 'vitest';
import { announce, StatusRegion } from './status.tsx';

const shown = () =>
  [...document.querySelectorAll('.fa-toast__row .fa-grow')].map((title) => title.textContent);

const say = (...news: Parameters<typeof announce>) => flushSync(() => announce(...news));

describe('the status region', () => {
  beforeAll(() => {
    i18n.loadAndActivate({ locale: 'de', messages: {} });
    const place = document.body.appendChild(document.createElement('div'));
    flushSync(() =>
      createRoot(place).render(createElement(I18nProvider, { i18n }, createElement(StatusRegion))),
    );
  });

  it('shows the latest news only, and keeps the two latest faults', () => {
    say('success', 'Gespeichert');
    say('success', 'Umbenannt');
    expect(shown()).toEqual(['Umbenannt']);
    say('danger', 'Fehler 1');
    say('danger', 'Fehler 2');
    say('danger', 'Fehler 3');
    say('success', 'Entfernt');
    expect(shown()).toEqual(['Fehler 2', 'Fehler 3', 'Entfernt']);
  });
});
