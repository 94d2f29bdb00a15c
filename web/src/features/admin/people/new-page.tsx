import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, must, type Schema } from '../../../api/client.ts';
import { fieldProblems, showProblem } from '../../../app/problem-alert.tsx';
import { Button, ButtonLink } from '../../../ui/button.tsx';
import { CheckboxGroup, RadioGroup } from '../../../ui/choices.tsx';
import { CopyField } from '../../../ui/copy-field.tsx';
import { PasswordField, TextField } from '../../../ui/fields.tsx';
import { Form, useForm } from '../../../ui/form.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Alert } from '../../../ui/notice.tsx';
import { Card, Page } from '../../../ui/page.tsx';
import { PickMany } from '../../../ui/picker.tsx';
import { allGroupsQuery } from '../queries.ts';
import { ROLES, roleHint, roleName } from '../words.ts';

const NAME_PATTERN = /^[a-z0-9._-]{1,64}$/;
const MIN_PASSWORD_CHARS = 12;

type Values = {
  display_name: string;
  name: string;
  how: 'made_up' | 'typed';
  password: string;
  groups: string[];
  roles: Schema<'Role'>[];
};

const EMPTY: Values = {
  display_name: '',
  name: '',
  how: 'made_up',
  password: '',
  groups: [],
  roles: [],
};

/** A new local account. */
export function NewPersonPage() {
  const { t } = useLingui();
  const client = useQueryClient();
  const groups = useQuery(allGroupsQuery);
  const [created, setCreated] = useState<Schema<'CreatedPerson'>>();
  const form = useForm({
    initial: EMPTY,
    validate: (values) => ({
      ...(!values.display_name.trim() && { display_name: t`Geben Sie den Namen der Person ein.` }),
      ...(!NAME_PATTERN.test(values.name.trim()) && {
        name: t`Der Anmeldename besteht aus Kleinbuchstaben, Ziffern, Punkt, Binde- und Unterstrich.`,
      }),
      ...(values.how === 'typed' &&
        values.password.length < MIN_PASSWORD_CHARS && {
          password: t`Das Passwort braucht mindestens ${MIN_PASSWORD_CHARS} Zeichen.`,
        }),
    }),
    submit: async ({ display_name, name, how, password, groups: chosen, roles }) => {
      try {
        const answer = await must(
          api.POST('/api/v1/admin/people', {
            body: {
              display_name: display_name.trim(),
              name: name.trim(),
              groups: chosen,
              roles,
              ...(how === 'typed' && { password }),
            },
          }),
        );
        void client.invalidateQueries({ queryKey: ['admin'] });
        setCreated(answer);
      } catch (error) {
        throw fieldProblems(error);
      }
    },
  });
  if (created) {
    const again = () => {
      form.reset(EMPTY);
      setCreated(undefined);
    };
    return <Created created={created} onAgain={again} />;
  }
  return (
    <Page
      title={t`Person anlegen`}
      back={{ to: '/verwaltung/personen', label: t`Personen` }}
      lead={
        <Trans>
          Für Personen, die nicht im Verzeichnis stehen. Der zweite Faktor wird bei der ersten
          Anmeldung eingerichtet.
        </Trans>
      }
      narrow
    >
      <Card>
        <Form
          form={form}
          failure={showProblem}
          actions={
            <>
              <Button type="submit" variant="primary" pending={form.pending}>
                <Trans>Person anlegen</Trans>
              </Button>
              <ButtonLink to="/verwaltung/personen">
                <Trans>Abbrechen</Trans>
              </ButtonLink>
            </>
          }
        >
          <TextField
            label={t`Name`}
            hint={t`Wie andere die Person sehen, etwa „Anna Bauer“.`}
            autoComplete="off"
            maxLength={200}
            {...form.field('display_name')}
          />
          <TextField
            label={t`Anmeldename`}
            hint={t`Kleinbuchstaben, Ziffern, Punkt, Binde- und Unterstrich, etwa „a.bauer“.`}
            autoComplete="off"
            spellCheck={false}
            maxLength={64}
            {...form.field('name')}
          />
          <RadioGroup
            legend={t`Erstes Passwort`}
            options={[
              {
                value: 'made_up',
                label: t`Fernamt denkt sich eines aus`,
                hint: t`Sie sehen es danach ein einziges Mal.`,
              },
              { value: 'typed', label: t`Ich gebe eines ein` },
            ]}
            {...form.field('how')}
          />
          {form.values.how === 'typed' && (
            <PasswordField
              label={t`Passwort`}
              autoComplete="new-password"
              {...form.field('password')}
            />
          )}
          <PickMany
            label={t`Gruppen`}
            name="groups"
            optional
            choices={groups.data
              ?.filter((group) => group.source === 'local')
              .map((group) => ({ id: group.id, label: group.name }))}
            values={form.values.groups}
            onChange={(values) => form.set('groups', values)}
          />
          <CheckboxGroup
            legend={t`Aufgaben neben der täglichen Arbeit`}
            hint={t`Die meisten Personen brauchen keine.`}
            name="roles"
            options={ROLES.map((role) => ({
              value: role,
              label: roleName(role),
              hint: roleHint(role),
            }))}
            values={form.values.roles}
            onChange={(values) => form.set('roles', values)}
          />
        </Form>
      </Card>
    </Page>
  );
}

type CreatedProps = { created: Schema<'CreatedPerson'>; onAgain: () => void };

function Created({ created, onAgain }: CreatedProps) {
  const { t } = useLingui();
  const navigate = useNavigate();
  const { person, password } = created;
  return (
    <Page
      title={t`${person.display_name} ist angelegt`}
      back={{ to: '/verwaltung/personen', label: t`Personen` }}
      narrow
    >
      <Card>
        {password && (
          <>
            <Alert tone="warning" title={<Trans>Dieses Passwort sehen Sie nur jetzt</Trans>}>
              <p>
                <Trans>
                  Geben Sie es der Person auf sicherem Weg weiter, nicht per E-Mail. Sie kann es
                  nach der Anmeldung ändern.
                </Trans>
              </p>
            </Alert>
            <CopyField label={t`Erstes Passwort`} value={password} />
          </>
        )}
        <p>
          <Trans>
            Bei der ersten Anmeldung als <strong>{person.name}</strong> richtet die Person ihren
            zweiten Faktor ein.
          </Trans>
        </p>
        <div className="fa-form__actions">
          <Button
            variant="primary"
            onPress={() =>
              void navigate({ to: '/verwaltung/personen/$id', params: { id: person.id } })
            }
          >
            {password ? (
              <Trans>Notiert, weiter zur Person</Trans>
            ) : (
              <Trans>Weiter zur Person</Trans>
            )}
          </Button>
          <Button icon={icons.iconPersonAdd} onPress={onAgain}>
            <Trans>Noch eine Person anlegen</Trans>
          </Button>
        </div>
      </Card>
    </Page>
  );
}
