import { fieldText } from '../../../api/problem-text.ts';

/** As many characters as the server takes for a passkey's name. */
export const MAX_NAME_CHARS = 100;

const CONTROL = /[\p{Cc}\u2028\u2029]/u;
const BIDI = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/u;
const INVISIBLE =
  /\u00AD|\u034F|[\u115F\u1160\u17B4\u17B5]|[\u180B-\u180F]|[\u200B-\u200D]|[\u2060-\u2065]|[\u206A-\u206F]|\u2800|\u3164|\uFEFF|\uFFA0|[\uFFF0-\uFFFB]|[\u{1BCA0}-\u{1BCA3}]|[\u{1D173}-\u{1D17A}]|[\u{E0000}-\u{E0FFF}]/u;

const FAULTS = [
  ['control_character', CONTROL],
  ['bidi_character', BIDI],
  ['invisible_character', INVISIBLE],
] as const;

/**
 * What is wrong with a name, in the words for the server's refusal; the rule is the server's own. For
 * where the server would refuse too late, after the browser has done something that stays.
 */
export function nameFault(name: string): string | undefined {
  const characters = [...name];
  if (characters.length > MAX_NAME_CHARS) {
    return fieldText('too_long', { most: String(MAX_NAME_CHARS) });
  }
  for (const [index, character] of characters.entries()) {
    const fault = FAULTS.find(([, pattern]) => pattern.test(character));
    if (fault) {
      const number = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
      return fieldText(fault[0], { position: String(index + 1), character: `U+${number}` });
    }
  }
  return undefined;
}
