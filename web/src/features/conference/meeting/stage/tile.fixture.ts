import type { TileView } from './arrange.ts';

/** Somebody whose microphone is on and who shows nothing, for tests. */
export const tile = (id: string, more: Partial<TileView> = {}): TileView => ({
  id,
  kind: 'person',
  identity: id,
  name: id,
  guest: false,
  role: 'participant',
  own: false,
  picture: null,
  unreadable: false,
  noPicture: null,
  noSound: null,
  microphone: 'on',
  speaking: false,
  quality: 'good',
  hand: false,
  ...more,
});
