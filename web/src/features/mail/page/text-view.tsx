import { Trans } from '@lingui/react/macro';
import { type ReactNode, useMemo } from 'react';
import { linkOf } from './html/links.ts';

/** What is drawn at once; a longer text is cut, and that is said. */
const MAX_TEXT_CHARS = 400_000;
const LINK = /https?:\/\/[^\s<>"„“”]+[^\s<>"„“”.,;:!?)\]}']/gi;

type Part = { quoted: boolean; text: string };

/** A plain text: its links can be opened, and what it quotes can be folded away. */
export function TextView({ text }: { text: string }) {
  const parts = useMemo(() => partsOf(text.slice(0, MAX_TEXT_CHARS)), [text]);
  return (
    <div className="fa-mail__text">
      {parts.map(({ quoted, text: part }, at) => {
        const content = linked(part);
        return quoted ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: a text does not change
          <details key={at} open={parts.length === 1}>
            <summary>
              <Trans>Zitierter Text</Trans>
            </summary>
            <blockquote className="fa-mail__lines">{content}</blockquote>
          </details>
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: a text does not change
          <div key={at} className="fa-mail__lines">
            {content}
          </div>
        );
      })}
      {text.length > MAX_TEXT_CHARS && (
        <p className="fa-muted">
          <Trans>Der Text ist länger. Hier steht sein Anfang.</Trans>
        </p>
      )}
    </div>
  );
}

function partsOf(text: string): Part[] {
  const parts: { quoted: boolean; lines: string[] }[] = [];
  for (const line of text.replace(/\r\n?/g, '\n').split('\n')) {
    const quoted = line.startsWith('>');
    const last = parts.at(-1);
    // An empty line belongs to what stands before it.
    if (last && (last.quoted === quoted || line.trim() === '')) last.lines.push(line);
    else parts.push({ quoted, lines: [line] });
  }
  return parts.map(({ quoted, lines }) => ({
    quoted,
    text: lines
      .map((line) => (quoted ? line.replace(/^> ?/, '') : line))
      .join('\n')
      .trim(),
  }));
}

function linked(text: string): ReactNode[] {
  const nodes: ReactNode[] = [];
  let end = 0;
  for (const found of text.matchAll(LINK)) {
    const link = linkOf(found[0], found[0]);
    if (!link) continue;
    nodes.push(text.slice(end, found.index));
    nodes.push(
      <a key={found.index} href={link.href} target="_blank" rel="noopener noreferrer nofollow">
        {found[0]}
      </a>,
    );
    if (link.doubt) {
      nodes.push(
        <span key={`${found.index}-doubt`} className="fa-mail__doubt">
          {' ⚠ '}
          <Trans>führt zu {link.host}</Trans>
        </span>,
      );
    }
    end = found.index + found[0].length;
  }
  return [...nodes, text.slice(end)];
}
