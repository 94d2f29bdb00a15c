import { describe, expect, it } from 'vitest';
import { arrange, galleryCapacity, gridOf, type TileView } from './arrange.ts';
import { tile } from './tile.fixture.ts';

const many = Array.from({ length: 30 }, (_, index) => tile(`p${index}`));
const ids = (tiles: readonly TileView[]) => tiles.map(({ id }) => id);
const wishes = {
  tiles: many,
  layout: 'gallery' as const,
  pinned: null,
  heard: [],
  page: 0,
  perPage: 9,
};

describe('the stage', () => {
  it('takes the grid in which the tiles are largest', () => {
    expect(gridOf(2, { width: 1600, height: 900 }).columns).toBe(2);
    expect(gridOf(2, { width: 360, height: 600 })).toMatchObject({ columns: 1, rows: 2 });
    expect(gridOf(9, { width: 1600, height: 900 })).toMatchObject({ columns: 3, rows: 3 });
    // On a phone a tile may be wider than high, so that its sides do not stay empty.
    expect(gridOf(4, { width: 347, height: 630 }).tile.width).toBeGreaterThan(260);
    expect(gridOf(1, { width: 347, height: 630 }).tile).toMatchObject({
      width: 347,
      height: 347 / 1.2,
    });
  });

  it('never makes a tile stick out', () => {
    for (let count = 1; count <= 25; count += 1) {
      for (const size of [
        { width: 360, height: 520 },
        { width: 1280, height: 640 },
        { width: 900, height: 900 },
      ]) {
        const { columns, rows, tile } = gridOf(count, size);
        expect(columns * rows).toBeGreaterThanOrEqual(count);
        expect(tile.width * columns + 8 * (columns - 1)).toBeLessThanOrEqual(size.width + 0.01);
        expect(tile.height * rows + 8 * (rows - 1)).toBeLessThanOrEqual(size.height + 0.01);
      }
    }
  });

  it('shows no more than can be recognised and decoded', () => {
    expect(galleryCapacity({ width: 340, height: 480 })).toBeLessThanOrEqual(10);
    expect(galleryCapacity({ width: 3_800, height: 2_100 })).toBe(25);
  });

  it('turns the pages and stays within them', () => {
    expect(arrange({ ...wishes, page: 3 })).toMatchObject({ page: 3, pages: 4 });
    expect(arrange({ ...wishes, page: 99 }).page).toBe(3);
    expect(arrange({ ...wishes, page: 99 }).rest).toHaveLength(3);
  });

  it('brings who speaks to the first page, and leaves the others where they are', () => {
    const { rest } = arrange({ ...wishes, heard: ['p20'] });
    expect(ids(rest)).toEqual(['p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7', 'p20']);
    const every = [0, 1, 2, 3].flatMap((page) =>
      ids(arrange({ ...wishes, heard: ['p20'], page }).rest),
    );
    expect(new Set(every).size).toBe(30);
  });

  it('shows the one who spoke last large, never oneself while others are there', () => {
    const tiles = [tile('me', { own: true }), tile('a'), tile('b')];
    const speaker = { ...wishes, tiles, layout: 'speaker' as const };
    expect(ids(arrange({ ...speaker, heard: ['me', 'b', 'a'] }).focus)).toEqual(['b']);
    expect(ids(arrange(speaker).focus)).toEqual(['a']);
    expect(ids(arrange({ ...speaker, tiles: [tile('me', { own: true })] }).focus)).toEqual(['me']);
  });

  it('shows a shared screen large, and what the person pinned before all', () => {
    const tiles = [tile('a'), tile('b'), tile('b-screen', { kind: 'screen', identity: 'b' })];
    const presentation = { ...wishes, tiles, layout: 'presentation' as const };
    expect(ids(arrange(presentation).focus)).toEqual(['b-screen']);
    expect(ids(arrange({ ...presentation, pinned: 'a' }).focus)).toEqual(['a']);
    expect(ids(arrange({ ...presentation, pinned: 'gone' }).focus)).toEqual(['b-screen']);
  });
});
