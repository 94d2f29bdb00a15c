/** Longer words are cut: nobody searches for more, and mails are full of addresses of a thousand letters. */
const MAX_WORD_LETTERS = 40;
/** Words of one document; what comes later in a long one is not found. */
const MAX_WORDS = 5_000;
/** Text of one document, in UTF-16 units. */
const MAX_TEXT_LENGTH = 1_000_000;

/** Writing without spaces, in which only a dictionary finds words. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const WORD = /[\p{L}\p{N}]+/gu;

/**
 * The words of a text as they are searched for, each once, in the order in which they come.
 *
 * Case and accents do not count. German letters are written out as people do who lack them: ä, ö, ü and ß are ae, oe, ue
 * and ss, so "strasse" finds "Straße" and "mueller" finds "Müller", and the other way round; "muller" does not. Parts of
 * compounds are found from their beginning only. An address falls apart into the words between its signs.
 */
export function wordsOf(text: string): string[] {
  const folded = fold(text.slice(0, MAX_TEXT_LENGTH));
  const words = new Set<string>();
  for (const [word] of folded.matchAll(WORD)) {
    for (const part of UNSPACED.test(word) ? segments(word) : [word]) {
      words.add(Array.from(part).slice(0, MAX_WORD_LETTERS).join(''));
      if (words.size === MAX_WORDS) return [...words];
    }
  }
  return [...words];
}

function fold(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[äöüßæœø]/g, (letter) => WRITTEN_OUT[letter] ?? letter)
    .normalize('NFD')
    .replace(/\p{M}/gu, '');
}

const WRITTEN_OUT: Record<string, string> = {
  ä: 'ae',
  ö: 'oe',
  ü: 'ue',
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'oe',
};

let segmenter: Intl.Segmenter | undefined;

function segments(word: string): string[] {
  // Firefox has it since 125 only; without it such a text is found from its beginning.
  if (!('Segmenter' in Intl)) return [word];
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'word' });
  return Array.from(segmenter.segment(word), ({ segment }) => segment);
}
