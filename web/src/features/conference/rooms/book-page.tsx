import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { api, must } from '../../../api/client.ts';
import { settling } from '../../../app/conflict.tsx';
import { useHeld, useTyped } from '../../../app/held.ts';
import { Loaded } from '../../../app/loaded.tsx';
import {
  CLASSES,
  className,
  kindName,
  lobbiesFrom,
  lobbyName,
} from '../../../app/meeting-words.ts';
import { showProblem } from '../../../app/problem-alert.tsx';
import { Button, ButtonLink } from '../../../ui/button.tsx';
import { Checkbox, RadioGroup, Select } from '../../../ui/choices.tsx';
import { TextAreaField, TextField } from '../../../ui/fields.tsx';
import { Form, type FormState, useForm } from '../../../ui/form.tsx';
import { icons } from '../../../ui/icon.tsx';
import { EmptyState, Loading } from '../../../ui/notice.tsx';
import { Card, Page } from '../../../ui/page.tsx';
import { announce } from '../../../ui/status.tsx';
import { bookingFaults } from './faults.ts';
import { emptyValues, fieldsFrom, type Values, valuesOf, whole } from './form-values.ts';
import { PeopleFields } from './people-fields.tsx';
import {
  CONFERENCE,
  type Kind,
  type Options,
  optionsQuery,
  type Room,
  roomQuery,
} from './queries.ts';
import { bookingParts } from './summary.ts';
import { minutesBetween } from './times.ts';
import { WhenFields } from './when-fields.tsx';
import { kindHint, safeguardSentences } from './words.ts';

const BACK = '/besprechungen';

/** Books a meeting or a lecture, or sets up a personal room. */
export function NewPage() {
  const { t } = useLingui();
  const { art } = useSearch({ from: '/angemeldet/haus/besprechungen/neu' });
  const options = useQuery(optionsQuery);
  const personal = art === 'personal';
  const title = personal ? t`Persönlichen Raum einrichten` : t`Besprechung buchen`;
  return (
    <Page title={title} back={{ to: BACK, label: t`Besprechungen` }} narrow>
      <Loaded query={options}>
        {(data) => {
          const kinds = data.may_create.filter((kind) => (kind === 'personal') === personal);
          const first = kinds.find((kind) => kind === art) ?? kinds[0];
          return first ? <NewForm options={data} kinds={kinds} kind={first} /> : <NotYours />;
        }}
      </Loaded>
    </Page>
  );
}

function NotYours() {
  return (
    <EmptyState icon={icons.iconBlock} title={<Trans>Das dürfen Sie hier nicht anlegen</Trans>}>
      <p>
        <Trans>Ihre Administration legt fest, wer Besprechungen buchen darf.</Trans>
      </p>
    </EmptyState>
  );
}

function NewForm({ options, kinds, kind }: { options: Options; kinds: Kind[]; kind: Kind }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const navigate = useNavigate();
  const check = useCheck();
  const form = useForm<Values>({
    initial: emptyValues(kind, options, Date.now()),
    validate: check,
    submit: async (values) => {
      try {
        const body = { ...fieldsFrom(values), kind: values.kind, notify: values.notify };
        const room = await must(api.POST('/api/v1/conference/rooms', { body }));
        client.setQueryData(roomQuery(room.id).queryKey, room);
        void client.invalidateQueries({ queryKey: CONFERENCE });
        announce('success', t`„${room.name}“ ist eingetragen.`);
        await navigate({
          to: '/besprechungen/$id',
          params: { id: room.id },
          search: { neu: true },
        });
      } catch (error) {
        throw bookingFaults(error, values);
      }
    },
  });
  const { kind: chosen, notify, people } = form.values;
  const reached = people.some(({ address }) => address.trim());
  return (
    <Form
      form={form}
      failure={showProblem}
      actions={
        <>
          <Button type="submit" variant="primary" pending={form.pending}>
            {chosen === 'personal' ? (
              <Trans>Raum einrichten</Trans>
            ) : chosen === 'lecture' ? (
              <Trans>Vortrag buchen</Trans>
            ) : (
              <Trans>Besprechung buchen</Trans>
            )}
          </Button>
          <ButtonLink to={BACK}>
            <Trans>Abbrechen</Trans>
          </ButtonLink>
        </>
      }
    >
      <RoomCards form={form} options={options} kinds={kinds} />
      {options.mail && reached && chosen !== 'personal' && (
        <Checkbox
          name="notify"
          label={t`Einladungen per E-Mail verschicken`}
          checked={notify}
          onChange={(next) => form.set('notify', next)}
        />
      )}
    </Form>
  );
}

