import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, must, type Schema } from '../../../api/client.ts';
import { useAsk } from '../../../app/ask.tsx';
import { Loaded } from '../../../app/loaded.tsx';
import { IconButton } from '../../../ui/button.tsx';
import type { Column } from '../../../ui/data-table.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Page } from '../../../ui/page.tsx';
import { List, useListQuery } from '../parts/list.tsx';
import { targetKindIcon, targetKindName } from '../words.ts';
import { Decision } from './decision.tsx';
import { decisionQuery, personsTargetsQuery } from './queries.ts';

type PersonsTarget = Schema<'PersonsTarget'>;

/** Whether people may set up targets for themselves, who decided that, and what they set up. */
export function OwnTargetsPage() {
  const { t } = useLingui();
  const decision = useQuery(decisionQuery);
  return (
    <Page
      title={t`Eigene Ziele`}
      lead={
        <Trans>
          Ob Personen selbst ein Ziel eintragen dürfen, meist den eigenen Rechner im Büro.
        </Trans>
      }
    >
      <Loaded query={decision}>
        {(data) => (
          <>
            <Decision query={decision} />
            {(data.enabled || data.targets > 0) && <PersonsTargets />}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function PersonsTargets() {
  const { t } = useLingui();
  const { ask, dialog } = useAsk(['admin']);
  const targets = useQuery(personsTargetsQuery(useListQuery()));
  const remove = (target: PersonsTarget) =>
    ask({
      title: t`„${target.name}“ von ${target.person_name} entfernen?`,
      text: (
        <p>
          <Trans>
            Verbindungen dorthin enden sofort; nicht gespeicherte Arbeit kann verloren gehen. Die
            Person kann das Ziel neu eintragen, solange eigene Ziele erlaubt sind.
          </Trans>
        </p>
      ),
      action: t`Ziel entfernen`,
      danger: true,
      deed: () =>
        must(api.DELETE('/api/v1/admin/own-targets/{id}', { params: { path: { id: target.id } } })),
      done: t`„${target.name}“ von ${target.person_name} ist entfernt.`,
    });
  const columns: Column<PersonsTarget>[] = [
    {
      id: 'name',
      header: t`Ziel`,
      isRowHeader: true,
      cell: (target) => (
        <span className="fa-name">
          <Icon of={targetKindIcon(target.kind)} />
          <span>
            {target.name}
            <span className="fa-name__more">{targetKindName(target.kind)}</span>
          </span>
        </span>
      ),
    },
    {
      id: 'person',
      header: t`Person`,
      cell: (target) => (
        <Link to="/verwaltung/personen/$id" params={{ id: target.person_id }}>
          {target.person_name}
        </Link>
      ),
    },
    {
      id: 'address',
      header: t`Adresse im Haus`,
      cell: ({ host, port }) => <span className="fa-break">{`${host}:${port}`}</span>,
    },
    {
      id: 'actions',
      header: t`Was Sie tun können`,
      hideLabel: true,
      align: 'end',
      cell: (target) => (
        <IconButton
          danger
          icon={icons.iconDelete}
          label={t`„${target.name}“ von ${target.person_name} entfernen`}
          onPress={() => remove(target)}
        />
      ),
    },
  ];
  return (
    <section className="fa-stack">
      <h2>
        <Trans>Was Personen eingetragen haben</Trans>
      </h2>
      <List
        label={t`Was Personen eingetragen haben`}
        query={targets}
        columns={columns}
        search={{ label: t`Eigene Ziele suchen`, placeholder: t`Person oder Ziel` }}
        empty={{
          icon: icons.iconComputer,
          title: <Trans>Noch kein eigenes Ziel</Trans>,
          text: <Trans>Personen tragen sie unter „Mein Konto“ ein.</Trans>,
        }}
      />
      {dialog}
    </section>
  );
}
