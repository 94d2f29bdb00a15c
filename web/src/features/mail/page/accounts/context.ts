import { createContext, use, useCallback, useSyncExternalStore } from 'react';
import type { MailAccount, Post, Undone } from '../../model.ts';

/** All mailboxes of the person; null where a page shows one alone. */
export const PostContext = createContext<Post | null>(null);

export const usePost = (): Post | null => use(PostContext);

type Known = { accounts: MailAccount[]; undone: Undone[] };

/** Which mailboxes there are, and what of them came to nothing. */
export function useKnown(post: Post): Known {
  const subscribe = useCallback((call: () => void) => post.onChange(call), [post]);
  // A snapshot must be the same thing while nothing changes; as text it is.
  const text = useSyncExternalStore(subscribe, () =>
    JSON.stringify({ accounts: post.accounts(), undone: post.undone() } satisfies Known),
  );
  return JSON.parse(text) as Known;
}
