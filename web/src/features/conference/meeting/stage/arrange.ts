import type { Failure } from '../media/failures.ts';
import type { Picture, Quality } from '../media/seats.ts';
import type { Role } from '../wire.ts';

export type Layout = 'gallery' | 'speaker' | 'presentation';

/** One picture on the stage: somebody, or a screen that somebody shows. */
export type TileView = {
  id: string;
  kind: 'person' | 'screen';
  identity: string;
  name: string;
  guest: boolean;
  role: Role;
  own: boolean;
  picture: Picture | null;
  /** What is sent is encrypted with a key that is not here. */
  unreadable: boolean;
  /** It is sent and does not come here. */
  noPicture: Failure | null;
  noSound: Failure | null;
  microphone: 'none' | 'muted' | 'on';
  speaking: boolean;
  quality: Quality;
  hand: boolean;
};

export type Size = { width: number; height: number };

export type Grid = { columns: number; rows: number; tile: Size };

export type Arrangement = {
  /** What fills the stage; empty in the gallery. */
  focus: readonly TileView[];
  /** The others: the gallery, or the strip beside the focus. */
  rest: readonly TileView[];
  page: number;
  pages: number;
};

type Wishes = {
  tiles: readonly TileView[];
  layout: Layout;
  /** The tile that the person pinned. */
  pinned: string | null;
  /** Who spoke lately, the latest first. */
  heard: readonly string[];
  page: number;
  /** So many tiles fit on one page of the gallery, or into the strip. */
  perPage: number;
};

const RATIO = 16 / 9;
/** On a phone held upright faces may be as high as this, and cameras give it. */
const RATIO_ON_PHONE = 6 / 5;
const GAP = 8;
/** Smaller than this, nobody is recognised. */
const LEAST_WIDTH = 190;
const LEAST_WIDTH_ON_PHONE = 150;
const PHONE = 600;
/** What one browser decodes at once without its fan at full speed. */
const MAX_PICTURES = 25;

/** The ratio of the highest tile. */
const ratioOf = (width: number) => (width < PHONE ? RATIO_ON_PHONE : RATIO);

/** The grid in which so many tiles are largest. */
export function gridOf(count: number, { width, height }: Size): Grid {
  let best: Grid = { columns: 1, rows: Math.max(1, count), tile: { width: 0, height: 0 } };
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const rows = Math.ceil(Math.max(1, count) / columns);
    const room = {
      width: (width - GAP * (columns - 1)) / columns,
      height: (height - GAP * (rows - 1)) / rows,
    };
    const wide = Math.max(0, Math.min(room.width, room.height * RATIO));
    const tile = { width: wide, height: Math.max(0, Math.min(room.height, wide / ratioOf(width))) };
    if (areaOf(tile) > areaOf(best.tile)) best = { columns, rows, tile };
  }
  return best;
}

const areaOf = ({ width, height }: Size) => width * height;

/** So many tiles can be recognised on a stage of this size. */
export function galleryCapacity({ width, height }: Size): number {
  const least = width < PHONE ? LEAST_WIDTH_ON_PHONE : LEAST_WIDTH;
  const columns = Math.max(1, Math.floor((width + GAP) / (least + GAP)));
  const rows = Math.max(1, Math.floor((height + GAP) / (least / ratioOf(width) + GAP)));
  return Math.min(MAX_PICTURES, Math.max(2, columns * rows));
}

/** Who is where: what fills the stage, what stands beside it, and on which page. */
export function arrange(wishes: Wishes): Arrangement {
  const focus = focusOf(wishes);
  const others = wishes.tiles.filter((tile) => !focus.includes(tile));
  const perPage = Math.max(1, wishes.perPage);
  const pages = Math.max(1, Math.ceil(others.length / perPage));
  const page = Math.min(Math.max(0, wishes.page), pages - 1);
  const ordered = pages > 1 ? heardFirst(others, wishes.heard, perPage) : others;
  return { focus, rest: ordered.slice(page * perPage, (page + 1) * perPage), page, pages };
}

function focusOf({ tiles, layout, pinned, heard }: Wishes): TileView[] {
  const chosen = tiles.find(({ id }) => id === pinned);
  if (chosen) return [chosen];
  if (layout === 'gallery') return [];
  const screens = tiles.filter(({ kind }) => kind === 'screen');
  const screen = screens.find(({ own }) => !own) ?? screens[0];
  if (layout === 'presentation' && screen) return [screen];
  const people = tiles.filter(({ kind }) => kind === 'person');
  const others = people.filter(({ own }) => !own);
  const last = heard
    .map((identity) => others.find((tile) => tile.identity === identity))
    .find((tile) => tile !== undefined);
  const shown = last ?? others.find(({ picture }) => picture) ?? others[0] ?? people[0];
  return shown ? [shown] : [];
}

/** Whoever spoke lately stands on the first page; all keep their order, so that faces do not jump. */
function heardFirst(
  tiles: readonly TileView[],
  heard: readonly string[],
  perPage: number,
): TileView[] {
  const first = tiles.slice(0, perPage);
  const missing = heard
    .slice(0, Math.ceil(perPage / 2))
    .map((identity) => tiles.find((tile) => tile.kind === 'person' && tile.identity === identity))
    .filter((tile): tile is TileView => tile !== undefined && !first.includes(tile));
  for (const tile of missing) {
    const leaving = first.findLastIndex(
      ({ kind, own, identity }) => kind === 'person' && !own && !heard.includes(identity),
    );
    if (leaving >= 0) first[leaving] = tile;
  }
  return [...first, ...tiles.filter((tile) => !first.includes(tile))];
}
