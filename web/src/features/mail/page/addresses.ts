import type { Address } from '../model.ts';
import { tamed, tamedFile } from './bidi.ts';

/** As long as SMTP lets an address be. */
const MAX_ADDRESS_CHARS = 254;
/** More than anybody pastes by hand. */
const MAX_PASTED_CHARS = 100_000;
/** As many as a server is asked to take for one message. */
export const MAX_RECIPIENTS = 500;

const ADDRESS =
  /^[^\s@<>()[\]\\,;:"\p{Cc}]{1,64}@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)*[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?$/u;

/** Whether mail could be sent there, as far as the form tells; the server takes US-ASCII alone. */
export function isAddress(text: string): boolean {
  const isPlain = /^[!-~]+$/.test(text) && text.length <= MAX_ADDRESS_CHARS;
  return isPlain && ADDRESS.test(text) && !/^\.|\.\.|\.@/.test(text);
}

/**
 * The recipients in a text, as they are typed or pasted from elsewhere: `Erika <e@x.de>, "Linde, Max" <m@x.de>; z@x.de`.
 * What is no address is kept as it stands, so that the person sees and mends it.
 */
export function parseAddresses(text: string): Address[] {
  return parts(text.slice(0, MAX_PASTED_CHARS))
    .map(parseOne)
    .filter((address) => address !== null)
    .slice(0, MAX_RECIPIENTS);
}

const EDGES = /^[\s\u200E\u200F\u061C]+|[\s\u200E\u200F\u061C]+$/gu;

function parseOne(part: string): Address | null {
  // What was copied from a page brings the marks along that kept it to itself there.
  const text = tamed(part).replace(EDGES, '');
  if (!text) return null;
  const named = /^(.*?)<\s*(?:mailto:)?([^<>]*?)\s*>$/su.exec(text);
  if (!named) return { name: null, email: tamedFile(text).replace(/^mailto:/i, '') };
  const name = unquoted(named[1] ?? '');
  return { name: name || null, email: tamedFile(named[2] ?? '').trim() };
}

function unquoted(text: string): string {
  const trimmed = text.trim();
  const quoted = /^"(.*)"$/su.exec(trimmed);
  return (quoted?.[1]?.replace(/\\(.)/g, '$1') ?? trimmed).replace(/\s+/g, ' ').trim();
}

/** Cut at commas, semicolons and ends of lines, but not within quotes or angle brackets. */
function parts(text: string): string[] {
  const found: string[] = [];
  let [start, quoted, angled] = [0, false, false];
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '\\' && quoted) at += 1;
    else if (char === '"') quoted = !quoted;
    else if (char === '\n' || (!quoted && !angled && (char === ',' || char === ';'))) {
      found.push(text.slice(start, at));
      [start, quoted, angled] = [at + 1, false, false];
    } else if (!quoted && char === '<') angled = true;
    else if (char === '>') angled = false;
  }
  return [...found, text.slice(start)];
}

/** The list with more in it, each address once. */
export function joined(list: readonly Address[], more: readonly Address[]): Address[] {
  const known = new Set(list.map(({ email }) => email.toLowerCase()));
  const fresh = more.filter(({ email }) => {
    const key = email.toLowerCase();
    return !known.has(key) && known.add(key);
  });
  return [...list, ...fresh];
}

/** What stands behind the @, in small letters. */
export function domainOf(email: string): string {
  return email.slice(email.lastIndexOf('@') + 1).toLowerCase();
}

/** Those of them whose mail leaves the house that sends as `from`. */
export function outside(list: readonly Address[], from: string): Address[] {
  const house = domainOf(from);
  return list.filter(({ email }) => {
    const domain = domainOf(email);
    return domain !== house && !domain.endsWith(`.${house}`);
  });
}

/** Letters and pairs of them that are taken for others, and what does not count beside them. */
const ALIKE: readonly [RegExp, string][] = [
  [/rn/g, 'm'],
  [/vv/g, 'w'],
  [/cl/g, 'd'],
  [/0/g, 'o'],
  [/[1i|]/g, 'l'],
  [/5/g, 's'],
  [/ae/g, 'a'],
  [/oe/g, 'o'],
  [/ue/g, 'u'],
  [/[-._]/g, ''],
];
/** In shorter names another letter is another name. */
const MIN_COMPARED_CHARS = 8;

/** Whether it is not of the house that sends as `from`, but one takes it for it at a glance. */
export function looksLikeHouse(email: string, from: string): boolean {
  const [domain, house] = [domainOf(email), domainOf(from)];
  if (domain === house || domain.endsWith(`.${house}`) || !house.includes('.')) return false;
  const [one, other] = [skeleton(domain), skeleton(house)];
  if (one === other || one.startsWith(other) || one.endsWith(other)) return true;
  const nameOf = (whole: string) => skeleton(whole.slice(0, whole.lastIndexOf('.')));
  if (nameOf(domain) === nameOf(house)) return true;
  return house.length >= MIN_COMPARED_CHARS && isOneStepAway(domain, house);
}

function skeleton(domain: string): string {
  return ALIKE.reduce((text, [seen, meant]) => text.replace(seen, meant), domain);
}

/** One letter more, less or other, or two that changed places. */
function isOneStepAway(one: string, other: string): boolean {
  const [short, long] = one.length <= other.length ? [one, other] : [other, one];
  if (long.length - short.length > 1) return false;
  let at = 0;
  while (at < short.length && short[at] === long[at]) at += 1;
  if (short.length < long.length) return short.slice(at) === long.slice(at + 1);
  const swapped = short[at] === long[at + 1] && short[at + 1] === long[at];
  const rest = (from: number) => short.slice(from) === long.slice(from);
  return rest(at + 1) || (swapped && rest(at + 2));
}

/** The name, else the address. */
export const shortName = ({ name, email }: Address) => (name && tamed(name)) || tamed(email);

/** Name and address, as one line. */
export const fullName = ({ name, email }: Address) =>
  name ? `${tamed(name)} <${tamed(email)}>` : tamed(email);

/**
 * A name that is an address itself, and another one than it is sent from: the oldest trick of those who pretend to be
 * somebody else.
 */
export function pretends({ name, email }: Address): boolean {
  const shown = /[^\s<>"]+@[^\s<>"]+\.[^\s<>"]+/.exec(name ?? '')?.[0];
  return shown !== undefined && shown.toLowerCase() !== email.toLowerCase();
}
