import { expect, it } from 'vitest';
import type { MeetingView } from './controller.ts';
import { tilesOf } from './tiles.ts';

const speakingWith = (microphone: 'muted' | 'on') => {
  const picture = { key: 'k', attach: () => undefined, detach: () => undefined, paused: false };
  const sent = { identity: 'a', microphone, camera: null, screen: picture, quality: 'good' };
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
