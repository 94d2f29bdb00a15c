import { useSyncExternalStore } from 'react';

/** Where in the mail one is; it stands in the address, so that "back" works and a page can be opened again. */
export type Place = {
  /** Null: the list of folders, where it has a screen of its own. */
  folder: string | null;
  /** What is searched for, instead of a folder's threads. */
  words: string | null;
  thread: string | null;
  /** A message is being written. */
  writing: boolean;
  /** The files that were put aside, instead of folders and threads. */
  files?: true;
  /** The number of the mailbox; without one it is the one where one is, and at first the own one. */
  account?: number;
};

export const NOWHERE: Place = { folder: null, words: null, thread: null, writing: false };

/**
 * What was searched for lately, by number. The address names the number alone: browsers keep addresses on the disk, and
 * words that somebody looks for in their mail must not lie there in the clear.
 */
const searches = new Map<string, string>();
const MAX_SEARCHES = 100;
let searched = 0;

function numberOf(words: string): string {
  for (const [number, known] of searches) if (known === words) return number;
  searched += 1;
  const number = String(searched);
  searches.set(number, words);
  const [oldest] = searches.keys();
  if (searches.size > MAX_SEARCHES && oldest) searches.delete(oldest);
  return number;
}

/** The place that the address names; null where it names none of ours. */
export function parsePlace(hash: string): Place | null {
  if (!hash.startsWith('#/')) return null;
  const place = { ...NOWHERE };
  const parts = hash.slice(2).split('/');
  for (let at = 0; at < parts.length; at += 1) {
    if (parts[at] === 'schreiben') place.writing = true;
    if (parts[at] === 'ablage') place.files = true;
    const value = decoded(parts[at + 1] ?? '');
    if (!value) continue;
    if (parts[at] === 'k') place.account = Number(/^\d{1,6}$/.exec(value)?.[0] ?? 0);
    else if (parts[at] === 'f') place.folder = value;
    else if (parts[at] === 's') place.words = searches.get(value) ?? null;
    else if (parts[at] === 't') place.thread = value;
    else continue;
    at += 1;
  }
  return place;
}

/** The end of the address for a place. */
export function hashOf({ folder, words, thread, writing, files, account }: Place): string {
  const mailbox = account ?? current().account ?? 0;
  const parts = [
    ...(mailbox > 0 ? ['k', String(mailbox)] : []),
    ...(folder ? ['f', encodeURIComponent(folder)] : []),
    ...(words ? ['s', numberOf(words)] : []),
    ...(thread ? ['t', encodeURIComponent(thread)] : []),
    ...(files ? ['ablage'] : []),
    ...(writing ? ['schreiben'] : []),
  ];
  return `#/${parts.join('/')}`;
}

/** Goes there; `replace` leaves no trace for "back". */
export function go(place: Place, { replace = false } = {}): void {
  const hash = hashOf(place);
  if (hash === location.hash) return;
  if (replace) history.replaceState(history.state, '', hash);
  else history.pushState(null, '', hash);
  for (const listener of listeners) listener();
}

/** Closes the form for writing, if the address has it open. */
export function leaveWriting(): void {
  const place = current();
  if (place.writing) go({ ...place, writing: false }, { replace: true });
}

const listeners = new Set<() => void>();
let last = { hash: '', place: NOWHERE };

/** Where one is now. */
export function current(): Place {
  const { hash } = location;
  if (hash !== last.hash) {
    // A link to a part of the page, as the one that skips to the content, leads nowhere else.
    last = { hash, place: parsePlace(hash) ?? (hash ? last.place : NOWHERE) };
  }
  return last.place;
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  window.addEventListener('popstate', listener);
  window.addEventListener('hashchange', listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener('popstate', listener);
    window.removeEventListener('hashchange', listener);
  };
}

/** The address names a mailbox alone: its folders are shown, where they have a screen of their own. */
export function isAtFolders(): boolean {
  return /^#\/(k\/\d+)?$/.test(location.hash);
}

/** Where one is. */
export function usePlace(): Place {
  return useSyncExternalStore(subscribe, current);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
