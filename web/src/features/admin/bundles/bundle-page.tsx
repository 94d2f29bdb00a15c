import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { api, must, type Schema } from '../../../api/client.ts';
import { fieldProblems, showProblem } from '../../../app/problem-alert.tsx';
import { Button, ButtonLink } from '../../../ui/button.tsx';
import { TextField } from '../../../ui/fields.tsx';
import { Form, type FormState, useForm } from '../../../ui/form.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Card, Page } from '../../../ui/page.tsx';
import { PickMany } from '../../../ui/picker.tsx';
import { announce } from '../../../ui/status.tsx';
import { useAsk } from '../parts/ask.tsx';
import { failureOf } from '../parts/conflict.tsx';
import { type Held, useHeld, useTyped } from '../parts/held.ts';
import { Loaded } from '../parts/loaded.tsx';
import { allTargetsQuery, bundleQuery } from '../queries.ts';
import { targetKindName } from '../words.ts';

type Bundle = Schema<'Bundle'>;
type Values = { name: string; description: string; targets: string[] };

/** A new bundle. */
export function NewBundlePage() {
  const { t } = useLingui();
  const client = useQueryClient();
  const navigate = useNavigate();
  const validate = useValidation();
  const form = useForm<Values>({
    initial: { name: '', description: '', targets: [] },
    validate,
    submit: async (values) => {
      try {
        const bundle = await must(api.POST('/api/v1/admin/bundles', { body: trimmed(values) }));
        void client.invalidateQueries({ queryKey: ['admin'] });
        announce('success', t`Das Bündel „${bundle.name}“ ist angelegt.`);
        await navigate({ to: '/verwaltung/buendel' });
      } catch (error) {
        throw fieldProblems(error);
      }
    },
  });
  return (
    <Page title={t`Bündel anlegen`} back={{ to: '/verwaltung/buendel', label: t`Bündel` }} narrow>
      <Card>
        <Form
          form={form}
          failure={showProblem}
          actions={
            <>
              <Button type="submit" variant="primary" pending={form.pending}>
                <Trans>Bündel anlegen</Trans>
              </Button>
              <ButtonLink to="/verwaltung/buendel">
                <Trans>Abbrechen</Trans>
              </ButtonLink>
            </>
          }
        >
          <BundleFields form={form} />
        </Form>
      </Card>
    </Page>
  );
}

/** One bundle and its targets. */
export function BundlePage() {
  const { t } = useLingui();
  const { id } = useParams({ strict: false });
  const bundle = useQuery(bundleQuery(id ?? ''));
  const held = useHeld(bundle);
  return (
    <Page
      title={bundle.data?.name ?? t`Bündel`}
      back={{ to: '/verwaltung/buendel', label: t`Bündel` }}
      narrow
    >
      <Loaded query={bundle}>
        {(data) => (
          <>
            {held && <EditBundle key={held.data.version} held={held} />}
            <Removal bundle={data} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function EditBundle({ held }: { held: Held<Bundle> }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const validate = useValidation();
  const bundle = held.data;
  const initial: Values = {
    name: bundle.name,
    description: bundle.description ?? '',
    targets: bundle.targets,
  };
  const form = useForm<Values>({
    initial,
    validate,
    submit: async (values) => {
      try {
        const next = await must(
          api.PUT('/api/v1/admin/bundles/{id}', {
            params: { path: { id: bundle.id } },
            body: { version: bundle.version, ...trimmed(values) },
          }),
        );
        client.setQueryData(bundleQuery(bundle.id).queryKey, next);
        held.take(next);
        void client.invalidateQueries({ queryKey: ['admin'] });
        announce('success', t`Gespeichert. Zugänge sind angepasst.`);
      } catch (error) {
        throw fieldProblems(error);
      }
    },
  });
  const typed = useTyped(held, form.values, initial);
  return (
    <Card>
      <Form
        form={form}
        failure={failureOf(held.reload)}
        actions={
          <Button type="submit" variant="primary" pending={form.pending} isDisabled={!typed}>
            <Trans>Änderungen speichern</Trans>
          </Button>
        }
      >
        <BundleFields form={form} />
      </Form>
    </Card>
  );
}

function BundleFields({ form }: { form: FormState<Values> }) {
  const { t } = useLingui();
  const targets = useQuery(allTargetsQuery);
  return (
    <>
      <TextField label={t`Name`} maxLength={100} {...form.field('name')} />
      <TextField
        label={t`Für wen oder wofür`}
        optional
        maxLength={500}
        {...form.field('description')}
      />
      <PickMany
        label={t`Ziele`}
        name="targets"
        optional
        choices={targets.data?.map((target) => ({
          id: target.id,
          label: target.name,
          hint: targetKindName(target.settings.kind),
        }))}
        values={form.values.targets}
        onChange={(values) => form.set('targets', values)}
        none={<Trans>Noch kein Ziel in diesem Bündel.</Trans>}
      />
    </>
  );
}

function Removal({ bundle }: { bundle: Bundle }) {
  const { t } = useLingui();
  const navigate = useNavigate();
  const { ask, dialog } = useAsk();
  const remove = () =>
    ask({
      title: t`Bündel „${bundle.name}“ entfernen?`,
      text: (
        <p>
          <Trans>
            Verloren geht die Zusammenstellung. Die Ziele selbst bleiben. Ein Bündel, das eine Regel
            nennt, lässt sich nicht entfernen.
          </Trans>
        </p>
      ),
      action: t`Bündel entfernen`,
      danger: true,
      deed: () =>
        must(api.DELETE('/api/v1/admin/bundles/{id}', { params: { path: { id: bundle.id } } })),
      done: t`Das Bündel „${bundle.name}“ ist entfernt.`,
      onDone: () => void navigate({ to: '/verwaltung/buendel' }),
    });
  return (
    <div className="fa-row">
      <Button icon={icons.iconDelete} danger onPress={remove}>
        <Trans>Bündel entfernen</Trans>
      </Button>
      {dialog}
    </div>
  );
}

function useValidation() {
  const { t } = useLingui();
  return ({ name }: Values) => (name.trim() ? {} : { name: t`Geben Sie dem Bündel einen Namen.` });
}

const trimmed = ({ name, description, targets }: Values) => ({
  name: name.trim(),
  description: description.trim(),
  targets,
});
