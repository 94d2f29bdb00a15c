import { LIMITS, Unreadable } from './limits.ts';

/** By local name: the formats read here use none twice with different meanings on one element. */
export type Attributes = ReadonlyMap<string, string>;

export type XmlReader = {
  open: (name: string, attributes: Attributes) => void;
  close: (name: string) => void;
  text: (text: string) => void;
};

export type XmlNode = { name: string; attributes: Attributes; children: (XmlNode | string)[] };

const NONE: Attributes = new Map();

/**
 * Goes through an XML text once. There are no declarations of entities and nothing from outside: a text with a DOCTYPE is
 * refused, as the formats themselves demand. Names come without their prefix.
 */
export function readXml(source: string, { open, close, text }: XmlReader): void {
  const stack: string[] = [];
  let at = 0;
  while (at < source.length) {
    const start = source.indexOf('<', at);
    const end = start < 0 ? source.length : start;
    if (end > at && stack.length > 0) text(unescaped(source.slice(at, end)));
    if (start < 0) break;
    const next = source[start + 1];
    if (next === '?') at = after(source, '?>', start);
    else if (next === '!') {
      if (source.startsWith('<!--', start)) at = after(source, '-->', start + 4);
      else if (source.startsWith('<![CDATA[', start)) {
        at = after(source, ']]>', start);
        if (stack.length > 0) text(source.slice(start + 9, at - 3));
      } else throw new Unreadable('damaged');
    } else if (next === '/') {
      at = after(source, '>', start);
      const name = local(source.slice(start + 2, at - 1).trimEnd());
      if (stack.pop() !== name) throw new Unreadable('damaged');
      close(name);
    } else {
      const tag = tagAt(source, start + 1);
      at = tag.end;
      open(tag.name, tag.attributes);
      if (tag.isEmpty) close(tag.name);
      else if (stack.push(tag.name) > LIMITS.xmlDepth) throw new Unreadable('too_large');
    }
  }
  if (stack.length > 0) throw new Unreadable('damaged');
}

/** The whole of a text that is not too large as a tree. */
export function treeOf(source: string): XmlNode {
  const root: XmlNode = { name: '', attributes: NONE, children: [] };
  const stack = [root];
  let nodes = 0;
  readXml(source, {
    open(name, attributes) {
      nodes += 1;
      if (nodes > LIMITS.xmlNodes) throw new Unreadable('too_large');
      const node = { name, attributes, children: [] };
      stack.at(-1)?.children.push(node);
      stack.push(node);
    },
    close: () => stack.pop(),
    text: (text) => stack.at(-1)?.children.push(text),
  });
  return root;
}

/** The elements directly within. */
export function* elementsOf(node: XmlNode | undefined): Generator<XmlNode> {
  for (const child of node?.children ?? []) if (typeof child !== 'string') yield child;
}

/** The first element of this name directly within. */
export function childOf(node: XmlNode | undefined, name: string): XmlNode | undefined {
  for (const child of elementsOf(node)) if (child.name === name) return child;
  return undefined;
}

/** All elements of this name, however deep. */
export function* within(node: XmlNode | undefined, name: string): Generator<XmlNode> {
  for (const child of elementsOf(node)) {
    if (child.name === name) yield child;
    yield* within(child, name);
  }
}

function after(source: string, mark: string, from: number): number {
  const found = source.indexOf(mark, from);
  if (found < 0) throw new Unreadable('damaged');
  return found + mark.length;
}

function local(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

const isBlank = (code: number) => code === 32 || code === 10 || code === 13 || code === 9;

function tagAt(source: string, start: number) {
  let at = start;
  const word = () => {
    const from = at;
    for (; at < source.length; at += 1) {
      const code = source.charCodeAt(at);
      // Blank, =, > and /
      if (isBlank(code) || code === 61 || code === 62 || code === 47) break;
    }
    return source.slice(from, at);
  };
  const blanks = () => {
    while (isBlank(source.charCodeAt(at))) at += 1;
  };
  const name = local(word());
  let attributes: Map<string, string> | undefined;
  for (;;) {
    blanks();
    const mark = source[at];
    if (mark === '>') return { name, attributes: attributes ?? NONE, isEmpty: false, end: at + 1 };
    if (mark === '/' && source[at + 1] === '>') {
      return { name, attributes: attributes ?? NONE, isEmpty: true, end: at + 2 };
    }
    const attribute = word();
    blanks();
    if (attribute === '' || source[at] !== '=') throw new Unreadable('damaged');
    at += 1;
    blanks();
    const quote = source[at];
    if (quote !== '"' && quote !== "'") throw new Unreadable('damaged');
    const end = after(source, quote, at + 1);
    attributes ??= new Map();
    if (attributes.size >= LIMITS.attributes) throw new Unreadable('too_large');
    // Declarations of prefixes say nothing here.
    if (!attribute.startsWith('xmlns')) {
      attributes.set(local(attribute), unescaped(source.slice(at + 1, end - 1)));
    }
    at = end;
  }
}

const NAMED: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function unescaped(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(
    /&(?:#(\d{1,7})|#x([\da-f]{1,6})|(lt|gt|amp|quot|apos));/gi,
    (all, ...found) => {
      const [decimal, hex, name] = found as (string | undefined)[];
      if (name) return NAMED[name.toLowerCase()] ?? all;
      const code = decimal ? Number.parseInt(decimal, 10) : Number.parseInt(hex ?? '', 16);
      const isCharacter = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
      return isCharacter ? String.fromCodePoint(code) : '\ufffd';
    },
  );
}
