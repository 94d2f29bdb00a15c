import { i18n } from '@lingui/core';
import { I18nProvider } from '@lingui/react';
import { renderToStaticMarkup } from 'react-dom/server';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TileView } from './arrange.ts';
import { tile } from './tile.fixture.ts';
import { Tile } from './tile.tsx';

const erika = tile('a', { name: 'Erika (Moderation)' });
function drawn(more: Partial<TileView>): HTMLElement {
  const place = document.createElement('div');
  place.innerHTML = renderToStaticMarkup(
    <I18nProvider i18n={i18n}>
      <Tile tile={{ ...erika, ...more }} />
    </I18nProvider>,
  );
  return place;
}
const labels = (place: HTMLElement) =>
  [...place.querySelectorAll('[aria-label]')].map((one) => one.getAttribute('aria-label'));

describe('a tile', () => {
  beforeAll(() => i18n.loadAndActivate({ locale: 'de', messages: {} }));

  it('marks guests and who leads beside the name, which is cut where it is long', () => {
    const guest = drawn({ guest: true, role: 'guest' });
    expect(guest.querySelector('.fa-seat__name')?.textContent).toBe('Erika (Moderation)');
    expect(guest.querySelector('.fa-seat__plate > .fa-mark')?.textContent).toBe('Gast');
    expect(labels(guest)).not.toContain('Moderation');
    expect(labels(drawn({ role: 'cohost' }))).toContain('Moderation');
    expect(labels(drawn({ role: 'host' }))).toContain('Gastgeber/in');
    expect(drawn({ guest: true, kind: 'screen' }).querySelector('.fa-mark')).not.toBeNull();
  });

  it('says what does not come here, and why where that is known', () => {
    const text = (more: Partial<TileView>) => drawn(more).textContent;
    expect(text({ noPicture: 'format' })).toContain('Ihr Browser kann dieses Bild nicht');
    expect(text({ noPicture: 'unknown' })).toContain('Das Bild kommt hier nicht an');
    expect(text({ noSound: 'format' })).toContain('Ton hier nicht abspielbar');
    expect(text({ noSound: 'unknown' })).toContain('Ton kommt nicht an');
    expect(text({})).not.toMatch(/Bild|Ton/);
  });
});
