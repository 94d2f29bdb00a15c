import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { api, must, type Schema } from '../../../api/client.ts';
import { settling } from '../../../app/conflict.tsx';
import { type Held, useHeld, useTyped } from '../../../app/held.ts';
import { Loaded } from '../../../app/loaded.tsx';
import { listPart } from '../../../app/merge.ts';
import { fieldProblems } from '../../../app/problem-alert.tsx';
import { Button } from '../../../ui/button.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { TextField } from '../../../ui/fields.tsx';
import { Form, useForm } from '../../../ui/form.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Alert } from '../../../ui/notice.tsx';
import { Card, Facts, Page } from '../../../ui/page.tsx';
import { PickMany } from '../../../ui/picker.tsx';
import { announce } from '../../../ui/status.tsx';
import { number } from '../format.ts';
import { EditCard, Removal, useSave } from '../parts/entry.tsx';
import { UsedBy } from '../parts/used-by.tsx';
import { allGroupsQuery, allPeopleQuery, groupQuery } from '../queries.ts';
import { useNames } from '../rules/names.ts';
import { sourceName } from '../words.ts';

type Group = Schema<'GroupDetail'>;

/** One group: who is in it, which groups it takes in, which rules count on it. */
export function GroupPage() {
  const { t } = useLingui();
  const { id } = useParams({ strict: false });
  const group = useQuery(groupQuery(id ?? ''));
  const held = useHeld(group);
  return (
    <Page
      title={group.data?.name ?? t`Gruppe`}
      back={{ to: '/verwaltung/gruppen', label: t`Gruppen` }}
    >
      <Loaded query={group}>
        {(data) => (
          <div className="fa-split">
            {held && data.source === 'local' ? (
              <Members key={held.filling} held={held} />
            ) : (
              <DirectoryMembers group={data} />
            )}
            <div className="fa-stack fa-split__aside">
              <About group={data} />
              <UsedBy
                rules={data.used_by_rules}
                none={
                  <Trans>Keine. Wer nur in dieser Gruppe ist, erreicht durch sie nichts.</Trans>
                }
              />
              {data.source === 'local' && <Actions group={data} />}
            </div>
          </div>
        )}
      </Loaded>
    </Page>
  );
}

function About({ group }: { group: Group }) {
  const { t } = useLingui();
  return (
    <Card title={<Trans>Auf einen Blick</Trans>}>
      <Facts
        items={[
          [t`Geführt in`, sourceName(group.source)],
          [t`Personen insgesamt`, number(group.people)],
        ]}
      />
    </Card>
  );
}

function DirectoryMembers({ group }: { group: Group }) {
  return (
    <Card
      title={<Trans>Mitglieder</Trans>}
      lead={<Trans>Diese Gruppe kommt aus dem Verzeichnis und wird dort geändert.</Trans>}
    >
      {group.groups.length > 0 && (
        <ul className="fa-chips">
          {group.groups.map((inner) => (
            <li key={inner.id} className="fa-chip">
              <Link to="/verwaltung/gruppen/$id" params={{ id: inner.id }}>
                {inner.name}
              </Link>
            </li>
          ))}
        </ul>
      )}
      <ul className="fa-list">
        {group.members.map((person) => (
          <li key={person.id}>
            <span className="fa-list__text">
              <Link to="/verwaltung/personen/$id" params={{ id: person.id }}>
                {person.display_name}
              </Link>{' '}
              <span className="fa-muted">{person.name}</span>
            </span>
          </li>
        ))}
      </ul>
      {group.members.length === 0 && group.groups.length === 0 && (
        <p className="fa-muted">
          <Trans>Niemand ist unmittelbar in dieser Gruppe.</Trans>
        </p>
      )}
    </Card>
  );
}

const membersOf = ({ members, groups }: Group) => ({
  people: members.map(({ id }) => id),
  groups: groups.map(({ id }) => id),
});

