import { Plural, Trans, useLingui } from '@lingui/react/macro';
import type { ReactNode } from 'react';
import { Button, IconButton } from './button.tsx';
import { SearchField } from './fields.tsx';
import { Icon } from './icon.tsx';
import * as icons from './icons/index.ts';
import { EmptyState, Loading } from './notice.tsx';

export type Column<Row> = {
  id: string;
  header: string;
  cell: (row: Row) => ReactNode;
  /** The cell that names the row; one column has it. */
  isRowHeader?: boolean;
  /** Actions and numbers stand at the end. */
  align?: 'end';
  /** Lets the header sort. */
  sortable?: boolean;
  /** On a phone, no label before the value. */
  hideLabel?: boolean;
};

export type Sort = { column: string; direction: 'ascending' | 'descending' };

type DataTableProps<Row> = {
  /** What the rows are: "Personen". Readers hear it as the table's name. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[] | undefined;
  rowKey: (row: Row) => string;
  /** A search above the table; the caller filters or asks the server. */
  search?: {
    value: string;
    onChange: (value: string) => void;
    label: string;
    placeholder?: string;
  };
  /** Filters and buttons beside the search. */
  toolbar?: ReactNode;
  sort?: Sort;
  onSort?: (sort: Sort) => void;
  /** Pages counted from 1. */
  paging?: { page: number; pageSize: number; total: number; onPage: (page: number) => void };
  /** Shown when there is nothing at all. */
  empty: ReactNode;
  /** The caller's error, shown instead of the rows (`<ProblemAlert>`). */
  problem?: ReactNode;
};

/**
 * A list of an administration: search, sorting, pages, and rows that turn into cards on a phone.
 * `rows` undefined means they are on their way.
 */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, columns, rows, rowKey, search, toolbar, paging, empty, problem } = props;
  return (
    <div className="fa-stack">
      {(search || toolbar) && (
        <div className="fa-table-bar fa-noprint">
          {search && <SearchField {...search} />}
          {toolbar && <div className="fa-table-bar__end">{toolbar}</div>}
        </div>
      )}
      {problem}
      {!problem && rows === undefined && <Loading />}
      {!problem && rows?.length === 0 && (
        <div className="fa-table-scroll">
          {search?.value ? (
            <EmptyState icon={icons.iconSearch} title={<Trans>Nichts gefunden</Trans>} level={3}>
              <p>
                <Trans>
                  Zu „{search.value}“ gibt es keinen Eintrag. Prüfen Sie die Schreibweise.
                </Trans>
              </p>
            </EmptyState>
          ) : (
            empty
          )}
        </div>
      )}
      {!problem && rows && rows.length > 0 && (
        // biome-ignore lint/a11y/useSemanticElements: a region that scrolls must be reachable by keyboard
        <div className="fa-table-scroll" role="region" aria-label={label}>
          <table className="fa-table fa-table--rows">
            <caption className="kern-sr-only">{label}</caption>
            <thead>
              <tr>
                {columns.map((column) => (
                  <HeaderCell
                    key={column.id}
                    column={column}
                    sort={props.sort}
                    onSort={props.onSort}
                  />
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={rowKey(row)}>
                  {columns.map((column) => (
                    <BodyCell key={column.id} column={column} row={row} />
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {paging && paging.total > 0 && <Pager {...paging} />}
    </div>
  );
}

function HeaderCell<Row>({
  column,
  sort,
  onSort,
}: {
  column: Column<Row>;
  sort: Sort | undefined;
  onSort: ((sort: Sort) => void) | undefined;
}) {
  const end = column.align === 'end' ? 'fa-table__end' : undefined;
  if (!column.sortable || !onSort) {
    return (
      <th scope="col" className={end}>
        {column.hideLabel ? <span className="kern-sr-only">{column.header}</span> : column.header}
      </th>
    );
  }
  const direction = sort?.column === column.id ? sort.direction : undefined;
  const next = direction === 'ascending' ? 'descending' : 'ascending';
  return (
    <th scope="col" className={end} aria-sort={direction ?? 'none'}>
      <button
        type="button"
        className="fa-table__sort"
        onClick={() => onSort({ column: column.id, direction: next })}
      >
        {column.header}
        <Icon
          of={
            direction === 'descending'
              ? icons.iconArrowDownward
              : direction === 'ascending'
                ? icons.iconArrowUpward
                : icons.iconSwapVert
          }
          size="small"
        />
      </button>
    </th>
  );
}

function BodyCell<Row>({ column, row }: { column: Column<Row>; row: Row }) {
  const className = column.align === 'end' ? 'fa-table__end' : undefined;
  if (column.isRowHeader) return <th scope="row">{column.cell(row)}</th>;
  return (
    <td className={className} data-label={column.hideLabel ? undefined : column.header}>
      {column.cell(row)}
    </td>
  );
}

function Pager({ page, pageSize, total, onPage }: NonNullable<DataTableProps<never>['paging']>) {
  const { t } = useLingui();
  const pages = Math.max(1, Math.ceil(total / pageSize));
  const first = (page - 1) * pageSize + 1;
  const last = Math.min(total, page * pageSize);
  return (
    <nav className="fa-pager fa-noprint" aria-label={t`Seiten`}>
      <span aria-live="polite">
        {pages === 1 ? (
          <Plural value={total} one="# Eintrag" other="# Einträge" />
        ) : (
          <Trans>
            {first} bis {last} von {total}
          </Trans>
        )}
      </span>
      {pages > 1 && (
        <span className="fa-row">
          <IconButton
            label={t`Vorige Seite`}
            icon={icons.iconChevronLeft}
            isDisabled={page <= 1}
            onPress={() => onPage(page - 1)}
          />
          <Trans>
            Seite {page} von {pages}
          </Trans>
          <Button
            small
            variant="tertiary"
            icon={icons.iconChevronRight}
            isDisabled={page >= pages}
            onPress={() => onPage(page + 1)}
          >{t`Nächste Seite`}</Button>
        </span>
      )}
    </nav>
  );
}
