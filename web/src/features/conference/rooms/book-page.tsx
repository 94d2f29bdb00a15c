import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { api, must } from '../../../api/client.ts';
import { settling } from '../../../app/conflict.tsx';
import { useHeld, useTyped } from '../../../app/held.ts';
import { Loaded } from '../../../app/loaded.tsx';
import { kindName } from '../../../app/meeting-words.ts';
import { showProblem } from '../../../app/problem-alert.tsx';
import { Button, ButtonLink } from '../../../ui/button.tsx';
import { Checkbox, RadioGroup } from '../../../ui/choices.tsx';
import { TextAreaField, TextField } from '../../../ui/fields.tsx';
import { Form, type FormState, useForm } from '../../../ui/form.tsx';
import { icons } from '../../../ui/icon.tsx';
import { EmptyState, Loading } from '../../../ui/notice.tsx';
import { Card, Page } from '../../../ui/page.tsx';
import { announce } from '../../../ui/status.tsx';
import { faultsOf } from './check.ts';
import { bookingFaults } from './faults.ts';
import { allInvited, emptyValues, fieldsFrom, type Values, valuesOf } from './form-values.ts';
import { FurtherCard } from './further-fields.tsx';
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
import { WhenFields } from './when-fields.tsx';
import { kindHint } from './words.ts';

const BACK = '/besprechungen';

/** Books a meeting or a lecture, or sets up a personal room. */
export function NewPage() {
  const { t } = useLingui();
  const { art } = useSearch({ from: '/angemeldet/haus/besprechungen/neu' });
  const options = useQuery(optionsQuery);
  const personal = art === 'personal';
  const title = personal ? t`Persönlichen Raum einrichten` : t`Besprechung buchen`;
  return (
    <Page
      title={title}
      back={{ to: BACK, label: t`Besprechungen` }}
      narrow
      {...(personal && {
        lead: (
          <Trans>
            Sie richten den Raum einmal ein und öffnen ihn, wann Sie ihn brauchen. Raumnummer, PIN
            und Link sind bei jedem Öffnen neu.
          </Trans>
        ),
      })}
    >
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
  const form = useForm<Values>({
    initial: emptyValues(kind, options, Date.now()),
    validate: (values) => faultsOf(values, options.limits),
    submit: async (values) => {
      try {
        const body = { ...fieldsFrom(values, options), kind: values.kind, notify: values.notify };
        const room = await must(api.POST('/api/v1/conference/rooms', { body }));
        client.setQueryData(roomQuery(room.id).queryKey, room);
        void client.invalidateQueries({ queryKey: CONFERENCE });
        // Of a booking its page itself tells; a notice would cover the link one wants to copy.
        if (room.kind === 'personal') announce('success', t`„${room.name}“ ist eingetragen.`);
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
  const { kind: chosen, notify } = form.values;
  const reached = allInvited(form.values).some(({ address }) => address.trim());
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
      <RoomCards form={form} options={options} kinds={kinds}>
        {options.mail && reached && chosen !== 'personal' && (
          <Checkbox
            name="notify"
            label={t`Einladungen per E-Mail verschicken`}
            checked={notify}
            onChange={(next) => form.set('notify', next)}
          />
        )}
      </RoomCards>
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
    validate: (values) => faultsOf(values, options.limits),
    submit: async (values) => {
      try {
        const next = await must(
          api.PUT('/api/v1/conference/rooms/{id}', {
            params: { path: { id: room.id } },
            body: { ...fieldsFrom(values, options), version: room.version, notify: values.notify },
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
  const someone = allInvited(form.values).length > 0 || (room.invitees ?? []).length > 0;
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
      <RoomCards form={form} options={options} kinds={[room.kind]}>
        {options.mail && someone && room.kind !== 'personal' && (
          <Checkbox
            name="notify"
            label={t`Eingeladene per E-Mail benachrichtigen`}
            hint={t`Neue bekommen eine Einladung, Gestrichene eine Absage, alle anderen die Änderung.`}
            checked={form.values.notify}
            onChange={(next) => form.set('notify', next)}
          />
        )}
      </RoomCards>
    </Form>
  );
}

type CardsProps = {
  form: FormState<Values>;
  options: Options;
  kinds: Kind[];
  /** What stands under the list of those who are invited. */
  children: ReactNode;
};

/** What, when and who; the rest is folded away, because what is usual mostly fits. */
function RoomCards({ form, options, kinds, children }: CardsProps) {
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
          limit={limits.name_chars}
          {...form.field('name')}
        />
        <TextAreaField
          label={t`Beschreibung`}
          optional
          rows={2}
          hint={t`Etwa die Tagesordnung. Alle Eingeladenen lesen sie.`}
          limit={limits.description_chars}
          {...form.field('description')}
        />
      </Card>
      {kind !== 'personal' && (
        <Card title={<Trans>Wann</Trans>}>
          <WhenFields form={form} options={options} />
        </Card>
      )}
      <Card title={<Trans>Wer eingeladen ist</Trans>}>
        <PeopleFields form={form} options={options} />
        {children}
      </Card>
      <FurtherCard form={form} options={options} />
    </>
  );
}
