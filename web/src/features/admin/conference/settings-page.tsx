import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { api, must, type Schema } from '../../../api/client.ts';
import { settling } from '../../../app/conflict.tsx';
import { type Held, useHeld, useTyped } from '../../../app/held.ts';
import { Loaded } from '../../../app/loaded.tsx';
import { CLASSES, className, lobbiesFrom, lobbyName } from '../../../app/meeting-words.ts';
import { fieldProblems } from '../../../app/problem-alert.tsx';
import { Button } from '../../../ui/button.tsx';
import { Checkbox, RadioGroup, Select } from '../../../ui/choices.tsx';
import { TextField } from '../../../ui/fields.tsx';
import { Form, type FormState, useForm } from '../../../ui/form.tsx';
import { Alert } from '../../../ui/notice.tsx';
import { Card, Page } from '../../../ui/page.tsx';
import { PickMany } from '../../../ui/picker.tsx';
import { announce } from '../../../ui/status.tsx';
import { formatMinutes } from '../../../ui/time.tsx';
import { number } from '../format.ts';
import { allGroupsQuery } from '../queries.ts';
import { optionsOf } from '../words.ts';
import { conferenceSettingsQuery } from './queries.ts';
import {
  AMOUNTS,
  DUTIES,
  isMinutes,
  NUMBERS,
  PATHS,
  settingsOf,
  TIMES,
  type Values,
  valuesOf,
  within,
} from './settings-values.ts';
import { ALLOWED, allowedName, dutyName, numberName, settingsParts } from './settings-words.ts';

type View = Schema<'ConferenceSettingsView'>;
type Class = Schema<'ProtectionClass'>;

/** Who may book what, how large meetings may be, and what protection classes mean here. */
export function ConferenceSettingsPage() {
  const { t } = useLingui();
  const settings = useQuery(conferenceSettingsQuery);
  const held = useHeld(settings);
  return (
    <Page
      title={t`Regeln für Besprechungen`}
      lead={<Trans>Wer was buchen darf, die Grenzen und was die Schutzklassen bedeuten.</Trans>}
      narrow
    >
      <Loaded query={settings}>
        {() => held && <SettingsForm key={held.filling} held={held} />}
      </Loaded>
    </Page>
  );
}

function SettingsForm({ held }: { held: Held<View> }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const groups = useQuery(allGroupsQuery);
  const view = held.data;
  const { limits, usual } = view;
  const form = useForm<Values>({
    initial: valuesOf(view),
    validate: (values) => ({
      ...Object.fromEntries(
        NUMBERS.filter((name) => !within(values[name], limits[name])).map((name) => {
          const { least, most } = limits[name];
          const [from, to] = [number(least), number(most)];
          return [name, t`Eine Zahl zwischen ${from} und ${to}.`];
        }),
      ),
      ...Object.fromEntries(
        usual
          .filter(
            ({ class: name, safeguards: { keep_chat_days: most } }) =>
              !within(values[`days_${name}`], { least: 0, most }),
          )
          .map(({ class: name, safeguards: { keep_chat_days: most } }) => [
            `days_${name}`,
            t`Eine Zahl zwischen 0 und ${most}.`,
          ]),
      ),
      ...Object.fromEntries(
        DUTIES.filter((duty) => values[duty] === 'groups' && !values[`${duty}_groups`].length).map(
          (duty) => [`${duty}_groups`, t`Wählen Sie mindestens eine Gruppe.`],
        ),
      ),
    }),
    submit: async (values) => {
      try {
        const next = await must(
          api.PUT('/api/v1/admin/conference/settings', {
            body: { version: view.version, settings: settingsOf(values, usual) },
          }),
        );
        client.setQueryData(conferenceSettingsQuery.queryKey, next);
        held.take(next);
        void client.invalidateQueries({ queryKey: ['admin'] });
        // What may be booked is shown to this person too.
        void client.invalidateQueries({ queryKey: ['conference'] });
        announce('success', t`Die Regeln gelten ab jetzt.`);
      } catch (error) {
        throw fieldProblems(error, PATHS);
      }
    },
  });
  useTyped(held, form.values, valuesOf(view));
  const groupName = (id: string) => groups.data?.find((group) => group.id === id)?.name ?? '?';
  const parts = settingsParts(groupName);
  return (
    <Form
      form={form}
      failure={settling({ held, form, valuesOf, parts })}
      actions={
        <Button type="submit" variant="primary" pending={form.pending}>
          <Trans>Regeln speichern</Trans>
        </Button>
      }
    >
      <Card title={<Trans>Wer was darf</Trans>}>
        <WhoFields form={form} duty="personal" label={dutyName('personal')} />
        <WhoFields form={form} duty="meetings" label={dutyName('meetings')} />
        <WhoFields form={form} duty="lectures" label={dutyName('lectures')} />
        <p className="fa-muted fa-small">
          <Trans>Teilnehmen kann, wer eingeladen ist, auch ohne dieses Recht.</Trans>
        </p>
      </Card>
      <Card title={<Trans>Grenzen</Trans>}>
        <Numbers form={form} limits={limits} />
      </Card>
      <Card
        title={<Trans>Schutzklassen</Trans>}
        lead={<Trans>Sie können jede Klasse strenger machen, als sie üblich ist, nie laxer.</Trans>}
      >
        <Select
          label={t`Womit Formulare beginnen`}
          options={optionsOf(CLASSES, (name) => className(name).label)}
          {...form.field('default_protection')}
        />
        {usual.map((meaning) => (
          <ClassFields
            key={meaning.class}
            form={form}
            name={meaning.class}
            usual={meaning.safeguards}
          />
        ))}
      </Card>
      <Card title={<Trans>Einladungen</Trans>}>
        <Checkbox
          name="mail"
          label={t`Einladungen per E-Mail verschicken`}
          hint={t`Auch Änderungen und Absagen. Sonst kopieren Personen den Text oder laden die Kalenderdatei.`}
          checked={form.values.mail && view.mail_server}
          isDisabled={!view.mail_server}
          onChange={(next) => form.set('mail', next)}
        />
        {!view.mail_server && (
          <Alert tone="info" title={<Trans>Es ist kein Mailserver eingerichtet</Trans>}>
            <p>
              <Trans>
                Nennen Sie ihn in der Konfiguration im Abschnitt [smtp], und starten Sie Fernamt
                neu.
              </Trans>
            </p>
          </Alert>
        )}
      </Card>
    </Form>
  );
}

