import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Schema } from '../../../api/client.ts';
import { ButtonLink } from '../../../ui/button.tsx';
import { type Column, DataTable } from '../../../ui/data-table.tsx';
import { icons } from '../../../ui/icon.tsx';
import { EmptyState } from '../../../ui/notice.tsx';
import { Page } from '../../../ui/page.tsx';
import { number } from '../format.ts';
import { problemOfQuery } from '../parts/loaded.tsx';
import { useSearchText, useUrlState } from '../parts/url-state.ts';
import { bundlesQuery, given, PAGE_SIZE } from '../queries.ts';

/** All bundles: sets of targets that belong to one duty. */
export function BundlesPage() {
  const { t } = useLingui();
  const [{ suche, seite = 1 }, change] = useUrlState();
  const search = useSearchText();
  const bundles = useQuery(
    bundlesQuery({ ...given({ q: suche }), offset: (seite - 1) * PAGE_SIZE, limit: PAGE_SIZE }),
  );
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
      <DataTable
        label={t`Bündel`}
        columns={columns}
        rows={bundles.data?.items}
        rowKey={(bundle) => bundle.id}
        search={{ ...search, label: t`Bündel suchen` }}
        paging={{
          page: seite,
          pageSize: PAGE_SIZE,
          total: bundles.data?.total ?? 0,
          onPage: (next) => change({ seite: next }),
        }}
        problem={problemOfQuery(bundles)}
        empty={
          <EmptyState icon={icons.iconInventory2} title={<Trans>Noch kein Bündel</Trans>}>
            <p>
              <Trans>
                Legen Sie eines je Aufgabe an, etwa „Kasse“, mit allem, was man dafür braucht.
              </Trans>
            </p>
          </EmptyState>
        }
      />
    </Page>
  );
}
