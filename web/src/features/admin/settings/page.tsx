import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { api, must, type Schema } from '../../../api/client.ts';
import { settling } from '../../../app/conflict.tsx';
import { deviceKindName } from '../../../app/device-words.ts';
import { type Held, useHeld, useTyped } from '../../../app/held.ts';
import { Loaded } from '../../../app/loaded.tsx';
import { fieldProblems } from '../../../app/problem-alert.tsx';
import { sessionQuery } from '../../../app/queries.ts';
import { Button } from '../../../ui/button.tsx';
import { Checkbox, CheckboxGroup, RadioGroup } from '../../../ui/choices.tsx';
import { TextField } from '../../../ui/fields.tsx';
import { Form, useForm } from '../../../ui/form.tsx';
import { Alert } from '../../../ui/notice.tsx';
import { Card, Page } from '../../../ui/page.tsx';
import { PickOne } from '../../../ui/picker.tsx';
import { announce } from '../../../ui/status.tsx';
import { settingsQuery } from '../queries.ts';
import { optionsOf } from '../words.ts';
import {
  ENROLMENT_PATHS,
  EnrolmentCard,
  enrolmentFaults,
  enrolmentOf,
  enrolmentValuesOf,
} from './enrolment.tsx';
import { GuardsCard, guardsOf, guardValuesOf } from './guards.tsx';
import { PhonesCard } from './phones.tsx';
import { PicturesCard, picturesOf, pictureValuesOf } from './pictures.tsx';
import { PUSH_PATHS, PushCard, pushFaults, pushOf, pushValuesOf } from './push.tsx';
import { categoryWords } from './retention.ts';
import { appFaults, SecurityAppCard } from './security-app.tsx';
import {
  CONTAINER_RULES,
  containerWords,
  type Periods,
  periodsOf,
  settingsParts,
  type Values,
} from './summary.ts';

type Settings = Schema<'Settings'>;
type View = Schema<'SettingsView'>;
/** Kinds that somebody enrols by themselves; the others are made by the administration. */
const ENROLLED = ['browser', 'ssh_key', 'phone'] as const;

/** A colour as sticks take it. */
const COLOUR = /^#[0-9a-f]{6}$/i;

/** What holds for the whole house. */
export function SettingsPage() {
  const { t } = useLingui();
  const settings = useQuery(settingsQuery);
  const held = useHeld(settings);
  return (
    <Page title={t`Einstellungen`} lead={<Trans>Was für das ganze Haus gilt.</Trans>} narrow>
      <Loaded query={settings}>
        {() => held && <SettingsForm key={held.filling} held={held} />}
      </Loaded>
    </Page>
  );
}

