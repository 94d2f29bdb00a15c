import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, must, type Schema } from '../../../api/client.ts';
import { problemText } from '../../../api/problem-text.ts';
import { Button, ButtonLink } from '../../../ui/button.tsx';
import { Select } from '../../../ui/choices.tsx';
import { type Column, DataTable } from '../../../ui/data-table.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Badge, EmptyState } from '../../../ui/notice.tsx';
import { Page } from '../../../ui/page.tsx';
import { announce } from '../../../ui/status.tsx';
import { saveFile } from '../parts/files.ts';
import { problemOfQuery } from '../parts/loaded.tsx';
import { oneOf, useSearchText, useUrlState } from '../parts/url-state.ts';
import { WordText } from '../parts/word.tsx';
import { given, PAGE_SIZE, targetsQuery, useDeed } from '../queries.ts';
import {
  HEALTH_STATES,
  healthState,
  optionsOf,
  TARGET_KINDS,
  targetKindIcon,
  targetKindName,
} from '../words.ts';

type Target = Schema<'Target'>;

/** All targets, with whether they answer. */
export function TargetsPage() {
  const { t } = useLingui();
  const [{ suche, art, zustand, seite = 1 }, change] = useUrlState();
  const search = useSearchText();
  const targets = useQuery(
    targetsQuery({
      ...given({
        q: suche,
        kind: oneOf(TARGET_KINDS, art),
        health: oneOf(HEALTH_STATES, zustand),
      }),
      offset: (seite - 1) * PAGE_SIZE,
      limit: PAGE_SIZE,
    }),
  );
  const columns: Column<Target>[] = [
    {
      id: 'name',
      header: t`Name`,
      isRowHeader: true,
      cell: (target) => (
        <span className="fa-name">
          <Icon
            of={targetKindIcon(target.settings.kind)}
            label={targetKindName(target.settings.kind)}
          />
          <span>
            <Link to="/verwaltung/ziele/$id" params={{ id: target.id }}>
              {target.name}
            </Link>
            {target.folder && <span className="fa-name__more">{target.folder}</span>}
          </span>
        </span>
      ),
    },
    {
      id: 'address',
      header: t`Adresse`,
      cell: (target) => (
        <code className="fa-break">
          {target.host}:{target.port}
        </code>
      ),
    },
    {
      id: 'health',
      header: t`Zustand`,
      cell: (target) =>
        target.enabled === false ? (
          <Badge tone="neutral" icon={icons.iconBlock}>
            <Trans>ausgeschaltet</Trans>
          </Badge>
        ) : (
          <WordText word={healthState(target.health)} />
        ),
    },
  ];
  const filtered = Boolean(suche || art || zustand);
  return (
    <Page
      title={t`Ziele`}
      lead={<Trans>Arbeitsplätze, Anwendungen und Dienste im Haus.</Trans>}
      actions={
        <>
          <ExportButton />
          <ButtonLink to="/verwaltung/ziele/einspielen" icon={icons.iconUpload}>
            <Trans>Tabelle einspielen</Trans>
          </ButtonLink>
          <ButtonLink to="/verwaltung/ziele/neu" variant="primary" icon={icons.iconAdd}>
            <Trans>Ziel eintragen</Trans>
          </ButtonLink>
        </>
      }
    >
      <DataTable
        label={t`Ziele`}
        columns={columns}
        rows={targets.data?.items}
        rowKey={(target) => target.id}
        search={{
          ...search,
          label: t`Ziele suchen`,
          placeholder: t`Name, Adresse oder Überschrift`,
        }}
        toolbar={
          <>
            <div className="fa-filter">
              <Select
                label={t`Art`}
                name="art"
                value={art ?? ''}
                onChange={(value) => change({ art: value })}
                options={[
                  { value: '', label: t`alle` },
                  ...optionsOf(TARGET_KINDS, targetKindName),
                ]}
              />
            </div>
            <div className="fa-filter">
              <Select
                label={t`Zustand`}
                name="zustand"
                value={zustand ?? ''}
                onChange={(value) => change({ zustand: value })}
                options={[
                  { value: '', label: t`alle` },
                  ...optionsOf(HEALTH_STATES, (state) => healthState(state).label),
                ]}
              />
            </div>
          </>
        }
        paging={{
          page: seite,
          pageSize: PAGE_SIZE,
          total: targets.data?.total ?? 0,
          onPage: (next) => change({ seite: next }),
        }}
        problem={problemOfQuery(targets)}
        empty={
          filtered ? (
            <EmptyState icon={icons.iconFilterList} title={<Trans>Kein Ziel passt dazu</Trans>}>
              <p>
                <Trans>Wählen Sie einen anderen Filter.</Trans>
              </p>
            </EmptyState>
          ) : (
            <EmptyState icon={icons.iconDns} title={<Trans>Noch kein Ziel</Trans>}>
              <p>
                <Trans>
                  Tragen Sie das erste Ziel ein, oder spielen Sie alle auf einmal als Tabelle ein.
                </Trans>
              </p>
            </EmptyState>
          )
        }
      />
    </Page>
  );
}

function ExportButton() {
  const { t } = useLingui();
  const fetchTable = useDeed(
    () => must(api.GET('/api/v1/admin/targets/export', { parseAs: 'text' })),
    { onDone: (csv) => saveFile('ziele.csv', csv, 'text/csv') },
  );
  const start = () =>
    fetchTable.mutate(undefined, {
      onError: (error) => {
        const { what, next } = problemText(error);
        announce('danger', what, next);
      },
    });
  return (
    <Button icon={icons.iconDownload} pending={fetchTable.isPending} onPress={start}>
      {t`Tabelle ausgeben`}
    </Button>
  );
}