type WhoProps = { form: FormState<Values>; duty: (typeof DUTIES)[number]; label: string };

function WhoFields({ form, duty, label }: WhoProps) {
  const { t } = useLingui();
  const groups = useQuery(allGroupsQuery);
  const names = `${duty}_groups` as const;
  const options = ALLOWED.map((value) => ({ value, label: allowedName(value) }));
  return (
    <>
      <RadioGroup legend={label} options={options} {...form.field(duty)} />
      {form.values[duty] === 'groups' && (
        <PickMany
          label={t`Gruppen`}
          name={names}
          error={form.errors[names]}
          choices={groups.data?.map(({ id, name }) => ({ id, label: name }))}
          values={form.values[names]}
          onChange={(next) => form.set(names, next)}
        />
      )}
    </>
  );
}

function Numbers({ form, limits }: { form: FormState<Values>; limits: View['limits'] }) {
  const { t } = useLingui();
  const field = (name: (typeof NUMBERS)[number]) => {
    const { least, most } = limits[name];
    const [from, to] = isMinutes(name)
      ? [formatMinutes(least), formatMinutes(most)]
      : [number(least), number(most)];
    return (
      <TextField
        key={name}
        label={numberName(name)}
        hint={t`Zwischen ${from} und ${to}.`}
        inputMode="numeric"
        {...form.field(name)}
      />
    );
  };
  return (
    <>
      <h3>
        <Trans>Zeiten</Trans>
      </h3>
      <div className="fa-columns">{TIMES.map(field)}</div>
      <h3>
        <Trans>Wie viele</Trans>
      </h3>
      <div className="fa-columns">{AMOUNTS.map(field)}</div>
    </>
  );
}

/** Nobody dials into what the server cannot hear. */
const SEALED = { encryption: 'end_to_end', dial_in: false } as const;

type ClassProps = { form: FormState<Values>; name: Class; usual: Schema<'Safeguards'> };

function ClassFields({ form, name, usual }: ClassProps) {
  const { t } = useLingui();
  const field = `stricter_${name}` as const;
  const now = form.values[field];
  const change = (part: Partial<Schema<'Safeguards'>>) => form.set(field, { ...now, ...part });
  const title = className(name).label;
  const { keep_chat_days: most, encryption, dial_in } = usual;
  const lobbies = lobbiesFrom(usual.lobby);
  return (
    <fieldset className="fa-class">
      <legend>{t`Klasse „${title}“`}</legend>
      <Select
        label={t`Im Warteraum wartet`}
        name={`lobby_${name}`}
        value={now.lobby}
        onChange={(lobby) => change({ lobby })}
        options={optionsOf(lobbies, lobbyName)}
      />
      <TextField
        label={t`Chat aufbewahren, in Tagen`}
        hint={most === 0 ? t`Immer nur bis zum Ende.` : t`Höchstens ${most}; 0 löscht ihn am Ende.`}
        inputMode="numeric"
        isDisabled={most === 0}
        {...form.field(`days_${name}`)}
      />
      <Checkbox
        name={`guests_${name}`}
        label={t`Gäste ohne Konto zulassen`}
        checked={now.guests}
        isDisabled={!usual.guests}
        onChange={(guests) => change({ guests })}
      />
      <Checkbox
        name={`sealed_${name}`}
        label={t`Von Gerät zu Gerät verschlüsseln`}
        hint={t`Der Server kann dann nicht mithören. Den Schlüssel gibt weiter, wer einlädt: Er steht nur in dessen Link, nicht in den E-Mails. Niemand wählt sich mit dem Telefon ein.`}
        checked={now.encryption === 'end_to_end'}
        isDisabled={usual.encryption === 'end_to_end'}
        onChange={(sealed) => change(sealed ? SEALED : { encryption, dial_in })}
      />
    </fieldset>
  );
}
