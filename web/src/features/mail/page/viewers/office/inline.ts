import { escaped } from './pages.ts';

/** How a piece of text looks. */
export type Look = {
  bold?: boolean;
  italic?: boolean;
  underlined?: boolean;
  struck?: boolean;
  raised?: 'sup' | 'sub' | undefined;
  /** Six hexadecimal digits. */
  colour?: string | undefined;
};

/** The pieces of a paragraph. Neighbours that look alike become one: Office cuts words into many. */
export class Inline {
  readonly #pieces: { look: string; html: string }[] = [];
  readonly #looks = new Map<string, [open: string, close: string]>();

  text(text: string, look: Look): void {
    if (text !== '') this.#push(look, escaped(text).replace(/\n/g, '<br>'));
  }

  /** What is HTML already. */
  html(html: string): void {
    this.#pieces.push({ look: '', html });
  }

  /** All of it; empty if nothing was put in. */
  all(): string {
    let [html, last] = ['', ''];
    const close = () => this.#looks.get(last)?.[1] ?? '';
    for (const { look, html: piece } of this.#pieces) {
      if (look !== last) {
        html += close() + (this.#looks.get(look)?.[0] ?? '');
        last = look;
      }
      html += piece;
    }
    return html + close();
  }

  #push(look: Look, html: string): void {
    const tags: [string, string][] = [];
    const colour = /^[\da-f]{6}$/i.test(look.colour ?? '') ? look.colour : undefined;
    if (look.bold) tags.push(['<b>', '</b>']);
    if (look.italic) tags.push(['<i>', '</i>']);
    if (look.underlined) tags.push(['<u>', '</u>']);
    if (look.struck) tags.push(['<s>', '</s>']);
    if (look.raised) tags.push([`<${look.raised}>`, `</${look.raised}>`]);
    if (colour) tags.push([`<font color="#${colour}">`, '</font>']);
    const open = tags.map(([one]) => one).join('');
    const end = tags
      .map(([, one]) => one)
      .reverse()
      .join('');
    this.#looks.set(open, [open, end]);
    this.#pieces.push({ look: open, html });
  }
}

const SAFE_LINK = /^(?:https?:\/\/|mailto:)/i;

/** A link around HTML, if it leads where links may lead. */
export function linked(html: string, target: string | undefined): string {
  if (!target || !SAFE_LINK.test(target)) return html;
  return `<a href="${escaped(target)}">${html}</a>`;
}

/** A paragraph; headings have levels from 1 to 6. */
export function block(
  html: string,
  { level = 0, indent = 0, align = '' }: { level?: number; indent?: number; align?: string } = {},
): string {
  const name = level > 0 ? `h${Math.min(level, 6)}` : 'p';
  const style = indent > 0 ? ` style="margin-left:${Math.min(indent, 12) * 1.5}em"` : '';
  const side = /^(?:center|right|justify)$/.test(align) ? ` align="${align}"` : '';
  return `<${name}${side}${style}>${html || '&nbsp;'}</${name}>`;
}

export type Cell = { html: string; columns: number; rows: number };

const MAX_SPAN = 200;
/** A longer table is cut into several: each is drawn at once. */
const ROWS_AT_ONCE = 100;

/** Rows as tables, each not too long. */
export function tables(rows: Cell[][]): string[] {
  const all: string[] = [];
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    const html = rows
      .slice(at, at + ROWS_AT_ONCE)
      .map((cells) => `<tr>${cells.map(cellOf).join('')}</tr>`);
    all.push(`<table border="1" cellpadding="6" cellspacing="0">${html.join('')}</table>`);
  }
  return all;
}

function cellOf({ html, columns, rows }: Cell): string {
  const span = (name: string, count: number) =>
    count > 1 ? ` ${name}="${Math.min(count, MAX_SPAN)}"` : '';
  return `<td valign="top"${span('colspan', columns)}${span('rowspan', rows)}>${html}</td>`;
}
