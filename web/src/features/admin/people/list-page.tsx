import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Schema } from '../../../api/client.ts';
import { WordText } from '../../../app/word.tsx';
import { ButtonLink } from '../../../ui/button.tsx';
import type { Column } from '../../../ui/data-table.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Badge } from '../../../ui/notice.tsx';
import { Page } from '../../../ui/page.tsx';
import { List, useListQuery } from '../parts/list.tsx';
import { peopleQuery } from '../queries.ts';
import { personState, roleName, sourceName } from '../words.ts';

type Person = Schema<'PersonSummary'>;

/** All people, to search through. */
export function PeoplePage() {
  const { t } = useLingui();
  const people = useQuery(peopleQuery(useListQuery()));
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
      <List
        label={t`Personen`}
        query={people}
        columns={columns}
        search={{ label: t`Personen suchen`, placeholder: t`Name oder Anmeldename` }}
        empty={{
          icon: icons.iconPerson,
          title: <Trans>Noch niemand da</Trans>,
          text: <Trans>Verbinden Sie Ihr Verzeichnis, oder legen Sie die erste Person an.</Trans>,
        }}
      />
    </Page>
  );
}
