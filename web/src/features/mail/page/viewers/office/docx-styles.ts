import type { Look } from './inline.ts';
import { childOf, elementsOf, treeOf, within, type XmlNode } from './xml.ts';
import type { Zip } from './zip.ts';

const MAX_BASES = 10;
const MAX_LEVELS = 9;

type Style = {
  name: string;
  base: string | undefined;
  level: number;
  look: Look;
  list: ListPlace | null;
};
/** Which list a paragraph belongs to, and how deep in it. */
export type ListPlace = { list: string; depth: number };
type Level = { format: string; text: string; start: number };

/** Whether a switch such as `<w:b/>` is on. */
export function isOn(node: XmlNode | undefined): boolean {
  const value = node?.attributes.get('val');
  return (
    node !== undefined && value !== '0' && value !== 'false' && value !== 'none' && value !== 'off'
  );
}

/** What a run's or a style's properties say of looks; what they do not say stays as it was. */
export function lookOf(properties: XmlNode | undefined, before: Look = {}): Look {
  const look = { ...before };
  for (const node of elementsOf(properties)) {
    const value = node.attributes.get('val');
    if (node.name === 'b') look.bold = isOn(node);
    else if (node.name === 'i') look.italic = isOn(node);
    else if (node.name === 'u') look.underlined = isOn(node);
    else if (node.name === 'strike' || node.name === 'dstrike') look.struck = isOn(node);
    else if (node.name === 'color') look.colour = value;
    else if (node.name === 'vertAlign') {
      look.raised = value === 'superscript' ? 'sup' : value === 'subscript' ? 'sub' : undefined;
    }
  }
  return look;
}

/** Where in which list the properties of a paragraph put it. */
export function listPlaceOf(properties: XmlNode | undefined): ListPlace | null {
  const numbered = childOf(properties, 'numPr');
  const list = childOf(numbered, 'numId')?.attributes.get('val');
  if (!list) return null;
  const depth = Number(childOf(numbered, 'ilvl')?.attributes.get('val') ?? 0);
  return { list, depth: Math.min(Math.max(Math.trunc(depth) || 0, 0), MAX_LEVELS - 1) };
}

/** The styles that paragraphs and runs name. */
export class Styles {
  readonly #styles = new Map<string, Style>();

  static async of(zip: Zip, part: string | undefined): Promise<Styles> {
    const styles = new Styles();
    const source = part === undefined ? undefined : await zip.text(part);
    for (const node of elementsOf(
      childOf(source === undefined ? undefined : treeOf(source), 'styles'),
    )) {
      const id = node.attributes.get('styleId');
      if (node.name === 'style' && id) styles.#styles.set(id, styleOf(node));
    }
    return styles;
  }

  /** A style with what it takes from those that it is based on. */
  named(id: string | undefined): { level: number; look: Look; list: ListPlace | null } {
    const chain: Style[] = [];
    for (let next = id; next !== undefined && chain.length < MAX_BASES; ) {
      const style = this.#styles.get(next);
      if (!style) break;
      chain.unshift(style);
      next = style.base;
    }
    const last = chain.at(-1);
    return {
      level: chain.findLast(({ level }) => level > 0)?.level ?? 0,
      look: last ? Object.assign({}, ...chain.map(({ look }) => look)) : {},
      list: chain.findLast(({ list }) => list)?.list ?? null,
    };
  }
}

function styleOf(node: XmlNode): Style {
  const name = childOf(node, 'name')?.attributes.get('val') ?? '';
  const paragraph = childOf(node, 'pPr');
  const outline = childOf(paragraph, 'outlineLvl')?.attributes.get('val');
  const named = /^heading (\d)/i.exec(name)?.[1];
  const level =
    outline !== undefined ? Number(outline) + 1 : Number(named ?? (/^title$/i.test(name) ? 1 : 0));
  return {
    name,
    base: childOf(node, 'basedOn')?.attributes.get('val'),
    level: level >= 1 && level <= MAX_LEVELS ? level : 0,
    look: lookOf(childOf(node, 'rPr')),
    list: listPlaceOf(paragraph),
  };
}

/** The numbers and marks of lists, counted as the paragraphs come. */
export class Lists {
  readonly #levels = new Map<string, Map<number, Level>>();
  readonly #counts = new Map<string, number[]>();

  static async of(zip: Zip, part: string | undefined): Promise<Lists> {
    const lists = new Lists();
    const source = part === undefined ? undefined : await zip.text(part);
    const root = childOf(source === undefined ? undefined : treeOf(source), 'numbering');
    const models = new Map<string, Map<number, Level>>();
    for (const node of elementsOf(root)) {
      if (node.name === 'abstractNum') {
        models.set(node.attributes.get('abstractNumId') ?? '', levelsOf(node));
      } else if (node.name === 'num') {
        const model = childOf(node, 'abstractNumId')?.attributes.get('val') ?? '';
        const levels = models.get(model);
        if (levels) lists.#levels.set(node.attributes.get('numId') ?? '', levels);
      }
    }
    return lists;
  }

  /** What stands in front of the next paragraph at this place. */
  next({ list, depth }: ListPlace): string {
    const levels = this.#levels.get(list);
    const level = levels?.get(depth);
    if (!level || level.format === 'none') return '';
    if (level.format === 'bullet') return '•';
    const counts = this.#counts.get(list) ?? [];
    this.#counts.set(list, counts);
    counts.length = Math.min(counts.length, depth + 1);
    for (let at = counts.length; at < depth; at += 1) counts[at] = levels?.get(at)?.start ?? 1;
    counts[depth] = (counts[depth] ?? level.start - 1) + 1;
    return level.text.replace(/%([1-9])/g, (_, place: string) => {
      const at = Number(place) - 1;
      return numberAs(levels?.get(at)?.format ?? 'decimal', counts[at] ?? 1);
    });
  }
}

function levelsOf(node: XmlNode): Map<number, Level> {
  const levels = new Map<number, Level>();
  for (const level of within(node, 'lvl')) {
    const value = (name: string) => childOf(level, name)?.attributes.get('val');
    levels.set(Number(level.attributes.get('ilvl') ?? 0), {
      format: value('numFmt') ?? 'decimal',
      text: (value('lvlText') ?? '%1.').slice(0, 40),
      start: Number(value('start') ?? 1) || 1,
    });
  }
  return levels;
}

const LETTERS = 26;
const ROMAN: [number, string][] = [
  [1000, 'm'],
  [900, 'cm'],
  [500, 'd'],
  [400, 'cd'],
  [100, 'c'],
  [90, 'xc'],
  [50, 'l'],
  [40, 'xl'],
  [10, 'x'],
  [9, 'ix'],
  [5, 'v'],
  [4, 'iv'],
  [1, 'i'],
];
const MAX_ROMAN = 4_000;

/** A number as lists write it. */
export function numberAs(format: string, number: number): string {
  const isUpper = format.startsWith('upper');
  const cased = (text: string) => (isUpper ? text.toUpperCase() : text);
  if (/Letter$/.test(format) && number >= 1 && number <= LETTERS * LETTERS) {
    const letter = String.fromCharCode(97 + ((number - 1) % LETTERS));
    return cased(letter.repeat(Math.ceil(number / LETTERS)));
  }
  if (/Roman$/.test(format) && number >= 1 && number < MAX_ROMAN) {
    let [left, text] = [number, ''];
    for (const [value, letters] of ROMAN) {
      text += letters.repeat(Math.floor(left / value));
      left %= value;
    }
    return cased(text);
  }
  return String(number);
}
