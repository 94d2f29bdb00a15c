import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { api, must, type Schema } from '../../../api/client.ts';
import { ProblemAlert } from '../../../app/problem-alert.tsx';
import { Button, ButtonLink } from '../../../ui/button.tsx';
import { type Column, DataTable } from '../../../ui/data-table.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Alert, StateText } from '../../../ui/notice.tsx';
import { Card, Page } from '../../../ui/page.tsx';
import { saveFile } from '../../../ui/save-file.ts';
import { FileDrop } from '../parts/file-drop.tsx';
import { base64Of } from '../parts/files.ts';
import { useDeed } from '../queries.ts';
import { countsOf, type ImportLine, linesOf } from './import-table.ts';
import { faultText } from './import-words.ts';
import { PastImports, useUndo } from './past-imports.tsx';

/** Lines drawn at once; a table of thousands is paged. */
const LINES_A_PAGE = 100;

const SAMPLE = [
  'name;kind;host;port;label;tls;folder;description;bundle',
  'Terminalserver Bauamt;rdp;ts-bau.stadt.intern;3389;;;Arbeitsplätze;Desktop des Bauamts;Bauamt',
  'Aktenplan;web;akten.stadt.intern;443;akten;yes;Anwendungen;Aktenplan und Vorgänge;Bauamt',
  '',
].join('\r\n');

type File64 = { name: string; csv_base64: string };

/** Targets from a table: look first, then apply, and undo if it was wrong. */
export function ImportPage() {
  const { t } = useLingui();
  const [file, setFile] = useState<File64>();
  const preview = useDeed((next: File64) => send(next, true));
  const apply = useDeed((next: File64) => send(next, false));
  const take = async (chosen: File) => {
    const next = { name: chosen.name, csv_base64: await base64Of(chosen) };
    setFile(next);
    apply.reset();
    preview.mutate(next);
  };
  const applied = apply.data?.id ? apply.data : undefined;
  const shown = apply.data ?? preview.data;
  const problem = apply.error ?? preview.error;
  return (
    <Page
      title={t`Tabelle einspielen`}
      back={{ to: '/verwaltung/ziele', label: t`Ziele` }}
      lead={
        <Trans>
          Viele Ziele auf einmal. Zuerst sehen Sie, was geschehen würde; geändert wird erst, wenn
          Sie es sagen.
        </Trans>
      }
    >
      {!applied && (
        <Card>
          <FileDrop
            action={file ? t`Andere Tabelle auswählen` : t`Tabelle auswählen`}
            accept=".csv,.txt,text/csv"
            pending={preview.isPending}
            onFile={(chosen) => void take(chosen)}
          >
            {file && (
              <p>
                <Trans>
                  Ausgewählt: <strong>{file.name}</strong>
                </Trans>
              </p>
            )}
          </FileDrop>
          <p className="fa-muted fa-small">
            <Trans>
              CSV mit Komma oder Semikolon, höchstens 5.000 Zeilen. Die Überschriften und „yes“ oder
              „no“ sind englisch, damit dieselbe Datei überall gilt; deutsche versteht Fernamt auch.
              Ein Ziel mit bekanntem Namen wird geändert, ein unbekanntes angelegt, entfernt wird
              nichts. Am einfachsten geben Sie die heutige Tabelle aus und ändern sie.
            </Trans>
          </p>
          <div className="fa-row">
            <Button
              small
              icon={icons.iconDownload}
              onPress={() => saveFile('muster.csv', `\uFEFF${SAMPLE}`, 'text/csv')}
            >
              <Trans>Muster herunterladen</Trans>
            </Button>
          </div>
        </Card>
      )}
      {problem && <ProblemAlert problem={problem} />}
      {!file && <PastImports />}
      {applied ? (
        <Applied result={applied} />
      ) : (
        shown &&
        file && (
          <Preview
            key={file.csv_base64}
            result={shown}
            pending={apply.isPending}
            onApply={() => apply.mutate(file)}
          />
        )
      )}
    </Page>
  );
}

const send = ({ csv_base64 }: File64, preview: boolean) =>
  must(api.POST('/api/v1/admin/targets/import', { body: { csv_base64, preview } }));

type PreviewProps = {
  result: Schema<'ImportResult'>;
  pending: boolean;
  onApply: () => void;
};

