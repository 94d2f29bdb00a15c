import { cleaned } from './clean.ts';
import { htmlOf, textOf } from './convert.ts';

/** The text with the signature of one sender exchanged for that of another; what was changed by hand stays. */
export function resignedHtml(html: string, before: string, after: string): string {
  const box = document.createElement('div');
  box.append(cleaned(html));
  const blocks = [...box.children];
  const lines = blocks.map((block) => textOf(block).trim());
  const old = before.trim() ? before.trim().split('\n') : [];
  const mark = lines.lastIndexOf('--');
  const same = old.every((line, at) => lines[mark + 1 + at] === line.trim());
  const fresh = after.trim() ? cleaned(htmlOf(`-- \n${after.trim()}`)) : null;
  if (old.length > 0 && mark >= 0 && same) {
    const gone = blocks.slice(mark, mark + 1 + old.length);
    gone[0]?.before(...(fresh ? [fresh] : []));
    for (const block of gone) block.remove();
  } else if (old.length === 0 && fresh) {
    box.append(cleaned(htmlOf('')), fresh);
  }
  return box.innerHTML;
}
