import { fieldText } from '../../../api/problem-text.ts';
import { unseenIn } from '../../../api/unseen.ts';

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
  if ([...name].length > MAX_NAME_CHARS) {
    return fieldText('too_long', { most: String(MAX_NAME_CHARS) });
  }
  return unseenIn(name, (character) => FAULTS.find(([, pattern]) => pattern.test(character))?.[0]);
}
