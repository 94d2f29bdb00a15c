import { Trans, useLingui } from '@lingui/react/macro';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { problemOfQuery } from '../../../app/loaded.tsx';
import { type Option, Select } from '../../../ui/choices.tsx';
import { type Column, DataTable } from '../../../ui/data-table.tsx';
import { icons } from '../../../ui/icon.tsx';
import { EmptyState } from '../../../ui/notice.tsx';
import { given, PAGE_SIZE } from '../queries.ts';
import { useSearchText, useUrlState } from './url-state.ts';

type Filter = { name: 'art' | 'zustand'; label: string; options: readonly Option<string>[] };

type ListProps<Row> = {
  /** What the rows are: "Personen". */
  label: string;
  query: UseQueryResult<{ items: Row[]; total: number }>;
  columns: readonly Column<Row>[];
  search: { label: string; placeholder?: string };
  filters?: readonly Filter[];
  /** What stands there before the first entry is made. */
  empty: { icon: string; title: ReactNode; text: ReactNode };
};

/** The page of a list that the address asks for: what is searched and from which entry on. */
export function useListQuery() {
  const [{ suche, seite = 1 }] = useUrlState();
  return { ...given({ q: suche }), offset: (seite - 1) * PAGE_SIZE, limit: PAGE_SIZE };
}

/** A list of the administration: search, filters and pages, all of it kept in the address. */
export function List<Row extends { id: string }>(props: ListProps<Row>) {
  const { label, query, columns, filters = [], empty } = props;
  const { t } = useLingui();
  const [address, change] = useUrlState();
  const search = useSearchText();
  const filtered = Boolean(address.person) || filters.some(({ name }) => address[name]);
  return (
    <DataTable
      label={label}
      columns={columns}
      rows={query.data?.items}
      rowKey={(row) => row.id}
      search={{ ...search, ...props.search }}
      toolbar={filters.map((filter) => (
        <div className="fa-filter" key={filter.name}>
          <Select
            label={filter.label}
            name={filter.name}
            value={address[filter.name] ?? ''}
            onChange={(value) => change({ [filter.name]: value })}
            options={[{ value: '', label: t`alle` }, ...filter.options]}
          />
        </div>
      ))}
      paging={{
        page: address.seite ?? 1,
        pageSize: PAGE_SIZE,
        total: query.data?.total ?? 0,
        onPage: (seite) => change({ seite }),
      }}
      problem={problemOfQuery(query)}
      empty={
        filtered ? (
          <EmptyState icon={icons.iconFilterList} title={<Trans>Nichts passt dazu</Trans>}>
            <p>
              <Trans>Wählen Sie einen anderen Filter.</Trans>
            </p>
          </EmptyState>
        ) : (
          <EmptyState icon={empty.icon} title={empty.title}>
            <p>{empty.text}</p>
          </EmptyState>
        )
      }
    />
  );
}
