import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, must, type Schema } from '../../../api/client.ts';
import { RefusedPage } from '../../../app/pages.tsx';
import { fieldProblems, showProblem } from '../../../app/problem-alert.tsx';
import { useSession } from '../../../app/queries.ts';
import { Button, ButtonLink } from '../../../ui/button.tsx';
import { Checkbox, RadioGroup } from '../../../ui/choices.tsx';
import { Form, useForm } from '../../../ui/form.tsx';
import { Card, Page } from '../../../ui/page.tsx';
import { PickMany, PickOne } from '../../../ui/picker.tsx';
import { useUrlState } from '../parts/url-state.ts';
import { allGroupsQuery, allPeopleQuery } from '../queries.ts';
import { DeliveryFault } from './delivery.tsx';
import { MadeSticks } from './made.tsx';

type Values = { whom: 'people' | 'group'; people: string[]; group: string; additional: boolean };

/** Sticks for people or a group, in one step. */
export function NewSticksPage() {
  const isAdministrator = useSession().person.roles.includes('administrator');
  // The control desk cannot look people up, so it has nobody to choose from.
  return isAdministrator ? <NewSticks /> : <RefusedPage reason="role" />;
}

function NewSticks() {
  const { t } = useLingui();
  const client = useQueryClient();
  const [{ person }] = useUrlState();
  const people = useQuery(allPeopleQuery);
  const groups = useQuery(allGroupsQuery);
  const [made, setMade] = useState<Schema<'CreatedSticks'>>();
  const form = useForm<Values>({
    initial: { whom: 'people', people: person ? [person] : [], group: '', additional: false },
    validate: (values) => {
      if (values.whom === 'people') {
        return values.people.length > 0 ? {} : { people: t`Wählen Sie mindestens eine Person.` };
      }
      return values.group ? {} : { group: t`Wählen Sie eine Gruppe.` };
    },
    submit: async ({ whom, people: chosen, group, additional }) => {
      try {
        const answer = await must(
          api.POST('/api/v1/admin/sticks', {
            body: {
              people: whom === 'people' ? chosen : [],
              group: whom === 'group' ? group : null,
              additional,
            },
          }),
        );
        void client.invalidateQueries({ queryKey: ['admin'] });
        setMade(answer);
      } catch (error) {
        throw fieldProblems(error);
      }
    },
  });
  if (made) return <MadeSticks made={made} />;
  const chosenGroup = groups.data?.find(({ id }) => id === form.values.group);
  return (
    <Page
      title={t`Sticks anlegen`}
      back={{ to: '/verwaltung/sticks', label: t`Sticks` }}
      lead={
        <Trans>
          Jede Person bekommt einen eigenen Stick mit ihren Zielen. Danach laden Sie die Pakete
          herunter und drucken die Briefe mit den Aktivierungscodes.
        </Trans>
      }
      narrow
    >
      <DeliveryFault />
      <Card>
        <Form
          form={form}
          failure={showProblem}
          actions={
            <>
              <Button type="submit" variant="primary" pending={form.pending}>
                <Trans>Sticks anlegen</Trans>
              </Button>
              <ButtonLink to="/verwaltung/sticks">
                <Trans>Abbrechen</Trans>
              </ButtonLink>
            </>
          }
        >
          <RadioGroup
            legend={t`Für wen?`}
            options={[
              { value: 'people', label: t`Für einzelne Personen` },
              {
                value: 'group',
                label: t`Für alle in einer Gruppe`,
                hint: t`Auch für die, die über andere Gruppen dazugehören.`,
              },
            ]}
            {...form.field('whom')}
          />
          {form.values.whom === 'people' ? (
            <PickMany
              label={t`Personen`}
              name="people"
              placeholder={t`Name eingeben`}
              error={form.errors.people}
              choices={people.data?.map(({ id, display_name, name }) => ({
                id,
                label: display_name,
                hint: name,
              }))}
              values={form.values.people}
              onChange={(values) => form.set('people', values)}
            />
          ) : (
            <div className="fa-stack fa-stack--tight">
              <PickOne
                label={t`Gruppe`}
                name="group"
                error={form.errors.group}
                choices={groups.data?.map(({ id, name }) => ({ id, label: name }))}
                value={form.values.group}
                onChange={(value) => form.set('group', value)}
              />
              {chosenGroup && (
                <p className="fa-muted fa-small">
                  <Plural
                    value={chosenGroup.people}
                    one="# Person gehört dazu."
                    other="# Personen gehören dazu."
                  />
                </p>
              )}
            </div>
          )}
          <Checkbox
            label={t`Auch Personen, die schon einen Stick haben, bekommen einen weiteren`}
            hint={t`Sonst werden sie ausgelassen.`}
            name="additional"
            checked={form.values.additional}
            onChange={(checked) => form.set('additional', checked)}
          />
        </Form>
      </Card>
      <p className="fa-muted fa-small">
        <Trans>
          Erreichen können die Personen damit, was die Regeln auch auf Sticks erlauben. Eine Regel,
          die nur andere Gerätearten nennt, gilt für den Stick nicht.
        </Trans>
      </p>
    </Page>
  );
}
