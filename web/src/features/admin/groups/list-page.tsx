import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, must, type Schema } from '../../../api/client.ts';
import { fieldProblems, showProblem } from '../../../app/problem-alert.tsx';
import { Button } from '../../../ui/button.tsx';
import type { Column } from '../../../ui/data-table.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { TextField } from '../../../ui/fields.tsx';
import { Form, useForm } from '../../../ui/form.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Page } from '../../../ui/page.tsx';
import { number } from '../format.ts';
import { List, useListQuery } from '../parts/list.tsx';
import { groupsQuery } from '../queries.ts';
import { sourceName } from '../words.ts';

/** All groups, from the directory and our own. */
export function GroupsPage() {
  const { t } = useLingui();
  const [adding, setAdding] = useState(false);
  const groups = useQuery(groupsQuery(useListQuery()));
  const columns: Column<Schema<'GroupSummary'>>[] = [
    {
      id: 'name',
      header: t`Name`,
      isRowHeader: true,
      cell: (group) => (
        <span className="fa-name">
          <Link to="/verwaltung/gruppen/$id" params={{ id: group.id }}>
            {group.name}
          </Link>
        </span>
      ),
    },
    { id: 'source', header: t`Geführt in`, cell: (group) => sourceName(group.source) },
    { id: 'people', header: t`Personen`, align: 'end', cell: (group) => number(group.people) },
  ];
  const add = (
    <Button variant="primary" icon={icons.iconAdd} onPress={() => setAdding(true)}>
      <Trans>Gruppe anlegen</Trans>
    </Button>
  );
  return (
    <Page
      title={t`Gruppen`}
      lead={<Trans>Regeln gelten für Gruppen. Gruppen können Gruppen enthalten.</Trans>}
      actions={add}
    >
      <List
        label={t`Gruppen`}
        query={groups}
        columns={columns}
        search={{ label: t`Gruppen suchen` }}
        empty={{
          icon: icons.iconGroups,
          title: <Trans>Noch keine Gruppe</Trans>,
          text: (
            <Trans>
              Bilden Sie Gruppen nach Aufgaben, etwa „Bauamt“ oder „Kasse“. Dann brauchen Sie nur
              wenige Regeln.
            </Trans>
          ),
        }}
      />
      <Dialog
        title={<Trans>Gruppe anlegen</Trans>}
        isOpen={adding}
        onClose={() => setAdding(false)}
      >
        <NewGroup onCancel={() => setAdding(false)} />
      </Dialog>
    </Page>
  );
}

function NewGroup({ onCancel }: { onCancel: () => void }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const navigate = useNavigate();
  const form = useForm({
    initial: { name: '' },
    validate: ({ name }) => (name.trim() ? {} : { name: t`Geben Sie der Gruppe einen Namen.` }),
    submit: async ({ name }) => {
      try {
        const group = await must(api.POST('/api/v1/admin/groups', { body: { name: name.trim() } }));
        void client.invalidateQueries({ queryKey: ['admin'] });
        await navigate({ to: '/verwaltung/gruppen/$id', params: { id: group.id } });
      } catch (error) {
        throw fieldProblems(error);
      }
    },
  });
  return (
    <Form
      form={form}
      failure={showProblem}
      actions={
        <>
          <Button type="submit" variant="primary" pending={form.pending}>
            <Trans>Gruppe anlegen</Trans>
          </Button>
          <Button onPress={onCancel}>
            <Trans>Abbrechen</Trans>
          </Button>
        </>
      }
    >
      <TextField label={t`Name`} autoFocus maxLength={200} {...form.field('name')} />
    </Form>
  );
}
