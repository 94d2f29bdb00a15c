import { block, type Cell, Inline, type Look, linked, tables } from './inline.ts';
import { LIMITS, Unreadable } from './limits.ts';
import { Pages, Pictures } from './pages.ts';
import { Sheets } from './sheets.ts';
import { Remarks, type Shown } from './shown.ts';
import { childOf, elementsOf, readXml, treeOf, within, type XmlNode } from './xml.ts';
import type { Zip } from './zip.ts';

const MAX_BLANKS = 1_000;
const SWITCHED_ON = /^(?!none$).+/;

/** A text or a table of OpenDocument (ISO/IEC 26300), by what the file says it is. */
export async function readOdf(zip: Zip, type: string): Promise<Shown> {
  const manifest = await zip.text('META-INF/manifest.xml');
  if (manifest?.includes('encryption-data')) throw new Unreadable('encrypted');
  const source = await zip.text('content.xml');
  if (source === undefined) throw new Unreadable('damaged');
  const remarks = new Remarks();
  if (zip.names.some((name) => /^(Basic|Scripts)\/.+\.(xml|py|js|bsh)$/i.test(name))) {
    remarks.add('macros');
  }
  if (type.includes('spreadsheet')) return readOds(source, remarks);
  if (!type.includes('opendocument.text')) throw new Unreadable('unknown');
  const root = childOf(treeOf(source), 'document-content');
  const pictures = new Pictures(zip, remarks);
  const reader = new OdtReader(looksOf(childOf(root, 'automatic-styles')), pictures, remarks);
  const pages = new Pages();
  for (const html of await reader.blocks(childOf(childOf(root, 'body'), 'text'))) pages.add(html);
  if (reader.notes.length > 0) pages.add('<hr>');
  for (const html of reader.notes) pages.add(html);
  if (pages.isFull) remarks.add('shortened');
  return { kind: 'document', parts: pages.all(), pictures: pictures.all, remarks: remarks.list() };
}

function looksOf(styles: XmlNode | undefined): Map<string, Look> {
  const looks = new Map<string, Look>();
  for (const style of elementsOf(styles)) {
    const given = childOf(style, 'text-properties')?.attributes;
    if (style.name !== 'style' || !given) continue;
    const is = (name: string, wanted: RegExp) => wanted.test(given.get(name) ?? '');
    const raised = /^(super|sub)/.exec(given.get('text-position') ?? '')?.[1];
    looks.set(style.attributes.get('name') ?? '', {
      ...(given.has('font-weight') && { bold: is('font-weight', /^(bold|[6-9]00)$/) }),
      ...(given.has('font-style') && { italic: is('font-style', /^(italic|oblique)$/) }),
      underlined: is('text-underline-style', SWITCHED_ON),
      struck: is('text-line-through-style', SWITCHED_ON),
      ...(raised && { raised: raised === 'super' ? 'sup' : 'sub' }),
      colour: given.get('color')?.replace('#', ''),
    });
  }
  return looks;
}

class OdtReader {
  readonly notes: string[] = [];
  readonly #looks: Map<string, Look>;
  readonly #pictures: Pictures;
  readonly #remarks: Remarks;

  constructor(looks: Map<string, Look>, pictures: Pictures, remarks: Remarks) {
    this.#looks = looks;
    this.#pictures = pictures;
    this.#remarks = remarks;
  }

