import { describe, expect, it } from 'vitest';
import { byFolder, byLastUse, search, type Target } from './targets.ts';

const target = (name: string, more: Partial<Target> = {}): Target => ({
  id: name,
  name,
  kind: 'web',
  folder: '',
  icon: '',
  description: '',
  health: 'ok',
  ...more,
});

describe('targets', () => {
  it('stand with the last used first, then by name', () => {
    const sorted = byLastUse([
      target('Bau'),
      target('Zeit', { last_used_on: '2026-11-02' }),
      target('Archiv'),
      target('Kasse', { last_used_on: '2026-11-20' }),
    ]);
    expect(sorted.map(({ name }) => name)).toEqual(['Kasse', 'Zeit', 'Archiv', 'Bau']);
  });

  it('are found by every word, in any case and without accents', () => {
    const all = [
      target('Bürgerbüro', { description: 'Pässe und Meldewesen' }),
      target('Straßenbau', { folder: 'Technik' }),
    ];
    expect(search(all, 'burger PASSE').map(({ name }) => name)).toEqual(['Bürgerbüro']);
    expect(search(all, 'strassen technik').map(({ name }) => name)).toEqual(['Straßenbau']);
    expect(search(all, 'nichts')).toEqual([]);
  });

  it('without a heading stand before those with one', () => {
    const folders = byFolder([target('A', { folder: 'Finanzen' }), target('B'), target('C')]);
    expect(folders.map(({ name, targets }) => [name, targets.length])).toEqual([
      ['', 2],
      ['Finanzen', 1],
    ]);
  });
});
