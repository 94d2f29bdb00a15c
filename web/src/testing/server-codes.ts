import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const CRATES = join(import.meta.dirname, '../../../crates');
const WORD = /^"([a-z][a-z0-9_]*)"$/;

type Source = { path: string; text: string };

/** What the server's crates consist of, without their tests. */
const sources: Source[] = readdirSync(CRATES, { recursive: true, encoding: 'utf8' })
  .filter((path) => /^(?!testkit)[\w-]+\/src\/.*\.rs$/.test(path))
  .map((path) => ({
    path,
    text: (readFileSync(join(CRATES, path), 'utf8').split(/#\[cfg\(test\)\]\s+mod /)[0] ?? '')
      // Comments may quote anything.
      .replace(/^\s*\/\/.*$/gm, ''),
  }));

/**
 * The words that stand as the nth argument of calls to these functions, in files whose path fits. What
 * is no word, but a variable or a call, comes back as it is written, so that a test can insist on it.
 */
export function wordsInCalls(names: readonly string[], nth: number, files = /./): Set<string> {
  const found = new Set<string>();
  for (const { text } of sources.filter(({ path }) => files.test(path))) {
    for (const name of names) {
      for (let at = text.indexOf(`${name}(`); at >= 0; at = text.indexOf(`${name}(`, at + 1)) {
        const before = text.slice(Math.max(0, at - 4), at);
        if (/fn $/.test(before) || (/\w$/.test(before) && !name.startsWith('.'))) continue;
        const word = argumentsOf(text, at + name.length + 1)[nth] ?? '';
        found.add(WORD.exec(word)?.[1] ?? word);
      }
    }
  }
  return found;
}

/** The words that a function of this name hands out: `Self::Common => "password_common"`. */
export function wordsOf(signature: string, files: RegExp): Set<string> {
  const found = new Set<string>();
  for (const { text } of sources.filter(({ path }) => files.test(path))) {
    const start = text.indexOf(signature);
    if (start < 0) continue;
    const body = text.slice(start, text.indexOf('\n    }\n', start));
    for (const [, word] of body.matchAll(/"([a-z][a-z0-9_]*)"/g)) if (word) found.add(word);
  }
  return found;
}

/** The words that a pattern's first group finds, in files whose path fits. */
export function wordsLike(pattern: RegExp, files: RegExp): Set<string> {
  const found = new Set<string>();
  for (const { text } of sources.filter(({ path }) => files.test(path))) {
    for (const [, word] of text.matchAll(pattern)) if (word) found.add(word);
  }
  return found;
}

function argumentsOf(text: string, start: number): string[] {
  const found: string[] = [];
  let depth = 0;
  let current = '';
  for (let at = start; at < text.length; at += 1) {
    const letter = text[at] ?? '';
    if (letter === '"') {
      const end = endOfString(text, at);
      current += text.slice(at, end);
      at = end - 1;
      continue;
    }
    if ('([{'.includes(letter)) depth += 1;
    if (')]}'.includes(letter)) {
      if (depth === 0) break;
      depth -= 1;
    }
    if (letter === ',' && depth === 0) {
      found.push(current.trim());
      current = '';
    } else current += letter;
  }
  return [...found, current.trim()];
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}
