import { Fragment, type ReactNode } from 'react';

/** What may be an address: up to a space, a quotation mark, or a sign that nobody sees. */
const CANDIDATE = /\bhttps?:\/\/[^\s\p{Cc}\p{Cf}<>"„“”«»‹›\\`]+/giu;
/** What ends the sentence around an address. */
const SENTENCE_END = ".,;:!?'’*_…";
const BRACKETS = [
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
] as const;

/** A text with its web addresses as links. Each shows the address that it leads to, and nothing else. */
export function withLinks(text: string): ReactNode[] {
  const parts: ReactNode[] = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(CANDIDATE)) {
    const typed = withoutEnd(found);
    const shown = honest(typed);
    if (shown === null) continue;
    parts.push(<Fragment key={end}>{text.slice(end, index)}</Fragment>);
    parts.push(
      // Letters that are written from right to left must not turn the address around.
      <a key={index} href={shown} target="_blank" rel="noopener noreferrer" dir="ltr">
        {shown}
      </a>,
    );
    end = index + typed.length;
  }
  parts.push(<Fragment key={end}>{text.slice(end)}</Fragment>);
  return parts;
}

/** An address without the full stop or the bracket that belongs to the sentence. */
function withoutEnd(address: string): string {
  const count = (sign: string) => address.split(sign).length;
  const spare = new Map<string, number>(
    BRACKETS.map(([open, close]) => [close, count(close) - count(open)] as const),
  );
  let end = address.length;
  for (; end > 0; end -= 1) {
    const last = address[end - 1] ?? '';
    const left = spare.get(last) ?? 0;
    if (left > 0) spare.set(last, left - 1);
    else if (!SENTENCE_END.includes(last)) break;
  }
  return address.slice(0, end);
}

/**
 * The address as the browser opens it, in the writing that hides nothing: a host that only looks like another is spelled
 * out. None for what pretends to lead elsewhere by a name before an @.
 */
function honest(typed: string): string | null {
  if (!URL.canParse(typed)) return null;
  const { protocol, username, password, host, href } = new URL(typed);
  if (!['http:', 'https:'].includes(protocol) || username || password) return null;
  const [, authority = ''] = /^https?:\/\/([^/?#]*)/i.exec(typed) ?? [];
  return authority.toLowerCase() === host ? typed : href;
}
