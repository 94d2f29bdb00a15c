import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Schema } from '../../../api/client.ts';
import { ButtonLink } from '../../../ui/button.tsx';
import { type Column, DataTable } from '../../../ui/data-table.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Badge, EmptyState } from '../../../ui/notice.tsx';
import { Page } from '../../../ui/page.tsx';
import { problemOfQuery } from '../parts/loaded.tsx';
import { useSearchText, useUrlState } from '../parts/url-state.ts';
import { WordText } from '../parts/word.tsx';
import { given, PAGE_SIZE, peopleQuery } from '../queries.ts';
import { personState, roleName, sourceName } from '../words.ts';

type Person = Schema<'PersonSummary'>;

/** All people, to search through. */
export function PeoplePage() {
  const { t } = useLingui();
  const [{ suche, seite = 1 }, change] = useUrlState();
  const search = useSearchText();
  const people = useQuery(
    peopleQuery({ ...given({ q: suche }), offset: (seite - 1) * PAGE_SIZE, limit: PAGE_SIZE }),
  );
  const columns: Column<Person>[] = [
    {
      id: 'name',
      header: t`Name`,
      isRowHeader: true,
      cell: (person) => (
        <span className="fa-name">
          <span>
            <Link to="/verwaltung/personen/$id" params={{ id: person.id }}>
              {person.display_name}
            </Link>
            <span className="fa-name__more">{person.name}</span>
          </span>
        </span>
      ),
    },
    {
      id: 'state',
      header: t`Zustand`,
      hideLabel: false,
      cell: (person) => <WordText word={personState(person.state)} />,
    },
    {
      id: 'factor',
      header: t`Zweiter Faktor`,
      cell: (person) => (person.second_factor ? t`eingerichtet` : t`fehlt noch`),
    },
    { id: 'source', header: t`Konto in`, cell: (person) => sourceName(person.source) },
    {
      id: 'roles',
      header: t`Aufgaben`,
      cell: (person) =>
        person.roles.length > 0 ? (
          <span className="fa-row">
            {person.roles.map((role) => (
              <Badge key={role} tone="info" icon={icons.iconShieldPerson}>
                {roleName(role)}
              </Badge>
            ))}
          </span>
        ) : null,
    },
  ];
  return (
    <Page
      title={t`Personen`}
      lead={<Trans>Wer sich anmelden darf. Was jemand erreicht, bestimmen die Regeln.</Trans>}
      actions={
        <ButtonLink to="/verwaltung/personen/neu" variant="primary" icon={icons.iconPersonAdd}>
          <Trans>Person anlegen</Trans>
        </ButtonLink>
      }
    >
      <DataTable
        label={t`Personen`}
        columns={columns}
        rows={people.data?.items}
        rowKey={(person) => person.id}
        search={{ ...search, label: t`Personen suchen`, placeholder: t`Name oder Anmeldename` }}
        paging={{
          page: seite,
          pageSize: PAGE_SIZE,
          total: people.data?.total ?? 0,
          onPage: (next) => change({ seite: next }),
        }}
        problem={problemOfQuery(people)}
        empty={
          <EmptyState icon={icons.iconPerson} title={<Trans>Noch niemand da</Trans>}>
            <p>
              <Trans>Verbinden Sie Ihr Verzeichnis, oder legen Sie die erste Person an.</Trans>
            </p>
          </EmptyState>
        }
      />
    </Page>
  );
}
