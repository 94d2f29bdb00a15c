import { Sheets } from './sheets.ts';
import { Remarks, type Shown } from './shown.ts';

const SNIFFED_CHARS = 4_000;

/** Text in UTF-8, with or without a mark, else in the old Western encoding. */
export function textOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** A table of values between separators (RFC 4180, and with semicolons as German programs write it). */
export function readCsv(bytes: Uint8Array, name: string): Shown {
  const text = textOf(bytes);
  const remarks = new Remarks();
  const sheets = new Sheets(remarks);
  sheets.begin(name);
  const separator = separatorOf(text.slice(0, SNIFFED_CHARS));
  let [at, row, column] = [0, 1, 0];
  while (at < text.length && !sheets.isFull) {
    let value: string;
    if (text[at] === '"') {
      const parts: string[] = [];
      let end = text.indexOf('"', at + 1);
      while (end >= 0 && text[end + 1] === '"') {
        parts.push(text.slice(at + 1, end + 1));
        at = end + 1;
        end = text.indexOf('"', at + 1);
      }
      parts.push(text.slice(at + 1, end < 0 ? text.length : end));
      value = parts.join('');
      at = end < 0 ? text.length : end + 1;
      const rest = endOf(text, at, separator);
      value += text.slice(at, rest);
      at = rest;
    } else {
      const end = endOf(text, at, separator);
      value = text.slice(at, end);
      at = end;
    }
    sheets.put(row, column, value);
    if (text[at] === separator) column += 1;
    else {
      if (text[at] === '\r' && text[at + 1] === '\n') at += 1;
      row += 1;
      column = 0;
    }
    at += 1;
  }
  if (at < text.length) remarks.add('shortened');
  return { kind: 'tables', sheets: sheets.all, remarks: remarks.list() };
}

function endOf(text: string, from: number, separator: string): number {
  let at = from;
  while (at < text.length && text[at] !== separator && text[at] !== '\n' && text[at] !== '\r')
    at += 1;
  return at;
}

/** The one that stands most often in the first lines. */
function separatorOf(start: string): string {
  const counted = [';', ',', '\t'].map((one) => [one, start.split(one).length] as const);
  return counted.reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}
