/** Marks that turn what stands behind them around, up to the end of the line: nobody needs them in a name or subject. */
const TURNS = /[\u202A-\u202E\u2066-\u2069]/gu;
/** These mark the direction of one place; in a file's name they would hide where its end stands. */
const MARKS = /[\u200E\u200F\u061C]/gu;
/** Other letters that are not seen: end of line, tab, zero-width and the like. */
const UNSEEN = /[\p{Cc}\u200B\u2060\uFEFF\u00AD\u180E\uFFF9-\uFFFB]/gu;

/** A foreign line of text without what would turn around what is shown beside it. Draw it within `bdi`. */
export function tamed(text: string): string {
  return text
    .replace(/[\r\n\t]+/g, ' ')
    .replace(TURNS, '')
    .replace(UNSEEN, '');
}

/** A file's name as its letters stand there: what it ends in is seen at its end. */
export function tamedFile(name: string): string {
  return tamed(name).replace(MARKS, '');
}

/** The same within a sentence that is no element of its own: what it says does not reach beyond it. */
export function isolated(text: string): string {
  return `\u2068${tamed(text)}\u2069`;
}
