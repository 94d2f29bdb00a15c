import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { api, must, type Schema } from '../../../api/client.ts';
import { type Held, useHeld } from '../../../app/held.ts';
import { Loaded } from '../../../app/loaded.tsx';
import { listPart, type Part } from '../../../app/merge.ts';
import { useSession } from '../../../app/queries.ts';
import { WordBadge } from '../../../app/word.tsx';
import { CheckboxGroup } from '../../../ui/choices.tsx';
import { TextField } from '../../../ui/fields.tsx';
import { useForm } from '../../../ui/form.tsx';
import { Icon } from '../../../ui/icon.tsx';
import { Alert } from '../../../ui/notice.tsx';
import { Card, Facts, Page } from '../../../ui/page.tsx';
import { PickMany } from '../../../ui/picker.tsx';
import { dateTime, day, list, number } from '../format.ts';
import { PersonMailbox } from '../mailboxes/person-mailbox.tsx';
import { EditCard, useSave } from '../parts/entry.tsx';
import { allGroupsQuery, personQuery, personTargetsQuery } from '../queries.ts';
import { useNames } from '../rules/names.ts';
import { PersonSticks } from '../sticks/person-sticks.tsx';
import { personState, ROLES, roleHint, roleName, sourceName, targetKindIcon } from '../words.ts';
import { PersonActions } from './actions.tsx';

type Person = Schema<'PersonDetail'>;

