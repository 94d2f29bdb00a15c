/** What a passphrase is worth to somebody who guesses, in steps that have words. */
export type Strength = 'short' | 'weak' | 'fair' | 'good';

/** Guesses as powers of two: below the first it falls in an afternoon, above the second nobody lives so long. */
const FAIR_BITS = 40;
const GOOD_BITS = 60;
/** Nobody chooses letters by dice; a letter of a word is worth less than one of the alphabet. */
const BITS_A_LETTER = 2.8;
const BITS_A_SIGN = 5;

/** Characters as a person counts them, however their keyboard composes letters. */
export function charactersOf(passphrase: string): number {
  return [...passphrase.normalize('NFC')].length;
}

/** A rough and cautious guess. `known` is what everybody knows: name, sign-in name, office. */
export function strengthOf(passphrase: string, minimum: number, known: string[]): Strength {
  if (charactersOf(passphrase) < minimum) return 'short';
  const bits = bitsOf(withoutKnown(passphrase.normalize('NFC').toLowerCase(), known));
  if (bits < FAIR_BITS) return 'weak';
  return bits < GOOD_BITS ? 'fair' : 'good';
}

function withoutKnown(passphrase: string, known: string[]): string {
  const words = known.flatMap((said) => said.toLowerCase().split(/[^\p{L}\p{N}]+/u));
  return words
    .filter((word) => word.length >= 3)
    .reduce((rest, word) => rest.replaceAll(word, ''), passphrase);
}

/** What repeats, or goes on as one expects (abc, 321), counts nothing. */
function bitsOf(passphrase: string): number {
  const seen = new Map<string, number>();
  let bits = 0;
  let before = 0;
  for (const character of passphrase) {
    const code = character.codePointAt(0) ?? 0;
    const times = seen.get(character) ?? 0;
    seen.set(character, times + 1);
    const goesOn = Math.abs(code - before) <= 1;
    before = code;
    if (goesOn) continue;
    const worth = /\p{L}/u.test(character) ? BITS_A_LETTER : BITS_A_SIGN;
    // The fifth a of a phrase is still a letter of a word; fifty of one sign are not.
    bits += times < 3 ? worth : worth / times;
  }
  return bits;
}