/** Changes a room: all of its dates that are still to come. */
export function ChangePage() {
  const { t } = useLingui();
  const { id } = useParams({ from: '/angemeldet/haus/besprechungen/$id/aendern' });
  const room = useQuery(roomQuery(id));
  const options = useQuery(optionsQuery);
  const held = useHeld(room);
  const failed = !held && room.error ? room : !options.data && options.error ? options : null;
  return (
    <Page
      title={held ? t`„${held.data.name}“ ändern` : t`Besprechung ändern`}
      back={{ to: `${BACK}/${id}`, label: held?.data.name ?? t`Besprechung` }}
      narrow
    >
      {failed && <Loaded query={{ ...failed, data: undefined }}>{() => null}</Loaded>}
      {!failed && (!held || !options.data) && <Loading />}
      {held && options.data && <ChangeForm key={held.filling} held={held} options={options.data} />}
    </Page>
  );
}

type ChangeProps = {
  held: NonNullable<ReturnType<typeof useHeld<Room>>>;
  options: Options;
};

function ChangeForm({ held, options }: ChangeProps) {
  const { t } = useLingui();
  const client = useQueryClient();
  const navigate = useNavigate();
  const room = held.data;
  const [now] = useState(() => Date.now());
  const filled = (from: Room) => valuesOf(from, options, now);
  const form = useForm<Values>({
    initial: filled(room),
    validate: useCheck(),
    submit: async (values) => {
      try {
        const next = await must(
          api.PUT('/api/v1/conference/rooms/{id}', {
            params: { path: { id: room.id } },
            body: { ...fieldsFrom(values, room), version: room.version, notify: values.notify },
          }),
        );
        client.setQueryData(roomQuery(room.id).queryKey, next);
        void client.invalidateQueries({ queryKey: CONFERENCE });
        announce('success', t`„${next.name}“ ist geändert.`);
        await navigate({ to: '/besprechungen/$id', params: { id: room.id }, search: {} });
      } catch (error) {
        throw bookingFaults(error, values);
      }
    },
  });
  const typed = useTyped(held, form.values, filled(room));
  const someone = form.values.people.length > 0 || (room.invitees ?? []).length > 0;
  return (
    <Form
      form={form}
      failure={settling({ held, form, valuesOf: filled, parts: bookingParts() })}
      actions={
        <>
          <Button type="submit" variant="primary" pending={form.pending} isDisabled={!typed}>
            <Trans>Änderungen speichern</Trans>
          </Button>
          <ButtonLink to="/besprechungen/$id" params={{ id: room.id }}>
            <Trans>Abbrechen</Trans>
          </ButtonLink>
        </>
      }
    >
      {room.kind !== 'personal' && (
        <p className="fa-muted">
          <Trans>
            Termine, die an ihrer Zeit bleiben, behalten Raumnummer, PIN und Link. Neue Zeiten
            bekommen neue.
          </Trans>
        </p>
      )}
      <RoomCards form={form} options={options} kinds={[room.kind]} />
      {options.mail && someone && room.kind !== 'personal' && (
        <Checkbox
          name="notify"
          label={t`Eingeladene per E-Mail benachrichtigen`}
          hint={t`Neue bekommen eine Einladung, Gestrichene eine Absage, alle anderen die Änderung.`}
          checked={form.values.notify}
          onChange={(next) => form.set('notify', next)}
        />
      )}
    </Form>
  );
}

type CardsProps = { form: FormState<Values>; options: Options; kinds: Kind[] };

