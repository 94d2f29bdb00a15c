import type { Pdf } from './open-pdf.ts';

/** More pages are not searched. */
const MAX_SEARCHED_PAGES = 1_000;
const MAX_HITS = 1_000;
/** A search through a long file ends, and says how far it came. */
const SEARCHING_MS = 20_000;

/** The pages with the words, a page once for each place. */
export type Hits = { pages: number[]; isWhole: boolean };

/** Looks for words in all pages, from the first on, until it is told to stop. */
export async function findIn(
  pdf: Pdf,
  words: string,
  isWanted: () => boolean,
  now: () => number = () => performance.now(),
): Promise<Hits> {
  const wanted = plain(words);
  const pages: number[] = [];
  const last = Math.min(pdf.pages, MAX_SEARCHED_PAGES);
  const until = now() + SEARCHING_MS;
  let number = 1;
  for (; number <= last && pages.length < MAX_HITS && isWanted() && now() < until; number += 1) {
    const page = await pdf.page(number).catch(() => null);
    if (!page) continue;
    const { items } = await pdf.text(page);
    const text = plain(
      items.map((item) => ('str' in item ? `${item.str}${item.hasEOL ? ' ' : ''}` : '')).join(''),
    );
    for (let at = text.indexOf(wanted); at >= 0 && pages.length < MAX_HITS; ) {
      pages.push(number);
      at = text.indexOf(wanted, at + wanted.length);
    }
  }
  return { pages, isWhole: number > pdf.pages };
}

/** As words are compared: small letters, one blank between. */
export function plain(text: string): string {
  return text.toLowerCase().normalize('NFKC').replace(/\s+/g, ' ').trim();
}
