import { fieldText } from './problem-text.ts';

/** Says which character stands where that somebody cannot see, in the words for the server's refusal. */
export function unseenIn(
  text: string,
  faultOf: (character: string) => string | undefined,
): string | undefined {
  for (const [index, character] of [...text].entries()) {
    const fault = faultOf(character);
    if (!fault) continue;
    const number = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
    return fieldText(fault, { position: String(index + 1), character: `U+${number}` });
  }
  return undefined;
}