function Members({ held }: { held: Held<Group> }) {
  const { t } = useLingui();
  const group = held.data;
  const people = useQuery(allPeopleQuery);
  const groups = useQuery(allGroupsQuery);
  const names = useNames();
  const before = membersOf(group);
  const submit = useSave({
    held,
    queryKey: groupQuery(group.id).queryKey,
    put: (values: typeof before) =>
      must(
        api.PUT('/api/v1/admin/groups/{id}/members', {
          params: { path: { id: group.id } },
          body: { version: group.version, ...values },
        }),
      ),
    done: t`Die Mitglieder sind gespeichert. Zugänge sind angepasst.`,
  });
  const form = useForm({ initial: before, submit });
  const gone = before.people.filter((id) => !form.values.people.includes(id)).length;
  const goneGroups = before.groups.filter((id) => !form.values.groups.includes(id)).length;
  return (
    <EditCard
      title={<Trans>Mitglieder</Trans>}
      held={held}
      valuesOf={membersOf}
      parts={[
        listPart(t`Personen`, 'people', names.person),
        listPart(t`Gruppen, deren Mitglieder dazugehören`, 'groups', names.group),
      ]}
      form={form}
      action={t`Mitglieder speichern`}
    >
      <PickMany
        label={t`Personen`}
        name="people"
        optional
        placeholder={t`Name eingeben`}
        choices={people.data?.map((person) => ({
          id: person.id,
          label: person.display_name,
          hint: person.name,
        }))}
        values={form.values.people}
        onChange={(values) => form.set('people', values)}
        none={<Trans>Niemand ist unmittelbar in dieser Gruppe.</Trans>}
      />
      <PickMany
        label={t`Gruppen, deren Mitglieder dazugehören`}
        name="groups"
        optional
        choices={groups.data
          ?.filter((other) => other.id !== group.id)
          .map((other) => ({ id: other.id, label: other.name, hint: sourceName(other.source) }))}
        values={form.values.groups}
        onChange={(values) => form.set('groups', values)}
      />
      {gone + goneGroups > 0 && group.used_by_rules.length > 0 && (
        <Alert tone="warning" title={<Trans>Das nimmt jemandem etwas weg</Trans>}>
          <p>
            <Trans>
              Wer die Gruppe verlässt, verliert beim Speichern sofort, was er nur durch sie
              erreicht. Laufende Verbindungen enden.
            </Trans>
          </p>
        </Alert>
      )}
    </EditCard>
  );
}

function Actions({ group }: { group: Group }) {
  const { t } = useLingui();
  const [renaming, setRenaming] = useState(false);
  const used = group.used_by_rules.length > 0;
  return (
    <Card title={<Trans>Was Sie tun können</Trans>}>
      <div className="fa-actions">
        <Button icon={icons.iconEdit} onPress={() => setRenaming(true)}>
          <Trans>Umbenennen</Trans>
        </Button>
        <Removal
          title={t`Gruppe „${group.name}“ entfernen?`}
          text={
            <Trans>
              Die Zuordnung der Personen zu dieser Gruppe geht verloren. Die Personen selbst
              bleiben. Das lässt sich nicht rückgängig machen.
            </Trans>
          }
          action={t`Gruppe entfernen`}
          deed={() =>
            must(api.DELETE('/api/v1/admin/groups/{id}', { params: { path: { id: group.id } } }))
          }
          done={t`Die Gruppe „${group.name}“ ist entfernt.`}
          to="/verwaltung/gruppen"
          isDisabled={used}
        />
        {used && (
          <p className="fa-muted fa-small">
            <Trans>Entfernen lässt sie sich erst, wenn keine Regel sie mehr nennt.</Trans>
          </p>
        )}
      </div>
      <Dialog
        title={<Trans>Gruppe umbenennen</Trans>}
        isOpen={renaming}
        onClose={() => setRenaming(false)}
      >
        <Rename id={group.id} onDone={() => setRenaming(false)} />
      </Dialog>
    </Card>
  );
}

type RenameProps = { id: string; onDone: () => void };

/** Holds its own version: the members beside it may be in the middle of a change. */
function Rename({ id, onDone }: RenameProps) {
  const held = useHeld(useQuery(groupQuery(id)));
  return held && <RenameForm key={held.filling} held={held} onDone={onDone} />;
}

const nameOf = ({ name }: Pick<Group, 'name'>) => ({ name });

function RenameForm({ held, onDone }: { held: Held<Group>; onDone: () => void }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const group = held.data;
  const form = useForm({
    initial: nameOf(group),
    validate: ({ name }) => (name.trim() ? {} : { name: t`Geben Sie der Gruppe einen Namen.` }),
    submit: async ({ name }) => {
      try {
        await must(
          api.PATCH('/api/v1/admin/groups/{id}', {
            params: { path: { id: group.id } },
            body: { name: name.trim(), version: group.version },
          }),
        );
        void client.invalidateQueries({ queryKey: ['admin'] });
        announce('success', t`Umbenannt.`);
        onDone();
      } catch (error) {
        throw fieldProblems(error);
      }
    },
  });
  useTyped(held, form.values, nameOf(group));
  const parts = [
    { label: t`Name`, fields: ['name'] as const, text: ({ name }: Pick<Group, 'name'>) => name },
  ];
  return (
    <Form
      form={form}
      failure={settling({ held, form, valuesOf: nameOf, parts })}
      actions={
        <>
          <Button type="submit" variant="primary" pending={form.pending}>
            <Trans>Umbenennen</Trans>
          </Button>
          <Button onPress={onDone}>
            <Trans>Abbrechen</Trans>
          </Button>
        </>
      }
    >
      <TextField label={t`Name`} autoFocus maxLength={200} {...form.field('name')} />
    </Form>
  );
}
