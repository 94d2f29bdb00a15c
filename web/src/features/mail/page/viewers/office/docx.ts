import { isOn, Lists, listPlaceOf, lookOf, Styles } from './docx-styles.ts';
import { block, type Cell, Inline, type Look, linked, tables } from './inline.ts';
import { Unreadable } from './limits.ts';
import { Pages, Pictures } from './pages.ts';
import { mainPart, type Relations, relationsOf } from './relations.ts';
import { Remarks, type Shown } from './shown.ts';
import { childOf, elementsOf, treeOf, within, type XmlNode } from './xml.ts';
import type { Zip } from './zip.ts';

/** A text of Word (ECMA-376): its words in their order, headings, lists, tables and pictures; no pages and no fonts. */
export async function readDocx(zip: Zip): Promise<Shown> {
  const remarks = new Remarks();
  const main = await mainPart(zip, 'word/document.xml', remarks);
  const source = await zip.text(main);
  if (source === undefined) throw new Unreadable('unknown');
  if (zip.names.some((name) => /vbaProject\.bin$/i.test(name))) remarks.add('macros');
  const relations = await relationsOf(zip, main, remarks);
  const partOf = (type: string) => [...relations.values()].find((one) => one.type === type)?.target;
  const reader = new DocxReader(
    relations,
    await Styles.of(zip, partOf('styles')),
    await Lists.of(zip, partOf('numbering')),
    new Pictures(zip, remarks),
  );
  const pages = new Pages();
  for (const html of await reader.blocks(childOf(childOf(treeOf(source), 'document'), 'body'))) {
    pages.add(html);
  }
  const notes = partOf('footnotes');
  const noteSource = notes === undefined ? undefined : await zip.text(notes);
  if (noteSource !== undefined && reader.notes.length > 0) {
    pages.add('<hr>');
    for (const html of await reader.footnotes(childOf(treeOf(noteSource), 'footnotes'))) {
      pages.add(html);
    }
  }
  if (pages.isFull) remarks.add('shortened');
  const parts = pages.all();
  return { kind: 'document', parts, pictures: reader.pictures.all, remarks: remarks.list() };
}

class DocxReader {
  readonly pictures: Pictures;
  /** The ids of notes, in the order in which they are referred to. */
  readonly notes: string[] = [];
  readonly #relations: Relations;
  readonly #styles: Styles;
  readonly #lists: Lists;

  constructor(relations: Relations, styles: Styles, lists: Lists, pictures: Pictures) {
    this.#relations = relations;
    this.#styles = styles;
    this.#lists = lists;
    this.pictures = pictures;
  }