/** One person: who they are, what they reach, and what can be done about it. */
export function PersonPage() {
  const { t } = useLingui();
  const { id } = useParams({ strict: false });
  const { mail } = useSession();
  const person = useQuery(personQuery(id ?? ''));
  const held = useHeld(person);
  const back = { to: '/verwaltung/personen', label: t`Personen` };
  return (
    <Page
      title={person.data?.display_name ?? t`Person`}
      back={back}
      lead={person.data && <PersonLead person={person.data} />}
    >
      <Loaded query={person}>
        {(data) => (
          <>
            {data.deleted_on && (
              <Alert tone="warning" title={<Trans>Dieses Konto ist entfernt</Trans>}>
                <p>
                  <Trans>Die Daten werden am {day(data.deleted_on)} gelöscht.</Trans>
                </p>
              </Alert>
            )}
            <div className="fa-split">
              <div className="fa-stack">
                {held && <EditPerson key={held.filling} held={held} />}
                <Reachable person={data} />
                {mail && !data.deleted_on && <PersonMailbox person={data} />}
              </div>
              <div className="fa-stack fa-split__aside">
                <AboutPerson person={data} />
                <PersonSticks person={data} />
                {!data.deleted_on && <PersonActions person={data} />}
              </div>
            </div>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function PersonLead({ person }: { person: Person }) {
  return (
    <span className="fa-row">
      <span>{person.name}</span>
      <WordBadge word={personState(person.state)} />
    </span>
  );
}

function AboutPerson({ person }: { person: Person }) {
  const { t } = useLingui();
  return (
    <Card title={<Trans>Konto</Trans>}>
      <Facts
        items={[
          [t`Geführt in`, sourceName(person.source)],
          [t`Zweiter Faktor`, person.second_factor ? t`eingerichtet` : t`noch nicht eingerichtet`],
          [
            t`Geräte`,
            <Link key="devices" to="/verwaltung/geraete" search={{ person: person.id }}>
              {number(person.devices)}
            </Link>,
          ],
          [t`Offene Sitzungen`, number(person.open_sessions)],
          [t`Angelegt`, dateTime(person.created_at)],
        ]}
      />
    </Card>
  );
}

type Values = { display_name: string; groups: string[]; roles: Schema<'Role'>[] };

const valuesOf = (person: Person): Values => ({
  display_name: person.display_name,
  groups: person.groups.map((group) => group.id),
  roles: person.roles,
});

function EditPerson({ held }: { held: Held<Person> }) {
  const { t } = useLingui();
  const person = held.data;
  const groups = useQuery(allGroupsQuery);
  const fromDirectory = person.source === 'directory';
  const local = groups.data?.filter((group) => group.source === 'local');
  const isLocal = (id: string) => local?.some((group) => group.id === id) ?? false;
  const inherited = person.groups.filter((group) => groups.data && !isLocal(group.id));
  const names = useNames();
  const parts: Part<Values>[] = [
    { label: t`Name`, fields: ['display_name'], text: ({ display_name: name }) => name },
    listPart(t`Gruppen`, 'groups', names.group),
    {
      label: t`Aufgaben neben der täglichen Arbeit`,
      fields: ['roles'],
      text: ({ roles }) => list(roles.map(roleName)),
    },
  ];
  const submit = useSave({
    held,
    queryKey: personQuery(person.id).queryKey,
    put: (values: Values) =>
      must(
        api.PATCH('/api/v1/admin/people/{id}', {
          params: { path: { id: person.id } },
          body: {
            version: person.version,
            display_name: fromDirectory ? null : values.display_name.trim(),
            roles: values.roles,
            groups: values.groups.filter(isLocal),
          },
        }),
      ),
    done: t`Gespeichert.`,
  });
  const form = useForm<Values>({
    initial: valuesOf(person),
    validate: ({ display_name }) =>
      display_name.trim() ? {} : { display_name: t`Geben Sie den Namen der Person ein.` },
    submit,
  });
  return (
    <EditCard
      title={<Trans>Angaben</Trans>}
      held={held}
      valuesOf={valuesOf}
      parts={parts}
      form={form}
    >
      <TextField
        label={t`Name`}
        isReadOnly={fromDirectory}
        hint={fromDirectory ? t`Kommt aus dem Verzeichnis und wird dort geändert.` : undefined}
        maxLength={200}
        {...form.field('display_name')}
      />
      <PickMany
        label={t`Gruppen`}
        name="groups"
        optional
        hint={
          inherited.length > 0
            ? t`Aus dem Verzeichnis kommen dazu: ${inherited.map(({ name }) => name).join(', ')}.`
            : undefined
        }
        choices={local?.map((group) => ({ id: group.id, label: group.name }))}
        values={form.values.groups.filter(isLocal)}
        onChange={(values) => form.set('groups', values)}
        none={<Trans>In keiner Gruppe, die hier geführt wird.</Trans>}
      />
      <CheckboxGroup
        legend={t`Aufgaben neben der täglichen Arbeit`}
        name="roles"
        options={ROLES.map((role) => ({
          value: role,
          label: roleName(role),
          hint: roleHint(role),
        }))}
        values={form.values.roles}
        onChange={(values) => form.set('roles', values)}
      />
    </EditCard>
  );
}

function Reachable({ person }: { person: Person }) {
  const targets = useQuery(personTargetsQuery(person.id));
  return (
    <Card
      title={<Trans>Jetzt erreichbar</Trans>}
      lead={
        <Trans>
          Was diese Person in diesem Augenblick mit einem freigegebenen Browser und zweitem Faktor
          öffnen dürfte.
        </Trans>
      }
    >
      <Loaded query={targets}>
        {({ allowed }) =>
          allowed.length === 0 ? (
            <p>
              <Trans>
                Nichts. Keine Regel erlaubt dieser Person gerade etwas.{' '}
                <Link to="/verwaltung/warum" search={{ person: person.id }}>
                  Warum?
                </Link>
              </Trans>
            </p>
          ) : (
            <>
              <p className="fa-muted fa-small">
                <Plural value={allowed.length} one="# Ziel" other="# Ziele" />
              </p>
              <ul className="fa-list">
                {allowed.map((target) => (
                  <li key={target.id}>
                    <Icon of={targetKindIcon(target.kind)} className="fa-list__icon" />
                    <span className="fa-list__text">
                      <Link to="/verwaltung/ziele/$id" params={{ id: target.id }}>
                        {target.name}
                      </Link>
                    </span>
                    <Link
                      to="/verwaltung/warum"
                      search={{ person: person.id, ziel: target.id }}
                      className="fa-small"
                    >
                      <Trans>
                        Warum?
                        <span className="kern-sr-only"> {target.name}</span>
                      </Trans>
                    </Link>
                  </li>
                ))}
              </ul>
            </>
          )
        }
      </Loaded>
    </Card>
  );
}
