import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Schema } from '../../../api/client.ts';
import { ButtonLink } from '../../../ui/button.tsx';
import type { Column } from '../../../ui/data-table.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Page } from '../../../ui/page.tsx';
import { number } from '../format.ts';
import { List, useListQuery } from '../parts/list.tsx';
import { bundlesQuery } from '../queries.ts';

/** All bundles: sets of targets that belong to one duty. */
export function BundlesPage() {
  const { t } = useLingui();
  const bundles = useQuery(bundlesQuery(useListQuery()));
  const columns: Column<Schema<'Bundle'>>[] = [
    {
      id: 'name',
      header: t`Name`,
      isRowHeader: true,
      cell: (bundle) => (
        <span className="fa-name">
          <span>
            <Link to="/verwaltung/buendel/$id" params={{ id: bundle.id }}>
              {bundle.name}
            </Link>
            {bundle.description && <span className="fa-name__more">{bundle.description}</span>}
          </span>
        </span>
      ),
    },
    {
      id: 'targets',
      header: t`Ziele`,
      align: 'end',
      cell: (bundle) => number(bundle.targets.length),
    },
  ];
  return (
    <Page
      title={t`Bündel`}
      lead={
        <Trans>Ziele, die zusammengehören: Eine Regel für das Bündel gilt für alle darin.</Trans>
      }
      actions={
        <ButtonLink to="/verwaltung/buendel/neu" variant="primary" icon={icons.iconAdd}>
          <Trans>Bündel anlegen</Trans>
        </ButtonLink>
      }
    >
      <List
        label={t`Bündel`}
        query={bundles}
        columns={columns}
        search={{ label: t`Bündel suchen` }}
        empty={{
          icon: icons.iconInventory2,
          title: <Trans>Noch kein Bündel</Trans>,
          text: (
            <Trans>
              Legen Sie eines je Aufgabe an, etwa „Kasse“, mit allem, was man dafür braucht.
            </Trans>
          ),
        }}
      />
    </Page>
  );
}
