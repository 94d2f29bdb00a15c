import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { api, must, type Schema } from '../../../api/client.ts';
import { type Held, useHeld } from '../../../app/held.ts';
import { Loaded } from '../../../app/loaded.tsx';
import { listPart, type Part } from '../../../app/merge.ts';
import { fieldProblems } from '../../../app/problem-alert.tsx';
import { TextField } from '../../../ui/fields.tsx';
import { type FormState, useForm } from '../../../ui/form.tsx';
import { Page } from '../../../ui/page.tsx';
import { PickMany } from '../../../ui/picker.tsx';
import { announce } from '../../../ui/status.tsx';
import { EditCard, NewEntryPage, Removal, useSave } from '../parts/entry.tsx';
import { UsedBy } from '../parts/used-by.tsx';
import { allTargetsQuery, bundleQuery } from '../queries.ts';
import { useNames } from '../rules/names.ts';
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
    <NewEntryPage
      title={t`Bündel anlegen`}
      back={{ to: '/verwaltung/buendel', label: t`Bündel` }}
      form={form}
    >
      <BundleFields form={form} />
    </NewEntryPage>
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
            {held && <EditBundle key={held.filling} held={held} />}
            <UsedBy
              rules={data.used_by_rules}
              none={<Trans>Keine. Das Bündel allein erlaubt nichts.</Trans>}
            />
            <RemoveBundle bundle={data} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

const valuesOf = ({ name, description, targets }: Bundle): Values => ({
  name,
  description: description ?? '',
  targets,
});

function EditBundle({ held }: { held: Held<Bundle> }) {
  const { t } = useLingui();
  const validate = useValidation();
  const bundle = held.data;
  const names = useNames();
  const parts: Part<Values>[] = [
    { label: t`Name`, fields: ['name'], text: ({ name }) => name },
    {
      label: t`Für wen oder wofür`,
      fields: ['description'],
      text: ({ description }) => description,
    },
    listPart(t`Ziele`, 'targets', names.target),
  ];
  const submit = useSave({
    held,
    queryKey: bundleQuery(bundle.id).queryKey,
    put: (values: Values) =>
      must(
        api.PUT('/api/v1/admin/bundles/{id}', {
          params: { path: { id: bundle.id } },
          body: { version: bundle.version, ...trimmed(values) },
        }),
      ),
    done: t`Gespeichert. Zugänge sind angepasst.`,
  });
  const form = useForm<Values>({ initial: valuesOf(bundle), validate, submit });
  return (
    <EditCard held={held} valuesOf={valuesOf} parts={parts} form={form}>
      <BundleFields form={form} />
    </EditCard>
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

function RemoveBundle({ bundle }: { bundle: Bundle }) {
  const { t } = useLingui();
  return (
    <div className="fa-row">
      <Removal
        title={t`Bündel „${bundle.name}“ entfernen?`}
        text={<Trans>Verloren geht die Zusammenstellung. Die Ziele selbst bleiben.</Trans>}
        action={t`Bündel entfernen`}
        deed={() =>
          must(api.DELETE('/api/v1/admin/bundles/{id}', { params: { path: { id: bundle.id } } }))
        }
        done={t`Das Bündel „${bundle.name}“ ist entfernt.`}
        to="/verwaltung/buendel"
        isDisabled={bundle.used_by_rules.length > 0}
      />
      {bundle.used_by_rules.length > 0 && (
        <p className="fa-muted fa-small">
          <Trans>Entfernen lässt es sich erst, wenn keine Regel es mehr nennt.</Trans>
        </p>
      )}
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
