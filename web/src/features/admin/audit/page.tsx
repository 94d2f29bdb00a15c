import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { api, must, type Schema } from '../../../api/client.ts';
import { problemOfQuery } from '../../../app/loaded.tsx';
import { ProblemAlert } from '../../../app/problem-alert.tsx';
import { useSession } from '../../../app/queries.ts';
import { WordText } from '../../../app/word.tsx';
import { Button } from '../../../ui/button.tsx';
import { Select } from '../../../ui/choices.tsx';
import { type Column, DataTable } from '../../../ui/data-table.tsx';
import { TextField } from '../../../ui/fields.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Menu, MenuItem } from '../../../ui/menu.tsx';
import { Alert, EmptyState } from '../../../ui/notice.tsx';
import { Page } from '../../../ui/page.tsx';
import { PickOne } from '../../../ui/picker.tsx';
import { saveFile } from '../../../ui/save-file.ts';
import { announce } from '../../../ui/status.tsx';
import { exactTime, instantOf, number } from '../format.ts';
import { oneOf, useUrlState } from '../parts/url-state.ts';
import { type AuditQuery, allTargetsQuery, given, useDeed } from '../queries.ts';
import { optionsOf } from '../words.ts';
import { shortPseudonym } from './pseudonym.ts';
import { AskReveal, Reveals } from './reveals.tsx';
import { AUDIT_KINDS, actionText, kindName, OUTCOMES, outcomeWord } from './words.ts';

type Entry = Schema<'AuditEntry'>;

const ENTRIES_A_PAGE = 50;

