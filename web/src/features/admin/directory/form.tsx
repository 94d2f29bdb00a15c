import { t as now } from '@lingui/core/macro';
import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { api, must, type Schema } from '../../../api/client.ts';
import { ApiProblem } from '../../../api/problem.ts';
import { settling } from '../../../app/conflict.tsx';
import { type Held, useHeld, useTyped } from '../../../app/held.ts';
import type { Part } from '../../../app/merge.ts';
import { fieldProblems, ProblemAlert, showProblem } from '../../../app/problem-alert.tsx';
import { Button } from '../../../ui/button.tsx';
import { PasswordField, TextAreaField, TextField } from '../../../ui/fields.tsx';
import { type FieldErrors, Form, useForm } from '../../../ui/form.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Alert } from '../../../ui/notice.tsx';
import { Card } from '../../../ui/page.tsx';
import { announce } from '../../../ui/status.tsx';
import { directoriesQuery, useDeed } from '../queries.ts';
import { directoryFault } from './words.ts';

type Directory = Schema<'Directory'>;

type Values = {
  name: string;
  url: string;
  bind_dn: string;
  bind_password: string;
  base_dn: string;
  person_filter: string;
  group_filter: string;
  ca_pem: string;
  max_failed_binds: string;
};

type ChangeDirectoryProps = { id: string; onDone: () => void };

/** Changes how a directory is reached. */
export function ChangeDirectory({ id, onDone }: ChangeDirectoryProps) {
  const directory = useQuery({ ...directoriesQuery, select: (all) => named(all, id) });
  const held = useHeld(directory);
  return held && <DirectoryForm key={held.filling} held={held} onDone={onDone} />;
}

function named(all: readonly Directory[], id: string): Directory {
  const found = all.find((one) => one.id === id);
  if (!found) throw new ApiProblem(404, 'not_found', 'somebody has disconnected it');
  return found;
}

type DirectoryFormProps = { held?: Held<Directory>; onDone: () => void };

/** Connects a directory: test first, see whether the right people come, then save. */
export function DirectoryForm({ held, onDone }: DirectoryFormProps) {
  const { t } = useLingui();
  const directory = held?.data;
  const client = useQueryClient();
  const test = useDeed((body: Schema<'SetDirectory'>) =>
    must(api.POST('/api/v1/admin/directories/test', { body })),
  );
  const form = useForm<Values>({
    initial: valuesOf(directory),
    validate: (values) => faultsOf(values, !keepsServer(values, directory)),
    submit: async (values) => {
      const body = bodyOf(values);
      try {
        if (directory) {
          await must(
            api.PUT('/api/v1/admin/directories/{id}', {
              params: { path: { id: directory.id } },
              body: { ...body, version: directory.version },
            }),
          );
        } else {
          await must(api.POST('/api/v1/admin/directories', { body }));
        }
        void client.invalidateQueries({ queryKey: ['admin'] });
        announce(
          'success',
          directory ? t`Gespeichert.` : t`Das Verzeichnis ist verbunden.`,
          t`Der Abgleich läuft in der nächsten Minute.`,
        );
        onDone();
      } catch (error) {
        throw fieldProblems(error);
      }
    },
  });
  useTyped(held ?? UNHELD, form.values, valuesOf(directory));
  const parts: Part<Values>[] = [
    { label: t`Name`, fields: ['name'], text: ({ name }) => name },
    { label: t`Adresse des Servers`, fields: ['url'], text: ({ url }) => url },
    { label: t`Konto zum Suchen`, fields: ['bind_dn'], text: ({ bind_dn: name }) => name },
    { label: t`Wo gesucht wird`, fields: ['base_dn'], text: ({ base_dn: name }) => name },
    {
      label: t`Falsche Passwörter bis zur Pause`,
      fields: ['max_failed_binds'],
      text: ({ max_failed_binds: most }) => most,
    },
    {
      label: t`Filter für Personen`,
      fields: ['person_filter'],
      text: ({ person_filter: filter }) => filter,
    },
    {
      label: t`Filter für Gruppen`,
      fields: ['group_filter'],
      text: ({ group_filter: filter }) => filter,
    },
    { label: t`Zertifizierungsstelle (PEM)`, fields: ['ca_pem'], text: ({ ca_pem: pem }) => pem },
  ];
  const sameServer = keepsServer(form.values, directory);
  const testable = Object.keys(faultsOf({ ...form.values, name: 'x' }, !sameServer)).length === 0;
  return (
    <Card title={directory ? directory.name : <Trans>Verzeichnis verbinden</Trans>}>
      <Form
        form={form}
        failure={held ? settling({ held, form, valuesOf, parts }) : showProblem}
        actions={
          <>
            <Button type="submit" variant="primary" pending={form.pending}>
              {directory ? (
                <Trans>Änderungen speichern</Trans>
              ) : (
                <Trans>Verzeichnis verbinden</Trans>
              )}
            </Button>
            <Button
              icon={icons.iconFactCheck}
              pending={test.isPending}
              isDisabled={!testable}
              onPress={() => test.mutate(bodyOf(form.values))}
            >
              <Trans>Verbindung testen</Trans>
            </Button>
            <Button variant="tertiary" onPress={onDone}>
              <Trans>Abbrechen</Trans>
            </Button>
          </>
        }
      >
        <TextField
          label={t`Name`}
          hint={t`Wie Sie es nennen, etwa „AD der Stadt“.`}
          {...form.field('name')}
        />
        <TextField
          label={t`Adresse des Servers`}
          hint={t`Etwa ldaps://dc1.stadt.intern:636. Mit „ldap://“ wird die Verbindung durch StartTLS verschlüsselt.`}
          spellCheck={false}
          {...form.field('url')}
        />
        <TextField
          label={t`Konto zum Suchen`}
          hint={t`Vollständiger Name, etwa CN=fernamt,CN=Users,DC=stadt,DC=intern. Lesen genügt.`}
          spellCheck={false}
          autoComplete="off"
          {...form.field('bind_dn')}
        />
        <PasswordField
          label={t`Passwort dieses Kontos`}
          optional={sameServer}
          hint={
            directory
              ? t`Leer heißt: wie bisher. Für einen anderen Server oder ein anderes Konto geben Sie es noch einmal ein.`
              : t`Wird verschlüsselt gespeichert.`
          }
          autoComplete="off"
          {...form.field('bind_password')}
        />
        <TextField
          label={t`Wo gesucht wird`}
          hint={t`Der Zweig mit Personen und Gruppen, etwa DC=stadt,DC=intern.`}
          spellCheck={false}
          {...form.field('base_dn')}
        />
        <details className="fa-details">
          <summary>
            <Trans>Weitere Angaben</Trans>
          </summary>
          <div className="fa-stack">
            <TextField
              label={t`Falsche Passwörter bis zur Pause`}
              hint={t`So viele reicht Fernamt je Person an das Verzeichnis weiter. Bleiben Sie unter dessen eigener Sperrgrenze.`}
              inputMode="numeric"
              {...form.field('max_failed_binds')}
            />
            <TextField
              label={t`Filter für Personen`}
              optional
              hint={t`Leer heißt: was zu Active Directory passt.`}
              spellCheck={false}
              {...form.field('person_filter')}
            />
            <TextField
              label={t`Filter für Gruppen`}
              optional
              hint={t`Leer heißt: was zu Active Directory passt.`}
              spellCheck={false}
              {...form.field('group_filter')}
            />
            <TextAreaField
              label={t`Zertifizierungsstelle (PEM)`}
              optional
              hint={t`Leer heißt: die des Betriebssystems.`}
              rows={5}
              mono
              spellCheck={false}
              {...form.field('ca_pem')}
            />
          </div>
        </details>
        {test.error && <ProblemAlert problem={test.error} />}
        {test.data && <TestResult result={test.data} />}
      </Form>
    </Card>
  );
}

