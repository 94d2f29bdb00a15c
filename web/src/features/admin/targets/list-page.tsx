import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, must, type Schema } from '../../../api/client.ts';
import { problemText } from '../../../api/problem-text.ts';
import { WordText } from '../../../app/word.tsx';
import { Button, ButtonLink } from '../../../ui/button.tsx';
import type { Column } from '../../../ui/data-table.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Badge } from '../../../ui/notice.tsx';
import { Page } from '../../../ui/page.tsx';
import { saveFile } from '../../../ui/save-file.ts';
import { announce } from '../../../ui/status.tsx';
import { List, useListQuery } from '../parts/list.tsx';
import { oneOf, useUrlState } from '../parts/url-state.ts';
import { given, targetsQuery, useDeed } from '../queries.ts';
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
  const [{ art, zustand }] = useUrlState();
  const targets = useQuery(
    targetsQuery({
      ...useListQuery(),
      ...given({ kind: oneOf(TARGET_KINDS, art), health: oneOf(HEALTH_STATES, zustand) }),
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
      <List
        label={t`Ziele`}
        query={targets}
        columns={columns}
        search={{ label: t`Ziele suchen`, placeholder: t`Name, Adresse oder Überschrift` }}
        filters={[
          { name: 'art', label: t`Art`, options: optionsOf(TARGET_KINDS, targetKindName) },
          {
            name: 'zustand',
            label: t`Zustand`,
            options: optionsOf(HEALTH_STATES, (state) => healthState(state).label),
          },
        ]}
        empty={{
          icon: icons.iconDns,
          title: <Trans>Noch kein Ziel</Trans>,
          text: (
            <Trans>
              Tragen Sie das erste Ziel ein, oder spielen Sie alle auf einmal als Tabelle ein.
            </Trans>
          ),
        }}
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
