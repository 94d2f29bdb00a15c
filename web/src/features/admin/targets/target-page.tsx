import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { api, must, type Schema } from '../../../api/client.ts';
import { fieldProblems, showProblem } from '../../../app/problem-alert.tsx';
import { Button, ButtonLink } from '../../../ui/button.tsx';
import { Form, useForm } from '../../../ui/form.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Card, Page } from '../../../ui/page.tsx';
import { announce } from '../../../ui/status.tsx';
import { useAsk } from '../parts/ask.tsx';
import { failureOf } from '../parts/conflict.tsx';
import { type Held, useHeld, useTyped } from '../parts/held.ts';
import { Loaded } from '../parts/loaded.tsx';
import { allBundlesQuery, targetQuery } from '../queries.ts';
import { targetKindName } from '../words.ts';
import { TargetFormFields } from './fields.tsx';
import { EMPTY_TARGET, faultsOf, fieldsOf, TARGET_PATHS, valuesOf } from './form-values.ts';
import { TargetHealth } from './health.tsx';

type Target = Schema<'Target'>;

/** A new target. */
export function NewTargetPage() {
  const { t } = useLingui();
  const client = useQueryClient();
  const navigate = useNavigate();
  const form = useForm({
    initial: EMPTY_TARGET,
    validate: faultsOf,
    submit: async (values) => {
      try {
        const target = await must(api.POST('/api/v1/admin/targets', { body: fieldsOf(values) }));
        void client.invalidateQueries({ queryKey: ['admin'] });
        announce(
          'success',
          t`„${target.name}“ ist eingetragen.`,
          t`Erreichbar wird es erst durch eine Regel.`,
        );
        await navigate({ to: '/verwaltung/ziele/$id', params: { id: target.id } });
      } catch (error) {
        throw fieldProblems(error, TARGET_PATHS);
      }
    },
  });
  return (
    <Page
      title={t`Ziel eintragen`}
      back={{ to: '/verwaltung/ziele', label: t`Ziele` }}
      lead={
        <Trans>
          Eingetragen ist noch nicht erlaubt: Wer es nutzen darf, sagt danach eine Regel.
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
                <Trans>Ziel eintragen</Trans>
              </Button>
              <ButtonLink to="/verwaltung/ziele">
                <Trans>Abbrechen</Trans>
              </ButtonLink>
            </>
          }
        >
          <TargetFormFields form={form} isNew />
        </Form>
      </Card>
    </Page>
  );
}

/** One target: what it is, whether it answers, which certificate it shows. */
export function TargetPage() {
  const { t } = useLingui();
  const { id } = useParams({ strict: false });
  const target = useQuery(targetQuery(id ?? ''));
  const held = useHeld(target);
  return (
    <Page
      title={target.data?.name ?? t`Ziel`}
      back={{ to: '/verwaltung/ziele', label: t`Ziele` }}
      lead={target.data && targetKindName(target.data.settings.kind)}
    >
      <Loaded query={target}>
        {(data) => (
          <div className="fa-split">
            {held && <EditTarget key={held.data.version} held={held} />}
            <div className="fa-stack fa-split__aside">
              <TargetHealth target={data} />
              <Belongs target={data} />
              <Removal target={data} />
            </div>
          </div>
        )}
      </Loaded>
    </Page>
  );
}

function EditTarget({ held }: { held: Held<Target> }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const target = held.data;
  const initial = valuesOf(target);
  const form = useForm({
    initial,
    validate: faultsOf,
    submit: async (values) => {
      try {
        const next = await must(
          api.PUT('/api/v1/admin/targets/{id}', {
            params: { path: { id: target.id } },
            body: { version: target.version, ...fieldsOf(values) },
          }),
        );
        client.setQueryData(targetQuery(target.id).queryKey, next);
        held.take(next);
        void client.invalidateQueries({ queryKey: ['admin'] });
        announce('success', t`Gespeichert.`);
      } catch (error) {
        throw fieldProblems(error, TARGET_PATHS);
      }
    },
  });
  const typed = useTyped(held, form.values, initial);
  return (
    <Card title={<Trans>Angaben</Trans>}>
      <Form
        form={form}
        failure={failureOf(held.reload)}
        actions={
          <Button type="submit" variant="primary" pending={form.pending} isDisabled={!typed}>
            <Trans>Änderungen speichern</Trans>
          </Button>
        }
      >
        <TargetFormFields form={form} isNew={false} />
      </Form>
    </Card>
  );
}

function Belongs({ target }: { target: Target }) {
  const bundles = useQuery(allBundlesQuery);
  const mine = bundles.data?.filter((bundle) => target.bundles.includes(bundle.id)) ?? [];
  return (
    <Card title={<Trans>Bündel</Trans>}>
      {target.bundles.length === 0 ? (
        <p className="fa-muted">
          <Trans>In keinem Bündel.</Trans>
        </p>
      ) : (
        <ul className="fa-chips">
          {mine.map((bundle) => (
            <li key={bundle.id} className="fa-chip">
              <Link to="/verwaltung/buendel/$id" params={{ id: bundle.id }}>
                {bundle.name}
              </Link>
            </li>
          ))}
        </ul>
      )}
      <p>
        <Link to="/verwaltung/warum" search={{ ziel: target.id }}>
          <Trans>Wer darf das nutzen, und warum?</Trans>
        </Link>
      </p>
    </Card>
  );
}

function Removal({ target }: { target: Target }) {
  const { t } = useLingui();
  const navigate = useNavigate();
  const { ask, dialog } = useAsk();
  const remove = () =>
    ask({
      title: t`„${target.name}“ entfernen?`,
      text: (
        <p>
          <Trans>
            Verbindungen zu diesem Ziel enden sofort; nicht gespeicherte Arbeit darin kann verloren
            gehen. Verloren gehen auch diese Angaben, das festgehaltene Zertifikat und der Platz in
            Bündeln und Regeln. Das Ziel selbst bleibt, wie es ist.
          </Trans>
        </p>
      ),
      action: t`Ziel entfernen`,
      danger: true,
      deed: () =>
        must(api.DELETE('/api/v1/admin/targets/{id}', { params: { path: { id: target.id } } })),
      done: t`„${target.name}“ ist entfernt.`,
      onDone: () => void navigate({ to: '/verwaltung/ziele' }),
    });
  return (
    <div className="fa-actions">
      <Button icon={icons.iconDelete} danger onPress={remove}>
        <Trans>Ziel entfernen</Trans>
      </Button>
      {dialog}
    </div>
  );
}
