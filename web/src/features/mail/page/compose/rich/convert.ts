const BLOCK = /^(div|p|ul|ol|li|blockquote|pre|table|tbody|thead|tr)$/;
/** Deeper than this nobody quotes. */
const MAX_QUOTES = 20;

/** A plain text as HTML: a line each, and what is quoted within quotes. */
export function htmlOf(text: string): string {
  let depth = 0;
  const parts: string[] = [];
  for (const line of text.replace(/\r\n?/g, '\n').split('\n')) {
    const marks = /^(?:> ?)+/.exec(line)?.[0] ?? '';
    const quotes = Math.min(MAX_QUOTES, marks.replace(/[^>]/g, '').length);
    parts.push('<blockquote>'.repeat(Math.max(0, quotes - depth)));
    parts.push('</blockquote>'.repeat(Math.max(0, depth - quotes)));
    depth = quotes;
    parts.push(`<div>${escaped(line.slice(marks.length)) || '<br>'}</div>`);
  }
  return parts.join('') + '</blockquote>'.repeat(depth);
}

/** What is written as HTML as a plain text, for those who read no HTML: quotes, lists and links stay what they are. */
export function textOf(root: Node): string {
  const lines = linesOf(root);
  while (lines.at(-1) === '') lines.pop();
  return lines.join('\n');
}

/** Whether something of it would be lost as a plain text. */
export function isFormatted(root: ParentNode): boolean {
  return root.querySelector('a,b,strong,i,em,u,s,ul,ol,pre,code,table') !== null;
}

function linesOf(node: Node): string[] {
  const lines: string[] = [];
  let open: string | null = null;
  const end = () => {
    if (open !== null) lines.push(open.replace(/\u00a0/g, ' '));
    open = null;
  };
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) {
      const words = (child.textContent ?? '').replace(/[\n\t\u200b]+/g, ' ');
      if (words !== '') open = (open ?? '') + words;
    } else if (child instanceof Element && child.localName === 'br') {
      open ??= '';
      end();
    } else if (child instanceof Element && BLOCK.test(child.localName)) {
      end();
      lines.push(...blockLines(child));
    } else if (child instanceof Element) {
      const [first = '', ...more] = linesOf(child);
      open = (open ?? '') + linked(child, first);
      for (const line of more) {
        end();
        open = line;
      }
    }
  }
  end();
  return lines;
}

function blockLines(block: Element): string[] {
  const inside = linesOf(block);
  const parent = block.parentElement;
  switch (block.localName) {
    case 'blockquote':
      return inside.map((line) => (line.startsWith('>') ? `>${line}` : `> ${line}`));
    case 'li': {
      const at = parent ? [...parent.children].indexOf(block) : 0;
      const mark = parent?.localName === 'ol' ? `${at + 1}. ` : '- ';
      return (inside.length > 0 ? inside : ['']).map(
        (line, number) => `${number === 0 ? mark : ' '.repeat(mark.length)}${line}`,
      );
    }
    default:
      // An empty block is an empty line.
      return inside.length > 0 || block.children.length > 0 ? inside : [''];
  }
}

function linked(element: Element, words: string): string {
  const href = element.localName === 'a' ? (element.getAttribute('href') ?? '') : '';
  const plain = href.replace(/^mailto:/i, '');
  return href === '' || words.includes(plain) ? words : `${words} <${plain}>`;
}

const escaped = (text: string) =>
  text
    .replace(/[&<>"']/g, (char) => `&#${char.codePointAt(0)};`)
    // Else the browser would draw several blanks, and one at the end, as none.
    .replace(/ (?= |$)/g, '&nbsp;');
