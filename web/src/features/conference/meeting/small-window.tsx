import { Trans } from '@lingui/react/macro';
import { useCallback, useEffect, useState } from 'react';
import { createPortal } from 'react-dom';
import type { TileView } from './stage/arrange.ts';
import { Tile } from './stage/tile.tsx';

type WindowsAbove = { requestWindow: (size: { width: number; height: number }) => Promise<Window> };

const WIDTH = 400;
const HEIGHT = 225;

/** A window of one's own above all others; where the browser has none, only a single picture can be put there. */
const windowsAbove = () =>
  (globalThis as { documentPictureInPicture?: WindowsAbove }).documentPictureInPicture;

/** Whether there can be a small window at all. */
export const smallWindowPossible = () =>
  windowsAbove() !== undefined || Boolean(document.pictureInPictureEnabled);

type Small = { window: Window | null; open: boolean; toggle: () => Promise<void> };

/** The small window: opened by a press, closed by another, by its own cross, or with the meeting. */
export function useSmallWindow(onNothing: () => void): Small {
  const [small, setSmall] = useState<Window | null>(null);
  const [single, setSingle] = useState(false);
  useEffect(() => () => small?.close(), [small]);
  useEffect(() => {
    const look = () => setSingle(document.pictureInPictureElement !== null);
    const changes = ['enterpictureinpicture', 'leavepictureinpicture'];
    for (const change of changes) document.addEventListener(change, look);
    return () => {
      for (const change of changes) document.removeEventListener(change, look);
      if (document.pictureInPictureElement) void document.exitPictureInPicture();
    };
  }, []);
  const toggle = useCallback(async () => {
    if (small) {
      small.close();
      setSmall(null);
      return;
    }
    const above = windowsAbove();
    try {
      if (!above) await singlePicture();
      else setSmall(dressed(await above.requestWindow({ width: WIDTH, height: HEIGHT }), setSmall));
    } catch {
      onNothing();
    }
  }, [small, onNothing]);
  return { window: small, open: small !== null || single, toggle };
}

/** Dresses the window like the page; its policy is the page's, so only the page's own styles come in. */
function dressed(small: Window, onClosed: (gone: null) => void): Window {
  const { document: inside } = small;
  inside.title = document.title;
  inside.documentElement.lang = document.documentElement.lang;
  inside.documentElement.dataset.kernTheme = 'dark';
  for (const sheet of document.querySelectorAll('link[rel=stylesheet]')) {
    inside.head.append(sheet.cloneNode());
  }
  small.addEventListener('pagehide', () => onClosed(null));
  return small;
}

type SmallWindowProps = { window: Window; tiles: readonly TileView[]; heard: readonly string[] };

/** Who speaks, or the screen that is shown, above all other windows. */
export function SmallWindow({ window: small, tiles, heard }: SmallWindowProps) {
  const tile = smallTile(tiles, heard);
  return createPortal(
    <main className="fa-meeting fa-small-window">
      {tile ? (
        <ul>
          <Tile key={tile.id} tile={tile} large />
        </ul>
      ) : (
        <p>
          <Trans>Noch ist niemand da.</Trans>
        </p>
      )}
    </main>,
    small.document.body,
  );
}

/** What one wants to see in the smallest space: another's screen, who spoke last, anybody else, oneself. */
export function smallTile(
  tiles: readonly TileView[],
  heard: readonly string[],
): TileView | undefined {
  const others = tiles.filter(({ own }) => !own);
  const people = others.filter(({ kind }) => kind === 'person');
  const spoke = heard
    .map((identity) => people.find((tile) => tile.identity === identity))
    .find((tile) => tile !== undefined);
  return (
    others.find(({ kind }) => kind === 'screen') ??
    spoke ??
    people.find(({ picture }) => picture) ??
    people[0] ??
    tiles[0]
  );
}

/** Puts one picture of the page above all other windows, or back. */
async function singlePicture(): Promise<void> {
  if (document.pictureInPictureElement) {
    await document.exitPictureInPicture();
    return;
  }
  const video = [
    '.fa-seat--large',
    '.fa-seat--speaking',
    '.fa-seat:not(.fa-seat--mirrored)',
    '.fa-seat',
  ]
    .map((kind) => document.querySelector<HTMLVideoElement>(`${kind} video`))
    .find((found) => found !== null);
  if (!video) throw new Error('no picture');
  await video.requestPictureInPicture();
}