/** The audit log: search, take along, verify. People stand in it by pseudonym. */
export function AuditPage() {
  const { t } = useLingui();
  const filter = useFilter();
  const isAdministrator = useSession().person.roles.includes('administrator');
  const [wanted, setWanted] = useState<string | null>();
  const entries = useInfiniteQuery({
    queryKey: ['admin', 'audit', filter],
    queryFn: ({ pageParam, signal }) =>
      must(
        api.GET('/api/v1/admin/audit', {
          params: {
            query: {
              ...filter,
              limit: ENTRIES_A_PAGE,
              ...(pageParam !== undefined && { before: pageParam }),
            },
          },
          signal,
        }),
      ),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const rows = entries.data?.pages.flatMap((page) => page.items);
  return (
    <Page
      title={t`Prüfprotokoll`}
      lead={
        <Trans>
          Wer was getan hat und was entschieden wurde, ohne Inhalte. Personen stehen unter einem
          Pseudonym. Auch Ihre Einsicht steht darin.
        </Trans>
      }
      actions={
        <>
          {isAdministrator && (
            <Button icon={icons.iconSearch} onPress={() => setWanted(null)}>
              <Trans>Person suchen</Trans>
            </Button>
          )}
          <Export filter={filter} />
        </>
      }
    >
      <Proof />
      <Reveals />
      <Filters />
      <DataTable
        label={t`Einträge, neueste zuerst`}
        columns={useColumns(setWanted)}
        rows={rows}
        rowKey={(entry) => String(entry.sequence)}
        problem={problemOfQuery(entries)}
        empty={
          <EmptyState icon={icons.iconHistory} title={<Trans>Kein Eintrag passt dazu</Trans>}>
            <p>
              <Trans>Wählen Sie einen größeren Zeitraum oder einen anderen Filter.</Trans>
            </p>
          </EmptyState>
        }
      />
      {entries.hasNextPage && (
        <div className="fa-row">
          <Button pending={entries.isFetchingNextPage} onPress={() => void entries.fetchNextPage()}>
            <Trans>Ältere Einträge zeigen</Trans>
          </Button>
        </div>
      )}
      <AskReveal wanted={wanted} onClose={() => setWanted(undefined)} />
    </Page>
  );
}

function useColumns(onReveal: (pseudonym: string) => void): Column<Entry>[] {
  const { t } = useLingui();
  const [, change] = useUrlState();
  return [
    {
      id: 'at',
      header: t`Zeitpunkt`,
      cell: (entry) => (
        <>
          <span className="fa-nowrap">{exactTime(entry.at)}</span>
          <span className="fa-name__more fa-small">
            <Trans>Nr. {number(entry.sequence)}</Trans>
          </span>
        </>
      ),
    },
    {
      id: 'what',
      header: t`Was`,
      isRowHeader: true,
      cell: (entry) => (
        <>
          {kindName(entry.kind)}
          <span className="fa-name__more">{actionText(entry.action)}</span>
        </>
      ),
    },
    {
      id: 'outcome',
      header: t`Ergebnis`,
      cell: (entry) => <WordText word={outcomeWord(entry.outcome)} />,
    },
    {
      id: 'who',
      header: t`Wer`,
      cell: (entry) => (
        <>
          {entry.actor ? (
            <Pseudonym
              value={entry.actor}
              onPick={() => change({ person: entry.actor ?? undefined })}
              onReveal={() => onReveal(entry.actor ?? '')}
            />
          ) : (
            <Trans>Fernamt selbst</Trans>
          )}
          {entry.subject && entry.subject !== entry.actor && (
            <span className="fa-name__more">
              <Trans>betrifft</Trans>{' '}
              <Pseudonym
                value={entry.subject}
                onPick={() => change({ person: entry.subject ?? undefined })}
                onReveal={() => onReveal(entry.subject ?? '')}
              />
            </span>
          )}
        </>
      ),
    },
    {
      id: 'where',
      header: t`Ziel und Zugang`,
      cell: (entry) =>
        entry.target_id || entry.zone ? (
          <>
            {entry.target_id && (entry.target_name ?? t`entferntes Ziel`)}
            {entry.zone && (
              <span className={entry.target_id ? 'fa-name__more' : 'fa-muted'}>{entry.zone}</span>
            )}
          </>
        ) : null,
    },
    {
      id: 'details',
      header: t`Näheres`,
      cell: (entry) => <Details value={entry.details} />,
    },
  ];
}

type PseudonymProps = { value: string; onPick: () => void; onReveal: () => void };

function Pseudonym({ value, onPick, onReveal }: PseudonymProps) {
  const { t } = useLingui();
  const short = shortPseudonym(value);
  const copy = () =>
    navigator.clipboard.writeText(value).then(
      () => announce('success', t`Das Pseudonym ist kopiert.`),
      () => announce('warning', t`Der Browser erlaubt das Kopieren hier nicht.`),
    );
  return (
    <Menu
      label={t`Pseudonym ${short}`}
      header={<code className="fa-break fa-small">{value}</code>}
      trigger={
        <AriaButton className="fa-linklike fa-mono" aria-label={t`Pseudonym ${short}`}>
          {short}
        </AriaButton>
      }
    >
      <MenuItem
        icon={icons.iconFilterList}
        onAction={onPick}
      >{t`Nur Einträge dazu zeigen`}</MenuItem>
      <MenuItem icon={icons.iconContentCopy} onAction={() => void copy()}>{t`Kopieren`}</MenuItem>
      <MenuItem icon={icons.iconVisibility} onAction={onReveal}>{t`Aufdecken …`}</MenuItem>
    </Menu>
  );
}

function Details({ value }: { value: unknown }) {
  const facts = Object.entries((value ?? {}) as Record<string, unknown>);
  if (facts.length === 0) return null;
  return (
    <details>
      <summary>
        <Plural value={facts.length} one="# Angabe" other="# Angaben" />
      </summary>
      <pre className="fa-code-block">
        {facts
          .map(([key, fact]) => `${key}: ${typeof fact === 'string' ? fact : JSON.stringify(fact)}`)
          .join('\n')}
      </pre>
    </details>
  );
}

function useFilter(): AuditQuery {
  const [{ art, ergebnis, person, ziel, von, bis }] = useUrlState();
  return given({
    kind: oneOf(AUDIT_KINDS, art),
    outcome: oneOf(OUTCOMES, ergebnis),
    pseudonym: person,
    target: ziel,
    from: instantOf(von ? `${von}T00:00` : ''),
    until: instantOf(bis ? `${bis}T23:59:59.999` : ''),
  });
}

function Filters() {
  const { t } = useLingui();
  const [{ art, ergebnis, person, ziel, von, bis }, change] = useUrlState();
  const isAdministrator = useSession().person.roles.includes('administrator');
  const targets = useQuery({ ...allTargetsQuery, enabled: isAdministrator });
  const any = Boolean(art || ergebnis || person || ziel || von || bis);
  return (
    <search className="fa-filters">
      <Select
        label={t`Was`}
        name="art"
        value={art ?? ''}
        onChange={(value) => change({ art: value })}
        options={[{ value: '', label: t`alles` }, ...optionsOf(AUDIT_KINDS, kindName)]}
      />
      <Select
        label={t`Ergebnis`}
        name="ergebnis"
        value={ergebnis ?? ''}
        onChange={(value) => change({ ergebnis: value })}
        options={[
          { value: '', label: t`jedes` },
          ...optionsOf(OUTCOMES, (outcome) => outcomeWord(outcome).label),
        ]}
      />
      <TextField
        label={t`Vom Tag`}
        type="date"
        name="von"
        optional
        value={von ?? ''}
        onChange={(value) => change({ von: value })}
      />
      <TextField
        label={t`Bis zum Tag`}
        type="date"
        name="bis"
        optional
        value={bis ?? ''}
        onChange={(value) => change({ bis: value })}
      />
      {isAdministrator && (
        <PickOne
          label={t`Ziel`}
          name="ziel"
          optional
          placeholder={t`jedes`}
          choices={targets.data?.map((target) => ({ id: target.id, label: target.name }))}
          value={ziel ?? ''}
          onChange={(id) => change({ ziel: id })}
        />
      )}
      <TextField
        label={t`Pseudonym`}
        name="person"
        optional
        spellCheck={false}
        value={person ?? ''}
        onChange={(value) => change({ person: value.trim() })}
      />
      {any && (
        <div className="fa-filters__reset">
          <Button
            small
            variant="tertiary"
            icon={icons.iconClose}
            onPress={() =>
              change({
                art: undefined,
                ergebnis: undefined,
                person: undefined,
                ziel: undefined,
                von: undefined,
                bis: undefined,
              })
            }
          >
            <Trans>Filter leeren</Trans>
          </Button>
        </div>
      )}
    </search>
  );
}

function Export({ filter }: { filter: AuditQuery }) {
  const { t } = useLingui();
  const run = useDeed(
    () =>
      must(api.GET('/api/v1/admin/audit/export', { params: { query: filter }, parseAs: 'text' })),
    { onDone: (lines) => saveFile('protokoll.jsonl', lines, 'application/jsonl') },
  );
  return (
    <Button
      icon={icons.iconDownload}
      pending={run.isPending}
      onPress={() =>
        run.mutate(undefined, {
          onError: () => announce('danger', t`Das Protokoll ließ sich nicht ausgeben.`),
        })
      }
    >
      <Trans>Auswahl ausgeben</Trans>
    </Button>
  );
}

function Proof() {
  const { t } = useLingui();
  const verify = useDeed(() => must(api.POST('/api/v1/admin/audit/verify')));
  const head = useDeed(() => must(api.GET('/api/v1/admin/audit/head')), {
    done: t`Der signierte Kopf ist ausgegeben. Verwahren Sie ihn außer Haus.`,
    onDone: (exported) =>
      saveFile('protokoll-kopf.json', JSON.stringify(exported, null, 2), 'application/json'),
  });
  const problem = verify.error ?? head.error;
  return (
    <div className="fa-stack fa-stack--tight">
      <div className="fa-row">
        <Button
          icon={icons.iconVerifiedUser}
          pending={verify.isPending}
          onPress={() => verify.mutate()}
        >
          <Trans>Kette prüfen</Trans>
        </Button>
        <Button icon={icons.iconReceiptLong} pending={head.isPending} onPress={() => head.mutate()}>
          <Trans>Signierten Kopf ausgeben</Trans>
        </Button>
        <p className="fa-muted fa-small">
          <Trans>Der Kopf beweist später, dass nichts gekürzt oder umgeschrieben wurde.</Trans>
        </p>
      </div>
      {problem && <ProblemAlert problem={problem} />}
      {verify.data &&
        (verify.data.intact ? (
          <Alert
            tone="success"
            live="polite"
            title={
              <Plural
                value={verify.data.entries}
                one="Die Kette ist unversehrt, ein Eintrag geprüft"
                other="Die Kette ist unversehrt, # Einträge geprüft"
              />
            }
          />
        ) : (
          <Alert tone="danger" live="assertive" title={<Trans>Die Kette ist beschädigt</Trans>}>
            <p>
              <Trans>
                Jemand oder etwas hat Einträge verändert. Sichern Sie die Datenbank, ändern Sie
                nichts, und ziehen Sie die Datenschutzstelle hinzu.
              </Trans>
            </p>
            {verify.data.fault && (
              <p className="fa-mono" lang="en">
                {verify.data.fault}
              </p>
            )}
          </Alert>
        ))}
    </div>
  );
}
