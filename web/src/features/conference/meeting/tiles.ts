import type { MeetingView } from './controller.ts';
import { listens } from './model.ts';
import type { TileView } from './stage/arrange.ts';

/** What stands on the stage: everybody who may be seen there, and every shared screen. */
export function tilesOf({ roster, own, media, hands }: TileSource): TileView[] {
  const raised = new Set(hands.map(({ seat }) => seat));
  const seats = [...roster.values()];
  // Oneself comes last: one wants to see the others. Whoever only listens is seen by nobody.
  const ordered = [
    ...seats.filter(({ id }) => id !== own?.id),
    ...seats.filter(({ id }) => id === own?.id && !listens({ own })),
  ];
  const tiles = ordered.map(({ id, name, guest, role, away }): TileView => {
    const sent = media.seats.get(id);
    return {
      id,
      kind: 'person',
      identity: id,
      name,
      guest,
      role,
      own: id === own?.id,
      picture: sent?.unreadable ? null : (sent?.camera ?? null),
      unreadable: sent?.unreadable ?? false,
      noPicture: sent?.failed.camera ?? null,
      noSound: sent?.failed.microphone ?? null,
      microphone: sent?.microphone ?? 'none',
      // The sound of a shared screen counts as theirs on the media line, too.
      speaking: sent?.microphone === 'on' && media.speakers.includes(id),
      quality: away ? 'lost' : (sent?.quality ?? 'unknown'),
      hand: raised.has(id),
    };
  });
  const screens = ordered.flatMap(({ id, name, guest, role }): TileView[] => {
    const sent = media.seats.get(id);
    if (!sent || !(sent.screen || sent.failed.screen)) return [];
    return [
      {
        id: `${id}/screen`,
        kind: 'screen',
        identity: id,
        name,
        guest,
        role,
        own: id === own?.id,
        picture: sent.unreadable ? null : sent.screen,
        unreadable: sent.unreadable,
        noPicture: sent.failed.screen,
        noSound: null,
        microphone: 'none',
        speaking: sent.microphone !== 'on' && media.speakers.includes(id),
        quality: 'good',
        hand: false,
      },
    ];
  });
  return [...screens, ...tiles];
}

type TileSource = Pick<MeetingView, 'roster' | 'own' | 'media' | 'hands'>;