  async blocks(parent: XmlNode | undefined, depth = 0): Promise<string[]> {
    const all: string[] = [];
    for (const node of elementsOf(parent)) {
      if (node.name === 'p' || node.name === 'h') all.push(...(await this.#paragraph(node, depth)));
      else if (node.name === 'list') all.push(...(await this.#list(node, depth)));
      else if (node.name === 'table') all.push(...tables(await this.#rows(node)));
      else if (
        /^(section|index-body|table-of-content|text-box|frame|list-header)$/.test(node.name)
      ) {
        all.push(...(await this.blocks(node, depth)));
      }
    }
    return all;
  }

  async #list(list: XmlNode, depth: number): Promise<string[]> {
    const all: string[] = [];
    for (const item of elementsOf(list)) {
      if (item.name !== 'list-item' && item.name !== 'list-header') continue;
      const [first, ...rest] = await this.blocks(item, depth + 1);
      // A list within begins with its own mark.
      const [name] = elementsOf(item);
      if (first) all.push(name?.name === 'p' ? first.replace(/^(<p[^>]*>)/, '$1•&nbsp;') : first);
      all.push(...rest);
    }
    return all;
  }

  async #paragraph(node: XmlNode, depth: number): Promise<string[]> {
    const inline = new Inline();
    const apart: string[] = [];
    const look = this.#looks.get(node.attributes.get('style-name') ?? '') ?? {};
    const isHeading = node.name === 'h';
    await this.#pieces(node, isHeading ? { ...look, bold: false } : look, inline, apart);
    const level = isHeading ? Number(node.attributes.get('outline-level') ?? 1) || 1 : 0;
    return [block(inline.all(), { level, indent: depth }), ...apart];
  }

  async #pieces(parent: XmlNode, look: Look, inline: Inline, apart: string[]): Promise<void> {
    for (const node of parent.children) {
      if (typeof node === 'string') {
        inline.text(node.replace(/[\s\u0085]+/g, ' '), look);
        continue;
      }
      const { name, attributes } = node;
      if (name === 's') {
        const count = Math.min(Math.max(Number(attributes.get('c') ?? 1) || 1, 1), MAX_BLANKS);
        inline.text('\u00a0'.repeat(count), look);
      } else if (name === 'tab') inline.text('\u2003', look);
      else if (name === 'line-break') inline.text('\n', look);
      else if (name === 'a') {
        const words = new Inline();
        await this.#pieces(node, look, words, apart);
        inline.html(linked(words.all(), attributes.get('href')));
      } else if (name === 'note') await this.#note(node, inline);
      else if (name === 'frame') await this.#frame(node, inline, apart);
      else if (!/^(annotation|tracked-changes|bookmark.*|change.*)$/.test(name)) {
        const own = this.#looks.get(attributes.get('style-name') ?? '');
        await this.#pieces(node, { ...look, ...own }, inline, apart);
      }
    }
  }

  async #note(node: XmlNode, inline: Inline): Promise<void> {
    const place = this.notes.push('');
    const body = (await this.blocks(childOf(node, 'note-body'))).join('');
    this.notes[place - 1] = `<div><sup>${place}</sup> ${body}</div>`;
    inline.html(`<sup>${place}</sup>`);
  }

  async #frame(node: XmlNode, inline: Inline, apart: string[]): Promise<void> {
    for (const box of within(node, 'text-box')) apart.push(...(await this.blocks(box)));
    const href = childOf(node, 'image')?.attributes.get('href');
    if (!href) return;
    if (/^[a-z][a-z\d+.-]*:|^\/\//i.test(href)) return this.#remarks.add('outside');
    const title = childOf(node, 'desc') ?? childOf(node, 'title');
    const text = title?.children.find((child) => typeof child === 'string') ?? '';
    inline.html(await this.#pictures.add(href.replace(/^\.\//, ''), text as string));
  }

  async #rows(table: XmlNode): Promise<Cell[][]> {
    const rows: Cell[][] = [];
    for (const row of elementsOf(table)) {
      if (/^table-(header-rows|rows|row-group)$/.test(row.name))
        rows.push(...(await this.#rows(row)));
      if (row.name !== 'table-row') continue;
      const cells: Cell[] = [];
      for (const node of elementsOf(row)) {
        if (node.name !== 'table-cell') continue;
        const count = (name: string) => Number(node.attributes.get(name) ?? 1) || 1;
        const html = (await this.blocks(node)).join('');
        const [columns, deep] = [count('number-columns-spanned'), count('number-rows-spanned')];
        cells.push({ html, columns, rows: deep });
      }
      rows.push(cells);
    }
    return rows;
  }
}

/** A table's cells, read as they come: repeated ones are written once, whatever their number. */
function readOds(source: string, remarks: Remarks): Shown {
  const sheets = new Sheets(remarks);
  let [row, column, rowCount, columnCount] = [1, 0, 1, 1];
  let [isSheet, hasText, skipped] = [false, false, 0];
  let text: string[] | null = null;
  const repeated = (value: string | undefined) => Math.max(Math.trunc(Number(value ?? 1)) || 1, 1);
  readXml(source, {
    open(name, attributes) {
      if (name === 'annotation' || skipped > 0) skipped += 1;
      else if (name === 'table') {
        isSheet = sheets.begin(attributes.get('name') ?? '');
        row = 1;
      } else if (name === 'table-row') {
        rowCount = repeated(attributes.get('number-rows-repeated'));
        column = 0;
      } else if (name === 'table-cell' || name === 'covered-table-cell') {
        columnCount = repeated(attributes.get('number-columns-repeated'));
        text = [];
        hasText = false;
      } else if (name === 'p' && text) {
        if (hasText) text.push('\n');
        hasText = true;
      } else if (name === 's') text?.push(' ');
    },
    text: (piece) => {
      if (hasText && skipped === 0) text?.push(piece);
    },
    close(name) {
      if (skipped > 0) skipped -= 1;
      else if (name === 'table-cell' || name === 'covered-table-cell') {
        const value = text?.join('') ?? '';
        const shown = value === '' ? 0 : Math.min(columnCount, LIMITS.columns);
        for (let at = 0; isSheet && at < shown; at += 1) sheets.put(row, column + at, value);
        column += columnCount;
        text = null;
      } else if (name === 'table-row') row += rowCount;
      else if (name === 'table') isSheet = false;
    },
  });
  return { kind: 'tables', sheets: sheets.all, remarks: remarks.list() };
}
