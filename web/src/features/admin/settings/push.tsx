import { t } from '@lingui/core/macro';
import { Trans, useLingui } from '@lingui/react/macro';
import type { Schema } from '../../../api/client.ts';
import type { Part } from '../../../app/merge.ts';
import { Checkbox } from '../../../ui/choices.tsx';
import { TextAreaField } from '../../../ui/fields.tsx';
import { Card } from '../../../ui/page.tsx';

export type PushValues = { push: boolean; push_hosts: string };

type PushCardProps = {
  values: PushValues;
  onChange: (field: 'push', on: boolean) => void;
  field: (name: 'push_hosts') => {
    name: string;
    value: string;
    onChange: (value: string) => void;
    error: string | undefined;
  };
};

/** A host in lower case with a dot in it, or all hosts below one. */
const HOST = /^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/;
const MAX_HOSTS = 20;
const MAX_HOST_CHARS = 253;

/** The flow to the outside that tells push services of new mail. */
export function PushCard({ values, onChange, field }: PushCardProps) {
  const { t } = useLingui();
  return (
    <Card
      title={<Trans>Hinweise auf neue Post über Push-Dienste</Trans>}
      lead={
        <Trans>
          Bei geschlossener Post kommt ein Hinweis nur über den Push-Dienst an, den der Hersteller
          des Browsers betreibt. Er erfährt, wann welcher Browser einen bekommt; lesen kann er ihn
          nicht. Dieser Datenfluss nach außen ist aus, bis Sie ihn einschalten.
        </Trans>
      }
    >
      <Checkbox
        label={t`Push-Dienste benachrichtigen`}
        hint={t`Jede Person entscheidet auf jedem Gerät selbst. Der Hinweis lautet „Neue Nachricht“; Absender, Betreff und Ordner nennt er nicht.`}
        name="push"
        checked={values.push}
        onChange={(on) => onChange('push', on)}
      />
      <TextAreaField
        label={pushHostWords()}
        hint={t`Einer je Zeile; *. davor steht für alle darunter. Andere werden nicht angesprochen.`}
        rows={4}
        mono
        {...field('push_hosts')}
      />
    </Card>
  );
}

const pushHostWords = () => t`Erlaubte Push-Dienste`;

export function pushValuesOf({ push }: Schema<'Settings'>): PushValues {
  return { push: push.enabled, push_hosts: push.hosts.join('\n') };
}

export function pushOf(values: PushValues): Schema<'PushSettings'> {
  return { enabled: values.push, hosts: hostsIn(values.push_hosts) };
}

/** What is wrong with what was typed, by field. */
export function pushFaults(values: PushValues): { push_hosts?: string } {
  const hosts = hostsIn(values.push_hosts);
  const odd = hosts.find((host) => !HOST.test(host) || host.length > MAX_HOST_CHARS);
  if (odd) return { push_hosts: t`„${odd}“ ist kein Name eines Rechners.` };
  if (hosts.length > MAX_HOSTS) return { push_hosts: t`Höchstens ${MAX_HOSTS}.` };
  if (values.push && hosts.length === 0) {
    return { push_hosts: t`Nennen Sie mindestens einen Push-Dienst.` };
  }
  return {};
}

/** The form's fields by the server's names. */
export const PUSH_PATHS = [['push.hosts', 'push_hosts']] as const;

/** How each reads where two people changed the settings at once. */
export function pushParts<V extends PushValues>(): Part<V>[] {
  return [
    {
      label: t`Hinweise auf neue Post über Push-Dienste`,
      fields: ['push'],
      text: ({ push }) => (push ? t`erlaubt` : t`nicht erlaubt`),
    },
    {
      label: pushHostWords(),
      fields: ['push_hosts'],
      text: ({ push_hosts: hosts }) => hostsIn(hosts).join(', '),
    },
  ];
}

function hostsIn(typed: string): string[] {
  return [...new Set(typed.toLowerCase().split(/[\s,;]+/))].filter(Boolean);
}