const UNHELD = { setTyped: () => undefined };

const valuesOf = (directory: Directory | undefined): Values => ({
  name: directory?.name ?? '',
  url: directory?.url ?? 'ldaps://',
  bind_dn: directory?.bind_dn ?? '',
  bind_password: '',
  base_dn: directory?.base_dn ?? '',
  person_filter: directory?.person_filter ?? '',
  group_filter: directory?.group_filter ?? '',
  ca_pem: directory?.ca_pem ?? '',
  max_failed_binds: String(directory?.max_failed_binds ?? 3),
});

function TestResult({ result }: { result: Schema<'DirectoryTest'> }) {
  if (!result.ok) {
    const { what, next } = directoryFault(result.fault ?? result.code, result.params);
    return (
      <Alert tone="danger" live="assertive" title={what}>
        <p>{next}</p>
      </Alert>
    );
  }
  return (
    <Alert
      tone="success"
      live="polite"
      title={
        <Trans>
          Gefunden: <Plural value={result.people} one="# Person" other="# Personen" /> und{' '}
          <Plural value={result.groups} one="# Gruppe" other="# Gruppen" />
        </Trans>
      }
    >
      {result.sample.length > 0 && (
        <p>
          <Trans>Darunter: {result.sample.join(', ')}. Sind das die richtigen?</Trans>
        </p>
      )}
    </Alert>
  );
}

/** The stored password goes to the same account of the same server only; the server insists on it. */
function keepsServer(values: Values, directory: Directory | undefined): boolean {
  return (
    directory !== undefined &&
    directory.url === values.url.trim() &&
    directory.bind_dn === values.bind_dn.trim() &&
    (directory.ca_pem ?? '') === values.ca_pem.trim()
  );
}

const MAX_FAILED = 50;

function faultsOf(values: Values, needsPassword: boolean): FieldErrors<Values> {
  const errors: FieldErrors<Values> = {};
  const failed = Number(values.max_failed_binds);
  if (!values.name.trim()) errors.name = now`Geben Sie dem Verzeichnis einen Namen.`;
  if (!/^ldaps?:\/\/[^\s/]+$/.test(values.url.trim())) {
    errors.url = now`Die Adresse beginnt mit „ldaps://“ und nennt den Rechner.`;
  }
  if (!values.bind_dn.trim()) errors.bind_dn = now`Geben Sie das Konto an, das suchen darf.`;
  if (needsPassword && !values.bind_password)
    errors.bind_password = now`Geben Sie das Passwort ein.`;
  if (!values.base_dn.trim()) errors.base_dn = now`Geben Sie an, wo gesucht wird.`;
  if (!Number.isInteger(failed) || failed < 1 || failed > MAX_FAILED) {
    errors.max_failed_binds = now`Eine Zahl zwischen 1 und ${MAX_FAILED}.`;
  }
  return errors;
}

function bodyOf({ bind_password, max_failed_binds, ...texts }: Values): Schema<'SetDirectory'> {
  const trimmed = Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, text.trim()]),
  ) as typeof texts;
  return {
    ...trimmed,
    max_failed_binds: Number(max_failed_binds),
    ...(bind_password && { bind_password }),
  };
}
