import { expect, it } from 'vitest';
import type { MeetingView } from './controller.ts';
import { tilesOf } from './tiles.ts';

const speakingWith = (microphone: 'muted' | 'on') => {
  const picture = { key: 'k', attach: () => undefined, detach: () => undefined, paused: false };
  const failed = { microphone: null, camera: null, screen: null };
  const sent = {
    identity: 'a',
    microphone,
    camera: null,
    screen: picture,
    failed,
    quality: 'good',
  };
  const view = {
    roster: new Map([['a', { id: 'a', name: 'a', role: 'participant', guest: false }]]),
    own: null,
    hands: [],
    media: { seats: new Map([['a', { ...sent, unreadable: false }]]), speakers: ['a'] },
  } as unknown as MeetingView;
  return tilesOf(view).map(({ kind, speaking }) => [kind, speaking]);
};

it('marks the screen where its sound is heard, not who is muted beside it', () => {
  expect(speakingWith('muted')).toEqual([
    ['screen', true],
    ['person', false],
  ]);
  expect(speakingWith('on')).toEqual([
    ['screen', false],
    ['person', true],
  ]);
});

it('shows a listener who speaks, and not themselves', () => {
  const host = { id: 'h', name: 'h', role: 'host', guest: false };
  const seen = (on_stage: boolean) => {
    const own = { id: 'me', name: 'me', role: 'listener', guest: true, on_stage };
    const roster = new Map([host, own].map((seat) => [seat.id, seat]));
    const media = { seats: new Map(), speakers: [] };
    return tilesOf({ roster, own, hands: [], media } as unknown as MeetingView).map(({ id }) => id);
  };
  expect(seen(false)).toEqual(['h']);
  expect(seen(true)).toEqual(['h', 'me']);
});

it('has a place for a screen that does not come', () => {
  const seat = { id: 'a', name: 'a', role: 'participant', guest: false };
  const failed = { microphone: 'unknown', camera: null, screen: 'format' };
  const media = {
    seats: new Map([['a', { camera: null, screen: null, failed, unreadable: false }]]),
    speakers: [],
  };
  const view = { roster: new Map([['a', seat]]), own: null, hands: [], media };
  const tiles = tilesOf(view as unknown as MeetingView);
  expect(tiles.map(({ kind, noPicture, noSound }) => [kind, noPicture, noSound])).toEqual([
    ['screen', 'format', null],
    ['person', null, 'unknown'],
  ]);
});
