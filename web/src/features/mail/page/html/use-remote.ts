import { useCallback, useEffect, useRef, useState } from 'react';
import { type LoadPicture, type RemoteRoom, remotePictures, remoteRoom } from '../pictures.ts';

export type Remote = {
  /** By their address, as `data:`. Gone with the message: nothing of them is kept. */
  loaded: ReadonlyMap<string, string>;
  /** Null where the server fetches none. */
  start: ((urls: readonly string[]) => void) | null;
  stop: () => void;
  /** While they are loaded: how many are through, of how many. */
  under: { through: number; of: number } | null;
  /** What became of the last time. */
  last: { failed: number; offline: boolean; busy: boolean; full: boolean } | null;
};

const NONE: ReadonlyMap<string, string> = new Map();

/** The pictures of one message that lie elsewhere, once the person asks for them. */
export function useRemote(load: LoadPicture | null): Remote {
  const [loaded, setLoaded] = useState(NONE);
  const [under, setUnder] = useState<Remote['under']>(null);
  const [last, setLast] = useState<Remote['last']>(null);
  const ends = useRef<AbortController | null>(null);
  const room = useRef<RemoteRoom | null>(null);
  useEffect(() => () => ends.current?.abort(), []);

  const run = async (urls: readonly string[], by: LoadPicture) => {
    if (ends.current) return;
    const controller = new AbortController();
    ends.current = controller;
    setUnder({ through: 0, of: urls.length });
    const told = (through: number) => setUnder({ through, of: urls.length });
    room.current ??= remoteRoom();
    const left = room.current;
    const found = await remotePictures(urls, by, controller.signal, told, left);
    ends.current = null;
    setLoaded((before) => (found.loaded.size > 0 ? new Map([...before, ...found.loaded]) : before));
    const { failed, offline, busy } = found;
    setLast({ failed, offline, busy, full: left.pictures <= 0 });
    setUnder(null);
  };

  return {
    loaded,
    start: load && ((urls) => void run(urls, load)),
    stop: useCallback(() => ends.current?.abort(), []),
    under,
    last,
  };
}
