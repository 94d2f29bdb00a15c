import { describe, expect, it } from 'vitest';
import { changesOf, excerpts, listPart, merged, type Part } from './merge.ts';

type Values = { name: string; from: string; to: string; people: string[]; notify: boolean };

const before: Values = { name: 'Lage', from: '08:00', to: '09:00', people: ['Anna'], notify: true };
const parts: Part<Values>[] = [
  { label: 'Titel', fields: ['name'], text: ({ name }) => name },
  { label: 'Zeit', fields: ['from', 'to'], text: ({ from, to }) => `${from}–${to}` },
  { label: 'Wer', fields: ['people'], text: ({ people }) => people.join(', ') },
];
const labels = (versions: Parameters<typeof changesOf<Values>>[0]) =>
  changesOf(versions, parts).map(({ part, disputed }) => [part.label, disputed]);

describe('two who change the same entry', () => {
  it('keeps what each of them changed', () => {
    const theirs = { ...before, to: '10:00' };
    const mine = { ...before, name: 'Lage am Deich', notify: false };
    const versions = { before, theirs, mine };
    expect(labels(versions)).toEqual([['Zeit', false]]);
    expect(merged(versions, parts, () => false)).toEqual({
      ...before,
      name: 'Lage am Deich',
      to: '10:00',
      notify: false,
    });
  });

  it('asks where both changed the same, a part as a whole', () => {
    const theirs = { ...before, name: 'Lage neu', from: '07:00', people: ['Anna', 'Karl'] };
    const mine = { ...before, name: 'Lage am Deich', to: '11:00' };
    const versions = { before, theirs, mine };
    expect(labels(versions)).toEqual([
      ['Titel', true],
      ['Zeit', true],
      ['Wer', false],
    ]);
    expect(merged(versions, parts, () => false)).toEqual({ ...mine, people: ['Anna', 'Karl'] });
    expect(merged(versions, parts, ({ label }) => label === 'Zeit')).toEqual({
      ...theirs,
      name: 'Lage am Deich',
    });
  });

  it('puts lists together entry by entry and asks for none of it', () => {
    const before = { ids: ['a', 'b', 'c'] };
    const lists = [listPart<typeof before>('Personen', 'ids', (id) => id.toUpperCase())];
    const theirs = { ids: ['a', 'c', 'd'] };
    const versions = { before, theirs, mine: { ids: ['b', 'c', 'd', 'e'] } };
    const entries = { added: ['D'], gone: ['B'] };
    expect(changesOf(versions, lists)).toEqual([{ part: lists[0], disputed: false, entries }]);
    expect(merged(versions, lists, () => false)).toEqual({ ids: ['c', 'd', 'e'] });
    expect(merged({ before, theirs, mine: before }, lists, () => false)).toEqual(theirs);
  });

  it('shows long texts from where they part', () => {
    const same = 'gleich '.repeat(10);
    expect(excerpts([`${same}alt`, `${same}neu`, 'kurz'], 12)).toEqual([
      'gleich gleic…',
      'gleich gleic…',
      'kurz',
    ]);
    expect(excerpts([`${same}alt`, `${same}neu und mehr`], 24)).toEqual([
      '…leich gleich gleich alt',
      '…leich gleich gleich neu …',
    ]);
    expect(excerpts(['alt', 'neu'], 12)).toEqual(['alt', 'neu']);
  });

  it('has nothing to ask where both made the same change', () => {
    const both = { ...before, name: 'Lage neu' };
    expect(labels({ before, theirs: both, mine: both })).toEqual([]);
    expect(merged({ before, theirs: both, mine: both }, parts, () => true)).toEqual(both);
  });
});
