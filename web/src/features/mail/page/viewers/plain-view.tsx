import { Trans } from '@lingui/react/macro';
import { useMemo } from 'react';
import { textOf } from './office/csv.ts';

/** What is drawn at once; a longer text is cut, and that is said. */
const MAX_TEXT_BYTES = 500_000;
/** Browsers stand still over a text of more lines. */
const MAX_LINES = 10_000;

/** A file as the text that it is, whatever it would be elsewhere: nothing of it is interpreted. */
export function PlainView({ bytes }: { bytes: Uint8Array }) {
  const { text, isWhole } = useMemo(() => beginningOf(bytes), [bytes]);
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre className="fa-mail__plain" tabIndex={0}>
        {text || <Trans>Die Datei ist leer.</Trans>}
      </pre>
      {!isWhole && (
        <p className="fa-muted">
          <Trans>Der Text ist länger. Hier steht sein Anfang.</Trans>
        </p>
      )}
    </>
  );
}

function beginningOf(bytes: Uint8Array): { text: string; isWhole: boolean } {
  const text = textOf(bytes.subarray(0, MAX_TEXT_BYTES));
  let end = -1;
  for (let lines = 0; lines < MAX_LINES; lines += 1) {
    end = text.indexOf('\n', end + 1);
    if (end < 0) return { text, isWhole: bytes.length <= MAX_TEXT_BYTES };
  }
  return { text: text.slice(0, end), isWhole: false };
}
