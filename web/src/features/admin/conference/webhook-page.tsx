import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { api, must, type Schema } from '../../../api/client.ts';
import { fieldText } from '../../../api/problem-text.ts';
import { useAsk } from '../../../app/ask.tsx';
import { type Held, useHeld } from '../../../app/held.ts';
import { Loaded, problemOfQuery } from '../../../app/loaded.tsx';
import type { Part } from '../../../app/merge.ts';
import { fieldProblems, ProblemAlert } from '../../../app/problem-alert.tsx';
import { WordText } from '../../../app/word.tsx';
import { Button } from '../../../ui/button.tsx';
import { Checkbox, CheckboxGroup } from '../../../ui/choices.tsx';
import { CopyField } from '../../../ui/copy-field.tsx';
import { type Column, DataTable } from '../../../ui/data-table.tsx';
import { TextField } from '../../../ui/fields.tsx';
import { type FormState, useForm } from '../../../ui/form.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Alert, EmptyState } from '../../../ui/notice.tsx';
import { Card, Page } from '../../../ui/page.tsx';
import { dateTime, list } from '../format.ts';
import { EditCard, NewEntryPage, Removal, useSave } from '../parts/entry.tsx';
import { useDeed } from '../queries.ts';
import { optionsOf } from '../words.ts';
import { deliveriesQuery, type Webhook, webhookQuery } from './queries.ts';
import { deliveryFault, deliveryState, EVENTS, eventName } from './words.ts';

type Values = Required<Schema<'WebhookFields'>>;
type Delivery = Schema<'Delivery'>;

const EMPTY: Values = { name: '', url: 'https://', events: [...EVENTS], enabled: true };
const LIST = '/verwaltung/webhooks';

/** A new webhook; its secret is shown this once. */
export function NewWebhookPage() {
  const { t } = useLingui();
  const client = useQueryClient();
  const navigate = useNavigate();
  const validate = useValidation();
  const [made, setMade] = useState<Schema<'WebhookWithSecret'>>();
  const form = useForm<Values>({
    initial: EMPTY,
    validate,
    submit: async (values) => {
      try {
        setMade(await must(api.POST('/api/v1/admin/webhooks', { body: trimmed(values) })));
        void client.invalidateQueries({ queryKey: ['admin'] });
      } catch (error) {
        throw fieldProblems(error);
      }
    },
  });
  const back = { to: LIST, label: t`Webhooks` };
  if (!made) {
    return (
      <NewEntryPage title={t`Webhook anlegen`} back={back} form={form}>
        <WebhookFields form={form} />
      </NewEntryPage>
    );
  }
  const { webhook, secret } = made;
  return (
    <Page title={t`„${webhook.name}“ ist angelegt`} back={back} narrow>
      <Card>
        <Secret secret={secret} />
        <div className="fa-form__actions">
          <Button
            variant="primary"
            onPress={() =>
              void navigate({ to: '/verwaltung/webhooks/$id', params: { id: webhook.id } })
            }
          >
            <Trans>Notiert, weiter zum Webhook</Trans>
          </Button>
        </div>
      </Card>
    </Page>
  );
}

function Secret({ secret }: { secret: string }) {
  const { t } = useLingui();
  return (
    <>
      <Alert tone="warning" title={<Trans>Dieses Geheimnis sehen Sie nur jetzt</Trans>}>
        <p>
          <Trans>
            Das andere Programm prüft damit die Unterschrift jeder Meldung. Geben Sie es dort ein,
            und bewahren Sie es nirgends sonst auf.
          </Trans>
        </p>
      </Alert>
      <CopyField label={t`Geheimnis des Webhooks`} value={secret} />
    </>
  );
}

