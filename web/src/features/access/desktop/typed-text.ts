/** So many characters always lie before what is typed, so that a phone has something to delete. */
export const PADDING = ' '.repeat(16);

/** What has to be done over there so that the text there becomes the text here. */
export type Typed = { deletions: number; text: string };

/**
 * What changed in the field that takes the text of phones and input methods. They do not press keys:
 * they rewrite words as they please, also ones that were typed before.
 */
export function typedSince(before: string, after: string): Typed {
  const old = [...before];
  const now = [...after];
  let same = 0;
  while (same < old.length && same < now.length && old[same] === now[same]) same += 1;
  return { deletions: old.length - same, text: now.slice(same).join('') };
}
