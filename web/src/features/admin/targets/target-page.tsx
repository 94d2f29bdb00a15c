import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { api, must, type Schema } from '../../../api/client.ts';
import { type Held, useHeld } from '../../../app/held.ts';
import { Loaded } from '../../../app/loaded.tsx';
import { fieldProblems } from '../../../app/problem-alert.tsx';
import { useForm } from '../../../ui/form.tsx';
import { Card, Page } from '../../../ui/page.tsx';
import { announce } from '../../../ui/status.tsx';
import { EditCard, NewEntryPage, Removal, useSave } from '../parts/entry.tsx';
import { UsedBy } from '../parts/used-by.tsx';
import { allBundlesQuery, targetQuery } from '../queries.ts';
import { targetKindName } from '../words.ts';
import { TargetFormFields } from './fields.tsx';
import { EMPTY_TARGET, faultsOf, fieldsOf, TARGET_PATHS, valuesOf } from './form-values.ts';
import { TargetHealth } from './health.tsx';
import { targetParts } from './summary.ts';

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
          t`Erreichbar ist es, sobald eine Regel es freigibt.`,
        );
        await navigate({ to: '/verwaltung/ziele/$id', params: { id: target.id } });
      } catch (error) {
        throw fieldProblems(error, TARGET_PATHS);
      }
    },
  });
  return (
    <NewEntryPage
      title={t`Ziel eintragen`}
      back={{ to: '/verwaltung/ziele', label: t`Ziele` }}
      lead={
        <Trans>
          Eingetragen ist noch nicht erlaubt: Wer es nutzen darf, sagt danach eine Regel.
        </Trans>
      }
      form={form}
    >
      <TargetFormFields form={form} isNew />
    </NewEntryPage>
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
            {held && <EditTarget key={held.filling} held={held} />}
            <div className="fa-stack fa-split__aside">
              <TargetHealth target={data} />
              <Belongs target={data} />
              <UsedBy
                rules={data.used_by_rules}
                none={<Trans>Keine, außer solchen über alle Ziele oder alle dieser Art.</Trans>}
              />
              <RemoveTarget target={data} />
            </div>
          </div>
        )}
      </Loaded>
    </Page>
  );
}

function EditTarget({ held }: { held: Held<Target> }) {
  const { t } = useLingui();
  const target = held.data;
  const submit = useSave({
    held,
    queryKey: targetQuery(target.id).queryKey,
    put: (values: ReturnType<typeof valuesOf>) =>
      must(
        api.PUT('/api/v1/admin/targets/{id}', {
          params: { path: { id: target.id } },
          body: { version: target.version, ...fieldsOf(values) },
        }),
      ),
    done: t`Gespeichert.`,
    names: TARGET_PATHS,
  });
  const form = useForm({ initial: valuesOf(target), validate: faultsOf, submit });
  return (
    <EditCard
      title={<Trans>Angaben</Trans>}
      held={held}
      valuesOf={valuesOf}
      parts={targetParts()}
      form={form}
    >
      <TargetFormFields form={form} isNew={false} />
    </EditCard>
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

function RemoveTarget({ target }: { target: Target }) {
  const { t } = useLingui();
  return (
    <div className="fa-actions">
      <Removal
        title={t`„${target.name}“ entfernen?`}
        text={
          <Trans>
            Verbindungen zu diesem Ziel enden sofort; nicht gespeicherte Arbeit darin kann verloren
            gehen. Verloren gehen auch diese Angaben, das festgehaltene Zertifikat und der Platz in
            Bündeln und Regeln. Das Ziel selbst bleibt, wie es ist.
          </Trans>
        }
        action={t`Ziel entfernen`}
        deed={() =>
          must(api.DELETE('/api/v1/admin/targets/{id}', { params: { path: { id: target.id } } }))
        }
        done={t`„${target.name}“ ist entfernt.`}
        to="/verwaltung/ziele"
      />
    </div>
  );
}
