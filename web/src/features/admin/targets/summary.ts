import { t } from '@lingui/core/macro';
import type { Part } from '../../../app/merge.ts';
import type { TargetValues } from './form-values.ts';
import { iconName } from './icon-names.ts';

/** What a target's form says, part by part, in words. */
export function targetParts(): Part<TargetValues>[] {
  return [
    text('name', t`Name`),
    {
      label: t`Rechner und Port`,
      fields: ['host', 'port'],
      text: ({ host, port }) => `${host}:${port}`,
    },
    choice('nla', t`Mit Netzwerkanmeldung (NLA)`),
    choice('sign_on', t`Mit dem Passwort der Anmeldung weiterreichen`),
    choice('clipboard', t`Text über die Zwischenablage`),
    choice('drives', t`Laufwerke des eigenen Rechners`),
    choice('printers', t`Drucker des eigenen Rechners`),
    text('domain', t`Windows-Domäne`),
    text('load_balance_info', t`Kennung für den Lastverteiler`),
    text('label', t`Kurzadresse`),
    text('start_path', t`Startseite`),
    choice('tls', t`Im Haus verschlüsselt (https)`),
    text('start_command', t`Startbefehl`),
    text('description', t`Beschreibung`),
    text('folder', t`Überschrift auf der Startseite`),
    {
      label: t`Bild`,
      fields: ['icon'],
      text: ({ icon }) => (icon ? iconName(icon) : t`wie die Art`),
    },
    choice('enabled', t`Eingeschaltet`),
  ];
}

/** The fields of one type. */
type Named<Type> = {
  [Name in keyof TargetValues]: TargetValues[Name] extends Type ? Name : never;
}[keyof TargetValues];

const text = (name: Named<string>, label: string): Part<TargetValues> => ({
  label,
  fields: [name],
  text: (values) => values[name],
});

const choice = (name: Named<boolean>, label: string): Part<TargetValues> => ({
  label,
  fields: [name],
  text: (values) => (values[name] ? t`ja` : t`nein`),
});