/** One webhook: what it is told, how that goes, and its secret. */
export function WebhookPage() {
  const { t } = useLingui();
  const { id = '' } = useParams({ strict: false });
  const webhook = useQuery(webhookQuery(id));
  const held = useHeld(webhook);
  return (
    <Page title={webhook.data?.name ?? t`Webhook`} back={{ to: LIST, label: t`Webhooks` }} narrow>
      <Loaded query={webhook}>
        {(data) => (
          <>
            {data.failing_since && data.enabled !== false && <Failing since={data.failing_since} />}
            {held && <EditWebhook key={held.filling} held={held} />}
            <Deliveries webhook={data} />
            <SecretCard id={data.id} />
            <div>
              <Removal
                title={t`Webhook „${data.name}“ entfernen?`}
                text={
                  <Plural
                    value={data.waiting}
                    _0="Die Adresse erfährt dann nichts mehr."
                    one="Die Adresse erfährt dann nichts mehr. Eine wartende Meldung geht verloren."
                    other="Die Adresse erfährt dann nichts mehr. # wartende Meldungen gehen verloren."
                  />
                }
                action={t`Webhook entfernen`}
                deed={() =>
                  must(
                    api.DELETE('/api/v1/admin/webhooks/{id}', {
                      params: { path: { id: data.id } },
                    }),
                  )
                }
                done={t`Der Webhook „${data.name}“ ist entfernt.`}
                to={LIST}
              />
            </div>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Failing({ since }: { since: string }) {
  const moment = dateTime(since);
  return (
    <Alert tone="danger" title={<Trans>Seit {moment} kommt nichts mehr an</Trans>}>
      <p>
        <Trans>
          Fernamt versucht es immer seltener weiter und gibt jede Meldung nach einem Tag auf. Unten
          steht, woran es liegt.
        </Trans>
      </p>
    </Alert>
  );
}

function EditWebhook({ held }: { held: Held<Webhook> }) {
  const { t } = useLingui();
  const validate = useValidation();
  const { id, version } = held.data;
  const submit = useSave({
    held,
    queryKey: webhookQuery(id).queryKey,
    put: (values: Values) =>
      must(
        api.PUT('/api/v1/admin/webhooks/{id}', {
          params: { path: { id } },
          body: { version, ...trimmed(values) },
        }),
      ),
    done: t`Der Webhook ist gespeichert.`,
  });
  const form = useForm<Values>({ initial: valuesOf(held.data), validate, submit });
  const parts: Part<Values>[] = [
    { label: t`Name`, fields: ['name'], text: (values) => values.name },
    { label: t`Adresse`, fields: ['url'], text: ({ url }) => url },
    {
      label: t`Was gemeldet wird`,
      fields: ['events'],
      text: ({ events }) => list(events.map(eventName)),
    },
    {
      label: t`Eingeschaltet`,
      fields: ['enabled'],
      text: ({ enabled }) => (enabled ? t`ja` : t`nein`),
    },
  ];
  return (
    <EditCard
      title={<Trans>Was gemeldet wird</Trans>}
      held={held}
      valuesOf={valuesOf}
      parts={parts}
      form={form}
    >
      <WebhookFields form={form} />
      <Checkbox
        name="enabled"
        label={t`Eingeschaltet`}
        hint={t`Abgeschaltet erfährt die Adresse nichts, und nichts wird nachgeholt.`}
        checked={form.values.enabled}
        onChange={(next) => form.set('enabled', next)}
      />
    </EditCard>
  );
}

function WebhookFields({ form }: { form: FormState<Values> }) {
  const { t } = useLingui();
  return (
    <>
      <TextField
        label={t`Name`}
        hint={t`Wofür er ist, etwa „Raumverwaltung“.`}
        limit={100}
        {...form.field('name')}
      />
      <TextField
        label={t`Adresse`}
        hint={t`Dorthin sendet Fernamt eine unterschriebene Meldung (POST).`}
        type="url"
        limit={500}
        spellCheck={false}
        {...form.field('url')}
      />
      <CheckboxGroup
        legend={t`Was gemeldet wird`}
        name="events"
        error={form.errors.events}
        options={optionsOf(EVENTS, eventName)}
        values={form.values.events}
        onChange={(events) => form.set('events', events)}
      />
    </>
  );
}

function Deliveries({ webhook }: { webhook: Webhook }) {
  const { t } = useLingui();
  const deliveries = useQuery(deliveriesQuery(webhook.id));
  const trial = useDeed(
    () =>
      must(api.POST('/api/v1/admin/webhooks/{id}/trial', { params: { path: { id: webhook.id } } })),
    { done: t`Die Probe ist unterwegs. Gleich steht unten, ob sie ankam.` },
  );
  const retry = useDeed(
    (id: string) =>
      must(api.POST('/api/v1/admin/webhook-deliveries/{id}/retry', { params: { path: { id } } })),
    { done: t`Fernamt versucht es gleich noch einmal.` },
  );
  const columns: Column<Delivery>[] = [
    {
      id: 'event',
      header: t`Meldung`,
      isRowHeader: true,
      cell: ({ event, at }) => (
        <span className="fa-name">
          <span>
            {eventName(event)}
            <span className="fa-name__more">{dateTime(at)}</span>
          </span>
        </span>
      ),
    },
    {
      id: 'state',
      header: t`Zustand`,
      cell: (delivery) => {
        const fault = delivery.state === 'delivered' ? null : deliveryFault(delivery);
        return (
          <>
            <WordText word={deliveryState(delivery.state)} />
            {fault && <span className="fa-name__more">{fault}</span>}
          </>
        );
      },
    },
    {
      id: 'tries',
      header: t`Versuche`,
      cell: ({ attempts, next_at: next, state }) => {
        const at = next && state === 'waiting' ? dateTime(next) : null;
        return (
          <>
            {attempts}
            {at && <span className="fa-name__more">{t`nächster: ${at}`}</span>}
          </>
        );
      },
    },
    {
      id: 'deeds',
      header: t`Aktionen`,
      cell: ({ id, event, at, state }) => {
        const [name, moment] = [eventName(event), dateTime(at)];
        return state === 'delivered' ? null : (
          <Button
            small
            icon={icons.iconRefresh}
            pending={retry.isPending && retry.variables === id}
            isDisabled={webhook.enabled === false}
            onPress={() => retry.mutate(id)}
            aria-label={t`Noch einmal versuchen: ${name}, ${moment}`}
          >
            <span className="fa-nowrap">
              <Trans>Noch einmal</Trans>
            </span>
          </Button>
        );
      },
    },
  ];
  return (
    <section className="fa-stack">
      <div className="fa-row fa-row--between">
        <h2>
          <Trans>Meldungen</Trans>
        </h2>
        <Button
          small
          icon={icons.iconSend}
          pending={trial.isPending}
          isDisabled={webhook.enabled === false}
          onPress={() => trial.mutate()}
        >
          <Trans>Probe senden</Trans>
        </Button>
      </div>
      {trial.error && <ProblemAlert problem={trial.error} />}
      {retry.error && <ProblemAlert problem={retry.error} />}
      <DataTable
        label={t`Meldungen`}
        columns={columns}
        rows={deliveries.data}
        rowKey={({ id }) => id}
        problem={problemOfQuery(deliveries)}
        empty={
          <EmptyState icon={icons.iconSend} level={3} title={<Trans>Noch nichts gemeldet</Trans>} />
        }
      />
      <p className="fa-muted fa-small">
        <Trans>
          Meldungen gehen der Reihe nach hinaus. Was nicht angenommen wird, versucht Fernamt einen
          Tag lang von selbst wieder; „Noch einmal“ versucht es sofort, auch danach.
        </Trans>
      </p>
    </section>
  );
}

function SecretCard({ id }: { id: string }) {
  const { t } = useLingui();
  const { ask, dialog } = useAsk(['admin']);
  const [secret, setSecret] = useState<string>();
  const renew = () =>
    ask({
      title: t`Neues Geheimnis erzeugen?`,
      text: (
        <p>
          <Trans>
            Das bisherige zählt dann nicht mehr. Bis das andere Programm das neue kennt, wird es
            Meldungen zurückweisen; Fernamt versucht sie wieder.
          </Trans>
        </p>
      ),
      action: t`Neues Geheimnis erzeugen`,
      danger: true,
      deed: async () => {
        const made = await must(
          api.POST('/api/v1/admin/webhooks/{id}/secret', { params: { path: { id } } }),
        );
        setSecret(made.secret);
      },
      done: t`Das neue Geheimnis gilt ab jetzt.`,
    });
  return (
    <Card
      title={<Trans>Geheimnis</Trans>}
      lead={<Trans>Damit prüft das andere Programm, dass eine Meldung von hier kommt.</Trans>}
      {...(!secret && {
        actions: (
          <Button small icon={icons.iconKey} onPress={renew}>
            <Trans>Neues Geheimnis erzeugen</Trans>
          </Button>
        ),
      })}
    >
      {secret && <Secret secret={secret} />}
      {dialog}
    </Card>
  );
}

function useValidation() {
  const { t } = useLingui();
  return ({ name, url, events }: Values) => ({
    ...(!name.trim() && { name: t`Geben Sie dem Webhook einen Namen.` }),
    ...(!/^https?:\/\/./.test(url.trim()) && {
      url: t`Die Adresse beginnt mit https:// und nennt einen Rechner.`,
    }),
    ...(isOpenToAll(url.trim()) && {
      url: fieldText('not_http', {}),
    }),
    ...(events.length === 0 && { events: t`Wählen Sie, was gemeldet wird.` }),
  });
}

/** The server takes http:// on its own machine only, where nobody listens in. */
const isOpenToAll = (url: string) =>
  /^http:\/\/./.test(url) &&
  !/^http:\/\/(localhost|[^/:]+\.localhost|127\.[\d.]+|\[::1\])([:/]|$)/.test(url);

const valuesOf = ({ name, url, events, enabled = true }: Webhook): Values => ({
  name,
  url,
  events,
  enabled,
});

const trimmed = ({ name, url, events, enabled }: Values) => ({
  name: name.trim(),
  url: url.trim(),
  events,
  enabled,
});