  /** Paragraphs and tables within, each as HTML. */
  async blocks(parent: XmlNode | undefined): Promise<string[]> {
    const all: string[] = [];
    for (const node of elementsOf(parent)) {
      if (node.name === 'p') all.push(...(await this.#paragraph(node)));
      else if (node.name === 'tbl') all.push(...tables(await this.#rows(node)));
      else if (node.name === 'sdt') all.push(...(await this.blocks(childOf(node, 'sdtContent'))));
      else if (node.name === 'AlternateContent') all.push(...(await this.blocks(chosen(node))));
      else if (/^(ins|moveTo|customXml|smartTag)$/.test(node.name)) {
        all.push(...(await this.blocks(node)));
      }
    }
    return all;
  }

  async footnotes(root: XmlNode | undefined): Promise<string[]> {
    const byId = new Map([...elementsOf(root)].map((node) => [node.attributes.get('id'), node]));
    const all: string[] = [];
    for (const [index, id] of this.notes.entries()) {
      const [first = '', ...rest] = await this.blocks(byId.get(id));
      all.push(`<div><sup>${index + 1}</sup> ${first}${rest.join('')}</div>`);
    }
    return all;
  }

  async #paragraph(node: XmlNode): Promise<string[]> {
    const properties = childOf(node, 'pPr');
    const style = this.#styles.named(childOf(properties, 'pStyle')?.attributes.get('val'));
    const outline = childOf(properties, 'outlineLvl')?.attributes.get('val');
    const level = outline === undefined ? style.level : Number(outline) + 1;
    const place = listPlaceOf(properties) ?? style.list;
    const inline = new Inline();
    const apart: string[] = [];
    const mark = place && place.list !== '0' ? this.#lists.next(place) : '';
    if (mark) inline.text(`${mark}\u00a0`, {});
    // A heading is bold by itself.
    const look = level > 0 ? { ...style.look, bold: false } : style.look;
    await this.#runs(node, look, inline, apart);
    const align = childOf(properties, 'jc')?.attributes.get('val') ?? '';
    const indent = place && mark ? place.depth + 1 : 0;
    const shown = {
      level: level <= 6 ? level : 0,
      indent,
      align: align === 'both' ? 'justify' : align,
    };
    return [block(inline.all(), shown), ...apart];
  }

  async #runs(parent: XmlNode, look: Look, inline: Inline, apart: string[]): Promise<void> {
    for (const node of elementsOf(parent)) {
      if (node.name === 'r') await this.#run(node, look, inline, apart);
      else if (node.name === 'hyperlink') {
        const words = new Inline();
        await this.#runs(node, look, words, apart);
        const link = this.#relations.get(node.attributes.get('id') ?? '');
        inline.html(linked(words.all(), link?.isOutside ? link.target : undefined));
      } else if (node.name === 'del' || node.name === 'moveFrom') {
        await this.#runs(node, { ...look, struck: true }, inline, apart);
      } else if (/^(ins|moveTo|smartTag|fldSimple|sdtContent|customXml|dir|bdo)$/.test(node.name)) {
        await this.#runs(node, look, inline, apart);
      } else if (node.name === 'sdt') {
        const content = childOf(node, 'sdtContent');
        if (content) await this.#runs(content, look, inline, apart);
      } else if (node.name === 'oMath' || node.name === 'oMathPara') {
        inline.text([...within(node, 't')].map(wordsOf).join(''), { ...look, italic: true });
      }
    }
  }

  async #run(run: XmlNode, before: Look, inline: Inline, apart: string[]): Promise<void> {
    const properties = childOf(run, 'rPr');
    if (isOn(childOf(properties, 'vanish'))) return;
    const named = this.#styles.named(childOf(properties, 'rStyle')?.attributes.get('val')).look;
    const look = lookOf(properties, { ...before, ...named });
    for (const node of elementsOf(run)) await this.#piece(node, look, inline, apart);
  }

  async #piece(node: XmlNode, look: Look, inline: Inline, apart: string[]): Promise<void> {
    switch (node.name) {
      case 't':
      case 'delText':
        return inline.text(wordsOf(node), look);
      case 'tab':
      case 'ptab':
        return inline.text('\u2003', look);
      case 'br':
      case 'cr':
        if (node.attributes.get('type') === 'page') apart.push('<hr>');
        else inline.text('\n', look);
        return;
      case 'noBreakHyphen':
        return inline.text('\u2011', look);
      case 'sym':
        // A picture out of a font of signs: mostly a mark in front of something.
        return inline.text('•', look);
      case 'footnoteReference':
        this.notes.push(node.attributes.get('id') ?? '');
        return inline.html(`<sup>${this.notes.length}</sup>`);
      case 'AlternateContent': {
        const one = chosen(node);
        for (const child of elementsOf(one)) await this.#piece(child, look, inline, apart);
        return;
      }
      case 'drawing':
      case 'pict':
      case 'object':
        for (const box of within(node, 'txbxContent')) apart.push(...(await this.blocks(box)));
        return this.#picture(node, inline);
    }
  }

  async #picture(node: XmlNode, inline: Inline): Promise<void> {
    const [blip] = within(node, 'blip');
    const [old] = within(node, 'imagedata');
    const id = blip?.attributes.get('embed') ?? old?.attributes.get('id');
    const found = id === undefined ? undefined : this.#relations.get(id);
    if (!found || found.isOutside) return;
    const [about] = within(node, 'docPr');
    inline.html(await this.pictures.add(found.target, about?.attributes.get('descr') ?? ''));
  }

  async #rows(table: XmlNode): Promise<Cell[][]> {
    const rows: Cell[][] = [];
    /** The cell of each column that may go on in the next row. */
    const above = new Map<number, Cell>();
    for (const row of elementsOf(table)) {
      if (row.name !== 'tr') continue;
      const cells: Cell[] = [];
      let column = 0;
      for (const node of elementsOf(row)) {
        if (node.name !== 'tc') continue;
        const properties = childOf(node, 'tcPr');
        const columns = Number(childOf(properties, 'gridSpan')?.attributes.get('val') ?? 1) || 1;
        const merged = childOf(properties, 'vMerge');
        const upper = above.get(column);
        if (merged && merged.attributes.get('val') !== 'restart' && upper) upper.rows += 1;
        else {
          const cell = { html: (await this.blocks(node)).join(''), columns, rows: 1 };
          cells.push(cell);
          if (merged) above.set(column, cell);
          else above.delete(column);
        }
        column += columns;
      }
      rows.push(cells);
    }
    return rows;
  }
}

/** Office writes what is new in two ways, and the older one is left out. */
function chosen(node: XmlNode): XmlNode | undefined {
  return childOf(node, 'Choice') ?? childOf(node, 'Fallback');
}

function wordsOf(node: XmlNode): string {
  return node.children.filter((child) => typeof child === 'string').join('');
}
