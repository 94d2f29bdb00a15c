import { Trans, useLingui } from '@lingui/react/macro';
import { Checkbox, RadioGroup, Select } from '../../../ui/choices.tsx';
import { TextField } from '../../../ui/fields.tsx';
import type { FormState } from '../../../ui/form.tsx';
import { Alert } from '../../../ui/notice.tsx';
import { targetIcons } from '../../../ui/target-icons.ts';
import { optionsOf, TARGET_KINDS, targetKindHint, targetKindName } from '../words.ts';
import { type TargetValues, usualPort } from './form-values.ts';
import { iconName } from './icon-names.ts';

type FieldsProps = { form: FormState<TargetValues>; isNew: boolean };

/** The fields of a target; those of its kind only. */
export function TargetFormFields({ form, isNew }: FieldsProps) {
  const { t } = useLingui();
  const { values } = form;
  const changeKind = (kind: TargetValues['kind']) => {
    // The usual port follows the kind until somebody typed another one.
    if (values.port === '' || values.port === usualPort(values.kind, values.tls)) {
      form.set('port', usualPort(kind, values.tls));
    }
    form.set('kind', kind);
  };
  return (
    <>
      {isNew && (
        <RadioGroup
          legend={t`Was ist es?`}
          name="kind"
          value={values.kind}
          onChange={changeKind}
          options={TARGET_KINDS.map((kind) => ({
            value: kind,
            label: targetKindName(kind),
            hint: targetKindHint(kind),
          }))}
        />
      )}
      <TextField
        label={t`Name`}
        hint={t`Steht auf der Kachel der Startseite, etwa „Terminalserver Bauamt“.`}
        maxLength={100}
        {...form.field('name')}
      />
      <div className="fa-address">
        <TextField
          label={t`Rechnername oder Adresse im Haus`}
          spellCheck={false}
          autoComplete="off"
          maxLength={253}
          {...form.field('host')}
        />
        <TextField label={t`Port`} inputMode="numeric" maxLength={5} {...form.field('port')} />
      </div>
      <KindFields form={form} />
      <TextField
        label={t`Beschreibung`}
        optional
        hint={t`Ein Satz dazu, wofür das Ziel da ist.`}
        maxLength={500}
        {...form.field('description')}
      />
      <div className="fa-columns">
        <TextField
          label={t`Überschrift auf der Startseite`}
          optional
          hint={t`Ziele mit derselben Überschrift stehen beisammen.`}
          maxLength={100}
          {...form.field('folder')}
        />
        <Select
          label={t`Bild`}
          optional
          hint={t`Ohne Auswahl zeigt die Kachel das Bild der Art.`}
          options={[
            { value: '', label: t`wie die Art` },
            ...optionsOf(Object.keys(targetIcons), iconName),
          ]}
          {...form.field('icon')}
        />
      </div>
      <Checkbox
        label={t`Eingeschaltet`}
        hint={t`Ausgeschaltet erreicht es niemand, was auch immer die Regeln sagen.`}
        name="enabled"
        checked={values.enabled}
        onChange={(checked) => form.set('enabled', checked)}
      />
    </>
  );
}

function KindFields({ form }: { form: FormState<TargetValues> }) {
  switch (form.values.kind) {
    case 'rdp':
      return <DesktopFields form={form} />;
    case 'web':
      return <WebFields form={form} />;
    case 'tcp':
      return <ServiceFields form={form} />;
    case 'ssh':
      return null;
  }
}

