const SHORT_CHARS = 8;

/** Enough of a pseudonym to tell it from its neighbours; the whole is one press away. */
export function shortPseudonym(pseudonym: string): string {
  return pseudonym.length <= SHORT_CHARS + 1 ? pseudonym : `${pseudonym.slice(0, SHORT_CHARS)}…`;
}
