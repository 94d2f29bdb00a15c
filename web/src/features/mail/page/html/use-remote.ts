import { useCallback, useEffect, useRef, useState } from 'react';
import {
  isFull,
  type LoadPicture,
  type RemotePictures,
  type RemoteRoom,
  remotePictures,
  remoteRoom,
} from '../pictures.ts';

export type Remote = {
  /** By their address, as `data:`. Gone with the message: nothing of them is kept. */
  loaded: ReadonlyMap<string, string>;
  /** Addresses that need not be asked for again. */
  lost: ReadonlySet<string>;
  /** Null where the server fetches none. */
  start: ((urls: readonly string[]) => void) | null;
  stop: () => void;
  /** While they are loaded: how many are through, of how many. */
  under: { through: number; of: number } | null;
  /** What became of the last time, and of those that were lost before. */
  last:
    | (Pick<RemotePictures, 'failed' | 'malware' | 'unasked' | 'ended'> & { full: boolean })
    | null;
};

/** Who presses twice does not mean the button that has come in place of the first. */
const DOUBLE_PRESS_MS = 500;

type Got = Pick<Remote, 'loaded' | 'lost' | 'last'> & { malware: number };

const NOTHING: Got = { loaded: new Map(), lost: new Set(), last: null, malware: 0 };

/** The pictures of one message that lie elsewhere, once the person asks for them. */
export function useRemote(load: LoadPicture | null): Remote {
  const [got, setGot] = useState(NOTHING);
  const [under, setUnder] = useState<Remote['under']>(null);
  const ends = useRef<AbortController | null>(null);
  const begunMs = useRef(0);
  const room = useRef<RemoteRoom | null>(null);
  useEffect(() => () => ends.current?.abort(), []);

  const run = async (urls: readonly string[], by: LoadPicture) => {
    if (ends.current) return;
    const controller = new AbortController();
    ends.current = controller;
    begunMs.current = Date.now();
    setUnder({ through: 0, of: urls.length });
    const told = (through: number) => setUnder({ through, of: urls.length });
    room.current ??= remoteRoom();
    const left = room.current;
    const found = await remotePictures(urls, by, controller.signal, told, left);
    ends.current = null;
    setGot((before) => {
      const { unasked, ended } = found;
      const failed = before.lost.size + found.failed;
      const malware = before.malware + found.malware;
      return {
        // The same as before where none came: the text would be drawn anew for nothing.
        loaded:
          found.loaded.size > 0 ? new Map([...before.loaded, ...found.loaded]) : before.loaded,
        lost: new Set([...before.lost, ...found.lost]),
        last: { failed, malware, unasked, ended, full: isFull(left) },
        malware,
      };
    });
    setUnder(null);
  };

  return {
    loaded: got.loaded,
    lost: got.lost,
    start: load && ((urls) => void run(urls, load)),
    stop: useCallback(() => {
      if (Date.now() - begunMs.current >= DOUBLE_PRESS_MS) ends.current?.abort();
    }, []),
    under,
    last: got.last,
  };
}
