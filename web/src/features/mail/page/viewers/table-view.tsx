import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { IconButton } from '../../../../ui/button.tsx';
import { icons } from '../../../../ui/icon.tsx';
import { tamedFile } from '../bidi.ts';
import type { Sheet } from './office/shown.ts';

const ROWS_AT_ONCE = 200;
/** Cells that a browser draws at once without standing still. */
const CELLS_AT_ONCE = 10_000;
const LETTERS = 26;

/** The sheets of a workbook, so many rows at a time. */
export function TableView({ sheets }: { sheets: Sheet[] }) {
  const { t } = useLingui();
  const [chosen, setChosen] = useState(0);
  const [from, setFrom] = useState(0);
  const sheet = sheets[chosen];
  if (!sheet) {
    return (
      <p className="fa-muted">
        <Trans>Die Datei ist leer.</Trans>
      </p>
    );
  }
  const choose = (index: number) => {
    setChosen(index);
    setFrom(0);
  };
  const step = Math.max(
    20,
    Math.min(ROWS_AT_ONCE, Math.floor(CELLS_AT_ONCE / (sheet.columns || 1))),
  );
  const rows = sheet.rows.slice(from, from + step);
  const last = rows.at(-1)?.number ?? 0;
  const first = rows[0]?.number ?? 0;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would announce a form
    <div className="fa-sheet" role="group" aria-label={t`Tabelle`} data-focus-home>
      <div className="fa-row fa-sheet__bar">
        {sheets.length > 1 && (
          <label className="fa-sheet__which">
            <Trans>Blatt</Trans>{' '}
            <select value={chosen} onChange={({ target }) => choose(Number(target.value))}>
              {sheets.map(({ name }, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the sheets of a file do not change
                <option key={index} value={index}>
                  {tamedFile(name)}
                </option>
              ))}
            </select>
          </label>
        )}
        {sheet.rows.length > step && (
          <span className="fa-nowrap">
            <IconButton
              label={t`Vorige Zeilen`}
              icon={icons.iconChevronLeft}
              isDisabled={from === 0}
              onPress={() => setFrom(Math.max(0, from - step))}
            />
            <span role="status">
              <Trans>
                Zeilen {first} bis {last}
              </Trans>
            </span>
            <IconButton
              label={t`Nächste Zeilen`}
              icon={icons.iconChevronRight}
              isDisabled={from + step >= sheet.rows.length}
              onPress={() => setFrom(from + step)}
            />
          </span>
        )}
      </div>
      {rows.length === 0 ? (
        <p className="fa-muted">
          <Trans>Das Blatt ist leer.</Trans>
        </p>
      ) : (
        <section
          className="fa-sheet__frame"
          aria-label={tamedFile(sheet.name)}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
          tabIndex={0}
        >
          <table>
            <thead>
              <tr>
                <td />
                {Array.from({ length: sheet.columns }, (_, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: columns stay where they are
                  <th key={index} scope="col">
                    {lettersOf(index)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(({ number, cells }) => (
                <tr key={number}>
                  <th scope="row">{number}</th>
                  {Array.from({ length: sheet.columns }, (_, index) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: columns stay where they are
                    <td key={index}>{cells[index]}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </div>
  );
}

/** "A" to "Z", then "AA". */
function lettersOf(index: number): string {
  const rest = Math.floor(index / LETTERS);
  const letter = String.fromCharCode(65 + (index % LETTERS));
  return rest === 0 ? letter : lettersOf(rest - 1) + letter;
}