function SettingsForm({ held }: { held: Held<View> }) {
  const { settings, version, limits } = held.data;
  const periods = periodsOf(held.data);
  const { idle_minutes: idle, session_hours: hours, program_days: days } = limits;
  const { t } = useLingui();
  const client = useQueryClient();
  const form = useForm<Values>({
    initial: valuesOf(held.data),
    validate: (values) => ({
      ...(!values.name.trim() && { name: t`Geben Sie den Namen Ihrer Verwaltung ein.` }),
      ...(values.accent.trim() &&
        !COLOUR.test(values.accent.trim()) && {
          accent: t`Eine Farbe schreibt man wie #0a5ea8: ein Rautezeichen und sechs Stellen.`,
        }),
      ...(!values.time_zone && { time_zone: t`Wählen Sie eine Zeitzone.` }),
      ...(!within(values.idle_minutes, idle) && {
        idle_minutes: t`Eine Zahl zwischen ${idle.least} und ${idle.most}.`,
      }),
      ...(!within(values.session_hours, hours) && {
        session_hours: t`Eine Zahl zwischen ${hours.least} und ${hours.most}.`,
      }),
      ...(!within(values.program_days, days) && {
        program_days: t`Eine Zahl zwischen ${days.least} und ${days.most}.`,
      }),
      ...enrolmentFaults(values, limits),
      ...pushFaults(values),
      ...appFaults(values, limits),
      ...Object.fromEntries(
        CONTAINER_RULES.map((rule) => [`container_${rule}`, limits[`container_${rule}`]] as const)
          .filter(([field, range]) => !within(values[field], range))
          .map(([field, { least, most }]) => [field, t`Eine Zahl zwischen ${least} und ${most}.`]),
      ),
      ...Object.fromEntries(
        periods
          .filter(
            ({ category, max_days: most }) =>
              !within(values[`days_${category}`] ?? '', { least: 0, most }),
          )
          .map(({ category, max_days: most }) => [
            `days_${category}`,
            t`Eine Zahl zwischen 0 und ${most}.`,
          ]),
      ),
    }),
    submit: async (values) => {
      try {
        const next = await must(
          api.PUT('/api/v1/admin/settings', {
            body: { version, settings: settingsOf(values, settings, periods) },
          }),
        );
        client.setQueryData(settingsQuery.queryKey, next);
        held.take(next);
        void client.invalidateQueries({ queryKey: ['admin'] });
        // The house's name stands in the bar.
        void client.invalidateQueries({ queryKey: sessionQuery.queryKey });
        announce('success', t`Die Einstellungen sind gespeichert.`);
      } catch (error) {
        throw fieldProblems(
          error,
          Object.fromEntries([
            ['programs.max_days', 'program_days'],
            ...ENROLMENT_PATHS,
            ...PUSH_PATHS,
            ...CONTAINER_RULES.map((rule) => [`container.${rule}`, `container_${rule}`]),
            ...periods.map(({ category }) => [`retention_days.${category}`, `days_${category}`]),
          ]),
        );
      }
    },
  });
  useTyped(held, form.values, valuesOf(held.data));
  const parts = settingsParts(periods);
  const shorter = periods.filter(({ category, default_days: days }) => {
    const now = settings.retention_days[category] ?? days;
    return Number(form.values[`days_${category}`]) < now;
  });
  return (
    <Form
      form={form}
      failure={settling({ held, form, valuesOf, parts })}
      actions={
        <Button type="submit" variant="primary" pending={form.pending}>
          <Trans>Einstellungen speichern</Trans>
        </Button>
      }
    >
      <Card title={<Trans>Das Haus</Trans>}>
        <TextField
          label={t`Name der Verwaltung`}
          hint={t`Steht oben auf jeder Seite.`}
          maxLength={limits.name_chars}
          {...form.field('name')}
        />
        <PickOne
          label={t`Zeitzone`}
          name="time_zone"
          hint={t`Nach dieser Uhr gelten die Zeiten in den Regeln.`}
          error={form.errors.time_zone}
          choices={timeZones(settings.time_zone)}
          value={form.values.time_zone}
          onChange={(zone) => form.set('time_zone', zone)}
        />
        <RadioGroup
          legend={t`Sprache vor der Anmeldung`}
          options={[
            { value: 'de', label: 'Deutsch' },
            { value: 'en', label: 'English' },
          ]}
          {...form.field('language')}
        />
      </Card>
      <Card title={<Trans>Geräte</Trans>}>
        <CheckboxGroup
          legend={t`Diese Arten warten auf Freigabe`}
          hint={t`Angekreuztes kann erst benutzt werden, wenn die Leitstelle es freigibt. Für schon angemeldete Geräte ändert sich nichts.`}
          name="approval_needed"
          options={optionsOf(ENROLLED, deviceKindName)}
          values={form.values.approval_needed}
          onChange={(values) => form.set('approval_needed', values)}
        />
      </Card>
      <Card title={<Trans>Sticks</Trans>}>
        <TextField
          label={t`Farbe der Fenster`}
          optional
          hint={t`Etwa die Ihres Wappens, als #0a5ea8. Leer gilt die von Fernamt. Sie kommt mit dem nächsten Paket auf den Stick.`}
          spellCheck={false}
          maxLength={7}
          {...form.field('accent')}
        />
      </Card>
      <Card title={<Trans>Sitzungen</Trans>}>
        <div className="fa-columns">
          <TextField
            label={t`Ende ohne Tätigkeit, in Minuten`}
            hint={t`Zwischen ${idle.least} und ${idle.most}.`}
            inputMode="numeric"
            {...form.field('idle_minutes')}
          />
          <TextField
            label={t`Ende in jedem Fall, in Stunden`}
            hint={t`Zwischen ${hours.least} und ${hours.most}.`}
            inputMode="numeric"
            {...form.field('session_hours')}
          />
        </div>
      </Card>
      <Card
        title={<Trans>Container</Trans>}
        lead={
          <Trans>
            Für Mail, die verschlüsselt auf privaten Geräten liegt. Null Tage heißt: nur mit
            Verbindung.
          </Trans>
        }
      >
        <div className="fa-columns">
          {CONTAINER_RULES.map((rule) => {
            const { least, most } = limits[`container_${rule}`];
            return (
              <TextField
                key={rule}
                label={containerWords(rule)}
                hint={t`Zwischen ${least} und ${most}.`}
                inputMode="numeric"
                {...form.field(`container_${rule}`)}
              />
            );
          })}
        </div>
      </Card>
      <Card
        title={<Trans>Programme</Trans>}
        lead={
          <Trans>
            Ein Mailprogramm liest und sendet mit einem Zugangsschlüssel, den eine Person sich
            erzeugt und den die Leitstelle freigibt. Was auf dem Gerät liegt, ist dann nicht im
            Container verschlossen.
          </Trans>
        }
      >
        <Checkbox
          label={t`Programme mit Zugangsschlüssel erlauben`}
          hint={t`Ausgeschaltet kommt sofort keines mehr an Mail.`}
          name="programs"
          checked={form.values.programs}
          onChange={(programs) => form.set('programs', programs)}
        />
        <TextField
          label={t`Längste Gültigkeit eines Schlüssels, in Tagen`}
          hint={t`Zwischen ${days.least} und ${days.most}.`}
          inputMode="numeric"
          {...form.field('program_days')}
        />
      </Card>
      <PicturesCard values={form.values} onChange={form.set} />
      <PushCard values={form.values} onChange={form.set} field={form.field} />
      <GuardsCard values={form.values} onChange={form.set} />
      <EnrolmentCard limits={limits} field={form.field} />
      <PhonesCard
        value={form.values.unattested}
        onChange={(unattested) => form.set('unattested', unattested)}
      />
      <SecurityAppCard
        limits={limits}
        demanded={form.values.app_demanded}
        onDemanded={(demanded) => form.set('app_demanded', demanded)}
        field={form.field}
      />
      <Card
        title={<Trans>Löschfristen</Trans>}
        lead={
          <Trans>
            In Tagen. Was darüber hinaus ist, wird wirklich gelöscht. Passwörter, Schlüssel und die
            persönliche Reihenfolge der Startseite gehen immer sofort.
          </Trans>
        }
      >
        <div className="fa-columns">
          {periods.map(({ category, max_days: most }) => {
            const { name, hint } = categoryWords(category);
            const limit = t`Höchstens ${most}.`;
            return (
              <TextField
                key={category}
                label={name}
                hint={`${hint} ${limit}`}
                inputMode="numeric"
                {...form.field(`days_${category}`)}
              />
            );
          })}
        </div>
        {shorter.length > 0 && (
          <Alert tone="warning" title={<Trans>Das löscht Daten</Trans>}>
            <p>
              <Trans>
                Mit dem Speichern wird gelöscht, was älter ist als die neue Frist:{' '}
                {shorter.map(({ category }) => categoryWords(category).name).join(', ')}. Das lässt
                sich nicht rückgängig machen.
              </Trans>
            </p>
          </Alert>
        )}
      </Card>
    </Form>
  );
}