function RoomCards({ form, options, kinds }: CardsProps) {
  const { t } = useLingui();
  const { kind } = form.values;
  const { limits } = options;
  return (
    <>
      <Card title={<Trans>Worum es geht</Trans>}>
        {kinds.length > 1 && (
          <RadioGroup
            legend={t`Art`}
            options={kinds.map((value) => ({
              value,
              label: kindName(value),
              hint: kindHint(value),
            }))}
            {...form.field('kind')}
          />
        )}
        <TextField
          label={kind === 'personal' ? t`Name des Raums` : t`Titel`}
          hint={t`Steht in der Einladung und über der Besprechung.`}
          autoComplete="off"
          maxLength={limits.name_chars}
          {...form.field('name')}
        />
        <TextAreaField
          label={t`Beschreibung`}
          optional
          rows={3}
          hint={t`Etwa die Tagesordnung. Alle Eingeladenen lesen sie.`}
          maxLength={limits.description_chars}
          {...form.field('description')}
        />
      </Card>
      {kind !== 'personal' && (
        <Card title={<Trans>Wann</Trans>}>
          <WhenFields form={form} options={options} />
        </Card>
      )}
      <ProtectionCard form={form} options={options} />
      <Card title={<Trans>Wer eingeladen ist</Trans>}>
        <PeopleFields form={form} options={options} />
      </Card>
    </>
  );
}

function ProtectionCard({ form, options }: Omit<CardsProps, 'kinds'>) {
  const { t } = useLingui();
  const meaning = (wanted: Values['protection']) =>
    options.classes.find((one) => one.class === wanted)?.safeguards;
  const here = meaning(form.values.protection);
  const lobbies = here ? lobbiesFrom(here.lobby).slice(1) : [];
  const lobby = form.values.lobby && lobbies.includes(form.values.lobby) ? form.values.lobby : '';
  const usual = here ? lobbyName(here.lobby) : '';
  const effective = lobby || here?.lobby;
  return (
    <Card
      title={<Trans>Schutz</Trans>}
      lead={
        <Trans>
          Die Schutzklasse legt fest, wer wartet, was verschlüsselt und wie lange etwas aufbewahrt
          wird.
        </Trans>
      }
    >
      <RadioGroup
        legend={t`Schutzklasse`}
        options={CLASSES.map((value) => ({
          value,
          label: className(value).label,
          hint: safeguardsText(meaning(value)),
        }))}
        {...form.field('protection')}
      />
      {lobbies.length > 0 && (
        <Select
          label={t`Wer wartet im Warteraum?`}
          name="lobby"
          value={lobby}
          onChange={(next) => form.set('lobby', next)}
          options={[
            { value: '' as const, label: t`wie die Schutzklasse: ${usual}` },
            ...lobbies.map((value) => ({ value, label: lobbyName(value) })),
          ]}
        />
      )}
      {effective !== 'nobody' && (
        <TextField
          label={t`Text im Warteraum`}
          optional
          hint={t`Wer wartet, liest ihn, etwa „Wir beginnen um 9 Uhr“.`}
          maxLength={options.limits.waiting_text_chars}
          {...form.field('waiting_text')}
        />
      )}
    </Card>
  );
}

const safeguardsText = (safeguards: Parameters<typeof safeguardSentences>[0] | undefined) =>
  safeguards ? safeguardSentences(safeguards).join(' ') : '';

/** What is wrong with the form before it is sent. */
function useCheck() {
  const { t } = useLingui();
  return (values: Values) => {
    const { kind, name, day, from, to, zone, repeat, interval, end, count, until } = values;
    const booked = kind !== 'personal';
    const repeats = booked && repeat !== 'no';
    return {
      ...(!name.trim() && { name: t`Geben Sie einen Titel ein.` }),
      ...(booked && !day && { day: t`Wählen Sie einen Tag.` }),
      ...(booked && !from && { from: t`Wann beginnt es?` }),
      ...(booked && from && minutesBetween(from, to) === null && { to: t`Wann endet es?` }),
      ...(booked && !zone && { zone: t`Wählen Sie eine Zeitzone.` }),
      ...(repeats && whole(interval) === null && { interval: t`Eine Zahl ab 1.` }),
      ...(repeats && end === 'count' && whole(count) === null && { count: t`Eine Zahl ab 1.` }),
      ...(repeats && end === 'day' && !until && { until: t`Wählen Sie einen Tag.` }),
    };
  };
}