function Preview({ result, pending, onApply }: PreviewProps) {
  const lines = linesOf(result);
  const counts = countsOf(lines);
  const changes = counts.create + counts.change;
  return (
    <div className="fa-stack">
      {counts.fault > 0 ? (
        <Alert
          tone="danger"
          live="assertive"
          title={
            <Plural
              value={counts.fault}
              one="Eine Zeile hat einen Fehler. Eingespielt wird nichts, bis er behoben ist."
              other="# Zeilen haben Fehler. Eingespielt wird nichts, bis sie behoben sind."
            />
          }
        >
          <p>
            <Trans>
              Berichtigen Sie die Zeilen in der Datei und wählen Sie sie noch einmal aus.
            </Trans>
          </p>
        </Alert>
      ) : (
        <Alert
          tone={changes > 0 ? 'info' : 'success'}
          live="polite"
          title={
            changes > 0 ? (
              <Trans>
                <Plural
                  value={counts.create}
                  one="# Ziel wird angelegt"
                  other="# Ziele werden angelegt"
                />
                , <Plural value={counts.change} one="# geändert" other="# geändert" />,{' '}
                <Plural value={counts.unchanged} one="# bleibt" other="# bleiben" />
              </Trans>
            ) : (
              <Trans>Alle Ziele sind schon so eingetragen. Es gibt nichts zu tun.</Trans>
            )
          }
          actions={
            changes > 0 && (
              <Button variant="primary" icon={icons.iconUpload} pending={pending} onPress={onApply}>
                <Trans>Tabelle einspielen</Trans>
              </Button>
            )
          }
        >
          {counts.create > 0 && <NewTargetsNote />}
          {counts.change > 0 && (
            <p>
              <Trans>
                Verbindungen zu geänderten Zielen enden. Sie können den Import danach zurücknehmen.
              </Trans>
            </p>
          )}
        </Alert>
      )}
      <LineTable lines={lines} />
    </div>
  );
}

function Applied({ result }: { result: Schema<'ImportResult'> }) {
  const [undone, setUndone] = useState<Schema<'UndoResult'>>();
  const { undo, dialog } = useUndo(setUndone);
  const lines = linesOf(result);
  const counts = countsOf(lines);
  if (undone) {
    return (
      <Alert
        tone="success"
        title={
          <Plural
            value={undone.restored}
            one="Zurückgenommen: # Ziel ist wieder wie vorher"
            other="Zurückgenommen: # Ziele sind wieder wie vorher"
          />
        }
        actions={
          <ButtonLink to="/verwaltung/ziele" small>
            <Trans>Zu den Zielen</Trans>
          </ButtonLink>
        }
      >
        {undone.kept.length > 0 && (
          <p>
            <Trans>
              Seitdem von Hand geändert und deshalb nicht angefasst: {undone.kept.join(', ')}.
            </Trans>
          </p>
        )}
      </Alert>
    );
  }
  return (
    <div className="fa-stack">
      <Alert
        tone="success"
        live="polite"
        title={
          <Trans>
            Eingespielt: {counts.create} angelegt, {counts.change} geändert
          </Trans>
        }
        actions={
          <>
            <ButtonLink to="/verwaltung/ziele" small variant="primary">
              <Trans>Zu den Zielen</Trans>
            </ButtonLink>
            <Button small icon={icons.iconUndo} onPress={() => undo(result.id ?? '')}>
              <Trans>Import zurücknehmen</Trans>
            </Button>
          </>
        }
      >
        {counts.create > 0 && <NewTargetsNote />}
      </Alert>
      <LineTable lines={lines} />
      {dialog}
    </div>
  );
}

/** Which of the new targets can be reached without another step. */
function NewTargetsNote() {
  return (
    <p>
      <Trans>
        Neue Ziele, die eine Regel schon freigibt, etwa über ihr Bündel, sind sofort erreichbar.
        Alle anderen werden es erst durch eine Regel.
      </Trans>
    </p>
  );
}

function LineTable({ lines }: { lines: readonly ImportLine[] }) {
  const { t } = useLingui();
  // What is wrong stands first: nobody looks for line 3,812.
  const sorted = [...lines].sort(
    (a, b) => Number(b.action === 'fault') - Number(a.action === 'fault') || a.line - b.line,
  );
  const [page, setPage] = useState(1);
  const columns: Column<ImportLine>[] = [
    { id: 'line', header: t`Zeile`, cell: ({ line }) => line },
    {
      id: 'name',
      header: t`Name`,
      isRowHeader: true,
      cell: ({ name }) => name || <span className="fa-muted">{t`nicht lesbar`}</span>,
    },
    { id: 'action', header: t`Was geschieht`, cell: (line) => <ActionCell line={line} /> },
    { id: 'bundle', header: t`Bündel`, cell: ({ bundle }) => bundle },
  ];
  return (
    <DataTable
      label={t`Zeilen der Tabelle`}
      columns={columns}
      rows={sorted.slice((page - 1) * LINES_A_PAGE, page * LINES_A_PAGE)}
      rowKey={({ line }) => String(line)}
      paging={{ page, pageSize: LINES_A_PAGE, total: sorted.length, onPage: setPage }}
      empty={
        <p className="fa-loading">
          <Trans>Die Tabelle hat keine Zeilen.</Trans>
        </p>
      }
    />
  );
}

function ActionCell({ line }: { line: ImportLine }) {
  switch (line.action) {
    case 'create':
      return (
        <StateText tone="success" icon={icons.iconAdd}>
          <Trans>wird angelegt</Trans>
        </StateText>
      );
    case 'change':
      return (
        <StateText tone="info" icon={icons.iconEdit}>
          <Trans>wird geändert</Trans>
        </StateText>
      );
    case 'unchanged':
      return (
        <StateText tone="neutral" icon={icons.iconCheck}>
          <Trans>bleibt, wie es ist</Trans>
        </StateText>
      );
    case 'fault':
      return (
        <div className="fa-stack fa-stack--tight">
          {line.faults.map((fault) => (
            <StateText key={`${fault.column}-${fault.code}`} tone="danger">
              {faultText(fault)}
            </StateText>
          ))}
        </div>
      );
  }
}