function valuesOf(view: View): Values {
  const { settings } = view;
  return {
    name: settings.name,
    language: settings.language === 'en' ? 'en' : 'de',
    time_zone: settings.time_zone,
    accent: settings.accent,
    approval_needed: settings.approval_needed,
    idle_minutes: String(settings.idle_minutes),
    session_hours: String(settings.session_hours),
    programs: settings.programs.enabled,
    program_days: String(settings.programs.max_days),
    container_idle_minutes: String(settings.container.idle_minutes),
    container_passphrase_chars: String(settings.container.passphrase_chars),
    container_offline_days: String(settings.container.offline_days),
    ...pictureValuesOf(settings),
    ...pushValuesOf(settings),
    ...guardValuesOf(settings.container),
    ...enrolmentValuesOf(settings.enrolment),
    ...Object.fromEntries(
      periodsOf(view).map(({ category, default_days: days }) => [
        `days_${category}`,
        String(settings.retention_days[category] ?? days),
      ]),
    ),
  };
}

function settingsOf(values: Values, before: Settings, periods: Periods): Settings {
  return {
    name: values.name.trim(),
    language: values.language,
    time_zone: values.time_zone,
    accent: values.accent.trim().toLowerCase(),
    approval_needed: values.approval_needed,
    idle_minutes: Number(values.idle_minutes),
    session_hours: Number(values.session_hours),
    container: {
      idle_minutes: Number(values.container_idle_minutes),
      passphrase_chars: Number(values.container_passphrase_chars),
      offline_days: Number(values.container_offline_days),
      guards: guardsOf(values),
    },
    enrolment: enrolmentOf(values, before.enrolment),
    programs: { enabled: values.programs, max_days: Number(values.program_days) },
    pictures: picturesOf(values),
    push: pushOf(values),
    retention_days: {
      ...before.retention_days,
      ...Object.fromEntries(
        periods
          .filter(
            ({ category, default_days: days }) =>
              category in before.retention_days || Number(values[`days_${category}`]) !== days,
          )
          .map(({ category }) => [category, Number(values[`days_${category}`])]),
      ),
    },
  };
}

function within(text: string, { least, most }: Schema<'Range'>): boolean {
  const value = Number(text);
  return text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most;
}

function timeZones(present: string) {
  const zones = new Set(['Europe/Berlin', present, ...Intl.supportedValuesOf('timeZone')]);
  return [...zones].filter(Boolean).map((zone) => ({ id: zone, label: zone }));
}
