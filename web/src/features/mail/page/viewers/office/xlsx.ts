import { LIMITS, Unreadable } from './limits.ts';
import { formOf, type NumberForm, written } from './numbers.ts';
import { mainPart, relationsOf } from './relations.ts';
import { Sheets } from './sheets.ts';
import { Remarks, type Shown } from './shown.ts';
import { childOf, elementsOf, readXml, treeOf } from './xml.ts';
import type { Zip } from './zip.ts';

const PLAIN: NumberForm = { kind: 'plain', digits: null };
const LETTERS = 26;
/** Columns have three letters at most. */
const PLACE = /^([A-Z]{1,3})(\d{1,7})$/;

/** A workbook of Excel (ECMA-376): the values of its cells as they were saved. Nothing is calculated. */
export async function readXlsx(zip: Zip, locale: string): Promise<Shown> {
  const remarks = new Remarks();
  const main = await mainPart(zip, 'xl/workbook.xml', remarks);
  const source = await zip.text(main);
  if (source === undefined) throw new Unreadable('unknown');
  if (zip.names.some((name) => /vbaProject\.bin$/i.test(name))) remarks.add('macros');
  const relations = await relationsOf(zip, main, remarks);
  const partOf = (type: string) => [...relations.values()].find((one) => one.type === type)?.target;
  const book = childOf(treeOf(source), 'workbook');
  const is1904 = /^(1|true)$/.test(childOf(book, 'workbookPr')?.attributes.get('date1904') ?? '');
  const strings = await stringsOf(zip, partOf('sharedStrings'));
  const forms = await formsOf(zip, partOf('styles'));
  if ([...relations.values()].some(({ type }) => type === 'externalLink')) remarks.add('outside');
  const sheets = new Sheets(remarks);
  for (const { name, attributes } of elementsOf(childOf(book, 'sheets'))) {
    const found = relations.get(attributes.get('id') ?? '');
    if (name !== 'sheet' || !found || found.isOutside) continue;
    if (!sheets.begin(attributes.get('name') ?? '')) break;
    const sheet = found.type === 'worksheet' ? await zip.text(found.target) : undefined;
    if (sheet !== undefined) {
      readSheet(sheet, sheets, {
        string: (index) => strings[index] ?? '',
        number: (value, style) => written(value, forms[style] ?? PLAIN, is1904, locale),
      });
    }
  }
  return { kind: 'tables', sheets: sheets.all, remarks: remarks.list() };
}

type Values = {
  string: (index: number) => string;
  number: (value: number, style: number) => string;
};

function readSheet(source: string, sheets: Sheets, values: Values): void {
  let [row, column, type, style] = [0, -1, 'n', 0];
  let text: string[] | null = null;
  let value = '';
  readXml(source, {
    open(name, attributes) {
      if (name === 'row') {
        row = Number(attributes.get('r')) || row + 1;
        column = -1;
      } else if (name === 'c') {
        const place = PLACE.exec(attributes.get('r') ?? '');
        column = place ? columnOf(place[1] ?? '') : column + 1;
        if (place) row = Number(place[2]);
        type = attributes.get('t') ?? 'n';
        style = Number(attributes.get('s') ?? 0) || 0;
        value = '';
      } else if (name === 'v' || name === 't') text = [];
    },
    text: (piece) => text?.push(piece),
    close(name) {
      if ((name === 'v' || name === 't') && text) {
        value += text.join('');
        text = null;
      } else if (name === 'c') sheets.put(row, column, shown(value, type, style, values));
    },
  });
}

function shown(value: string, type: string, style: number, { string, number }: Values): string {
  if (value === '') return '';
  if (type === 's') return string(Number(value));
  if (type === 'b') return value === '1' ? '✓' : '✗';
  if (type === 'n') return Number.isFinite(Number(value)) ? number(Number(value), style) : value;
  return value;
}

function columnOf(letters: string): number {
  let number = 0;
  for (const letter of letters) number = number * LETTERS + letter.charCodeAt(0) - 64;
  return number - 1;
}

async function stringsOf(zip: Zip, part: string | undefined): Promise<string[]> {
  const source = part === undefined ? undefined : await zip.text(part);
  const all: string[] = [];
  if (source === undefined) return all;
  let [pieces, isText, isReading]: [string[], boolean, number] = [[], false, 0];
  readXml(source, {
    open(name) {
      if (name === 'si') pieces = [];
      // How words are pronounced.
      else if (name === 'rPh') isReading += 1;
      else if (name === 't') isText = isReading === 0;
    },
    text: (piece) => {
      if (isText) pieces.push(piece);
    },
    close(name) {
      if (name === 't') isText = false;
      else if (name === 'rPh') isReading -= 1;
      else if (name === 'si') {
        if (all.length >= LIMITS.strings) throw new Unreadable('too_large');
        all.push(pieces.join(''));
      }
    },
  });
  return all;
}

/** The forms of numbers by the index that cells name. */
async function formsOf(zip: Zip, part: string | undefined): Promise<NumberForm[]> {
  const source = part === undefined ? undefined : await zip.text(part);
  const root = childOf(source === undefined ? undefined : treeOf(source), 'styleSheet');
  const codes = new Map<string, string>();
  for (const { attributes } of elementsOf(childOf(root, 'numFmts'))) {
    codes.set(attributes.get('numFmtId') ?? '', attributes.get('formatCode') ?? '');
  }
  return [...elementsOf(childOf(root, 'cellXfs'))].map(({ attributes }) => {
    const id = attributes.get('numFmtId') ?? '0';
    return formOf(Number(id), codes.get(id)?.slice(0, 200));
  });
}