function DesktopFields({ form }: { form: FormState<TargetValues> }) {
  const { t } = useLingui();
  const box = (name: 'nla' | 'clipboard' | 'drives' | 'printers' | 'sign_on') => ({
    name,
    checked: form.values[name],
    onChange: (checked: boolean) => form.set(name, checked),
  });
  return (
    <>
      <fieldset className="fa-field kern-fieldset">
        <legend className="kern-label">
          <Trans>Anmeldung am Arbeitsplatz</Trans>
        </legend>
        <div className="fa-stack fa-stack--tight">
          <Checkbox
            label={t`Mit Netzwerkanmeldung (NLA)`}
            hint={t`Üblich bei Windows. Ältere und Linux-Rechner brauchen es ausgeschaltet.`}
            {...box('nla')}
          />
          <Checkbox
            label={t`Mit dem Passwort der Anmeldung weiterreichen`}
            hint={t`Die Person gibt ihr Passwort nur einmal ein. Name und Passwort müssen dieselben sein.`}
            {...box('sign_on')}
          />
        </div>
      </fieldset>
      <fieldset className="fa-field kern-fieldset">
        <legend className="kern-label">
          <Trans>Was darf hinein und hinaus?</Trans>
        </legend>
        <div className="fa-stack fa-stack--tight">
          <Checkbox label={t`Text über die Zwischenablage`} {...box('clipboard')} />
          <Checkbox label={t`Laufwerke des eigenen Rechners`} {...box('drives')} />
          <Checkbox label={t`Drucker des eigenen Rechners`} {...box('printers')} />
        </div>
      </fieldset>
      {(form.values.clipboard || form.values.drives || form.values.printers) && (
        <Alert
          tone="info"
          title={<Trans>Gilt im Browser sicher, auf dem Stick und im Tunnel nur als Vorgabe</Trans>}
        >
          <p>
            <Trans>
              Im Browser entfernt Fernamt, was nicht erlaubt ist, aus der Verbindung. Ein Stick
              startet das RDP-Programm des Rechners und stellt es danach ein; wer es selbst anders
              einstellt oder einen eigenen SSH-Tunnel benutzt, wird daran nicht gehindert.
            </Trans>
          </p>
        </Alert>
      )}
      <div className="fa-columns">
        <TextField
          label={t`Windows-Domäne`}
          optional
          spellCheck={false}
          {...form.field('domain')}
        />
        <TextField
          label={t`Kennung für den Lastverteiler`}
          optional
          hint={t`Nur bei Terminalservern mit Verbindungsbroker.`}
          spellCheck={false}
          {...form.field('load_balance_info')}
        />
      </div>
    </>
  );
}

function WebFields({ form }: { form: FormState<TargetValues> }) {
  const { t } = useLingui();
  const own = window.location.host;
  const label = form.values.label.trim() || t`kurzadresse`;
  const changeTls = (tls: boolean) => {
    if (form.values.port === usualPort('web', form.values.tls)) {
      form.set('port', usualPort('web', tls));
    }
    form.set('tls', tls);
  };
  return (
    <>
      <TextField
        label={t`Kurzadresse`}
        hint={t`So heißt die Anwendung nach außen: ${label}.${own}`}
        spellCheck={false}
        autoComplete="off"
        maxLength={63}
        {...form.field('label')}
      />
      <TextField
        label={t`Startseite`}
        optional
        hint={t`Der Pfad, der zuerst geöffnet wird, etwa „/portal/“.`}
        spellCheck={false}
        {...form.field('start_path')}
      />
      <Checkbox
        label={t`Im Haus verschlüsselt (https)`}
        hint={t`Das Zertifikat der Anwendung wird einmal geprüft und dann festgehalten.`}
        name="tls"
        checked={form.values.tls}
        onChange={changeTls}
      />
    </>
  );
}

function ServiceFields({ form }: { form: FormState<TargetValues> }) {
  const { t } = useLingui();
  // In a message of its own a brace would be a placeholder.
  const host = '{host}';
  const port = '{port}';
  const example = 'C:\\Kasse\\kasse.exe --server {host}:{port}';
  return (
    <div className="fa-stack fa-stack--tight">
      <TextField
        label={t`Startbefehl`}
        optional
        hint={t`Das Programm auf dem Rechner der Person und seine Angaben, etwa „${example}“.`}
        spellCheck={false}
        {...form.field('start_command')}
      />
      <p className="fa-muted fa-small">
        <Trans>
          Für <code>{host}</code> und <code>{port}</code> setzt Fernamt das Ende des Tunnels auf dem
          Rechner der Person ein. Ein Stick startet den Befehl von selbst; sonst wird er nur
          angezeigt.
        </Trans>
      </p>
    </div>
  );
}
