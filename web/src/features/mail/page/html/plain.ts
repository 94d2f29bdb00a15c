/** What the browser reads and draws well within a second, however it is nested. */
const MAX_HTML_CHARS = 1_500_000;
const MAX_TAGS = 12_000;
/** The browser's own parser takes the square of the depth; no message needs this much of it. */
export const MAX_DEPTH = 500;
const MAX_PLAIN_CHARS = 400_000;
const TAG_NAME = /<(\/?)([a-z][a-z0-9]*)/gi;
const TAG = /<(\/?)([a-z][a-z0-9]*)[^<>]*>|<!--.*?-->/gis;
/** What needs no end, or is ended by the next of its kind. */
const UNENDED = /^(area|br|col|dd|dt|hr|img|input|li|link|meta|option|p|td|th|tr|wbr)$/;
const UNSEEN = /^(head|script|style|title)$/;
const OWN_LINE = /^(blockquote|br|div|h[1-6]|hr|li|p|table|tr)$/;

/** Whether drawing it would make the browser stand still. */
export function isTooMuch(html: string): boolean {
  if (html.length > MAX_HTML_CHARS) return true;
  const open = new Map<string, number>();
  let [tags, depth] = [0, 0];
  for (const [, end, word = ''] of html.matchAll(TAG_NAME)) {
    const name = word.toLowerCase();
    const before = open.get(name) ?? 0;
    if (!end) {
      tags += 1;
      if (tags > MAX_TAGS) return true;
    }
    if (UNENDED.test(name) || (end && before === 0)) continue;
    open.set(name, before + (end ? -1 : 1));
    depth += end ? -1 : 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

/** The words of an HTML text, roughly in their lines. It is for reading: nothing of it may be taken for HTML again. */
export function plainText(html: string): string {
  const parts: string[] = [];
  let [at, unseen] = [0, ''];
  const text = html.slice(0, MAX_PLAIN_CHARS);
  for (const tag of text.matchAll(TAG)) {
    const name = tag[2]?.toLowerCase() ?? '';
    const end = tag[1] === '/';
    if (!unseen) {
      parts.push(text.slice(at, tag.index).replace(/\s+/g, ' '));
      if (UNSEEN.test(name) && !end) unseen = name;
      else if (OWN_LINE.test(name)) parts.push('\n');
    } else if (end && name === unseen) unseen = '';
    at = tag.index + tag[0].length;
  }
  if (!unseen) parts.push(text.slice(at).replace(/\s+/g, ' '));
  return parts
    .join('')
    .replace(/&(nbsp|lt|gt|quot|#39|amp);/g, (_, name: string) => ENTITIES[name] ?? '')
    .split('\n')
    .map((line) => line.trim())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

const ENTITIES: Record<string, string> = {
  nbsp: ' ',
  lt: '<',
  gt: '>',
  quot: '"',
  '#39': "'",
  amp: '&',
};
