import { type RefObject, useLayoutEffect, useRef, useState } from 'react';
import type { ChatMessage } from './wire.ts';

/** Whoever is this near to the end reads what is newest. */
const NEAR_END = 80;

type Follow = {
  /** Newer messages stand further down, unseen. */
  behind: boolean;
  onScroll: () => void;
  toEnd: () => void;
};

/** Keeps the newest message in sight, unless one reads older ones. One's own is always shown. */
export function useFollow(
  list: RefObject<HTMLElement | null>,
  chat: readonly ChatMessage[],
  ownId: string | undefined,
): Follow {
  const [behind, setBehind] = useState(false);
  // Measured before a message comes: afterwards a tall one looks like having scrolled up.
  const atEnd = useRef(true);
  const known = useRef(0);
  const last = chat.at(-1)?.id;
  const mine = chat.some(({ id, seat }) => id > known.current && seat === ownId);
  const toEnd = () => {
    const box = list.current;
    if (box) box.scrollTop = box.scrollHeight;
    atEnd.current = true;
    setBehind(false);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another last message moves the list
  useLayoutEffect(() => {
    if (last === undefined) return;
    const newer = last > known.current;
    known.current = last;
    if (atEnd.current || mine) toEnd();
    else if (newer) setBehind(true);
  }, [last]);
  const onScroll = () => {
    const box = list.current;
    if (!box) return;
    atEnd.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END;
    if (atEnd.current) setBehind(false);
  };
  return { behind, onScroll, toEnd };
}
