import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createLazyRoute } from '@tanstack/react-router';
import { useState } from 'react';
import { api, must, type Schema } from '../../../api/client.ts';
import { fieldProblems, ProblemAlert, showProblem } from '../../../app/problem-alert.tsx';
import { Button } from '../../../ui/button.tsx';
import { Checkbox, RadioGroup } from '../../../ui/choices.tsx';
import { ConfirmDialog, Dialog } from '../../../ui/dialog.tsx';
import { TextField } from '../../../ui/fields.tsx';
import { Form, useForm } from '../../../ui/form.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Alert, EmptyState, Loading } from '../../../ui/notice.tsx';
import { Card } from '../../../ui/page.tsx';
import { announce } from '../../../ui/status.tsx';
import { ownTargetsQuery } from './queries.ts';

export const OwnTargetsRoute = createLazyRoute('/angemeldet/haus/konto/eigene-ziele')({
  component: OwnTargetsPage,
});

type OwnTarget = Schema<'OwnTarget'>;
type Fields = Schema<'OwnTargetFields'>;
type Values = { kind: Fields['kind']; name: string; host: string; port: string; nla: boolean };

const MAX_PORT = 65_535;
const PORTS: Record<Fields['kind'], string> = { rdp: '3389', ssh: '22' };

/** Targets that somebody sets up for themselves, where an administrator decided that people may. */
function OwnTargetsPage() {
  const { t } = useLingui();
  const cache = useQueryClient();
  const { data, error } = useQuery(ownTargetsQuery);
  const [editing, setEditing] = useState<OwnTarget | 'new' | null>(null);
  const [removing, setRemoving] = useState<OwnTarget | null>(null);
  const full = data !== undefined && data.targets.length >= data.most;
  const refresh = () =>
    Promise.all([
      cache.invalidateQueries(ownTargetsQuery),
      cache.invalidateQueries({ queryKey: ['me', 'targets'] }),
    ]);
  const remove = async ({ id, name }: OwnTarget) => {
    await must(api.DELETE('/api/v1/me/own-targets/{id}', { params: { path: { id } } }));
    announce('success', t`„${name}“ ist entfernt.`);
    await refresh();
  };
  return (
    <Card
      title={<Trans>Eigene Ziele</Trans>}
      lead={
        <Trans>
          Zum Beispiel Ihr eigener Rechner im Büro. Eigene Ziele stehen auf der Startseite und auf
          Ihrem Stick neben den anderen.
        </Trans>
      }
      {...(data?.enabled &&
        !full && {
          actions: (
            <Button small icon={icons.iconAdd} onPress={() => setEditing('new')}>
              <Trans>Ziel eintragen</Trans>
            </Button>
          ),
        })}
    >
      {error && <ProblemAlert problem={error} />}
      {!data && !error && <Loading />}
      {data && !data.enabled && <SwitchedOff any={data.targets.length > 0} />}
      {data?.enabled && full && (
        <p className="fa-muted">
          <Plural
            value={data.most}
            one="Mehr als eines ist nicht möglich."
            other="Mehr als # sind nicht möglich. Entfernen Sie zuerst eines."
          />
        </p>
      )}
      {data?.enabled && data.targets.length === 0 && <NothingYet />}
      <ul className="fa-list">
        {data?.targets.map((target) => (
          <li key={target.id}>
            <Icon of={kindIcon(target.kind)} className="fa-list__icon" />
            <div className="fa-list__text">
              <div className="fa-list__title">{target.name}</div>
              <div className="fa-muted fa-small fa-break">
                {target.kind === 'rdp' ? t`Arbeitsplatz` : t`SSH-Zugang`} · {target.host}
                {unusual(target) && `:${target.port}`}
              </div>
            </div>
            <div className="fa-row">
              {data.enabled && (
                <Button
                  small
                  aria-label={t`„${target.name}“ ändern`}
                  onPress={() => setEditing(target)}
                >
                  <Trans>Ändern</Trans>
                </Button>
              )}
              <Button
                small
                danger
                aria-label={t`„${target.name}“ entfernen`}
                onPress={() => setRemoving(target)}
              >
                <Trans>Entfernen</Trans>
              </Button>
            </div>
          </li>
        ))}
      </ul>
      <Dialog
        title={
          editing === 'new' ? (
            <Trans>Eigenes Ziel eintragen</Trans>
          ) : (
            <Trans>Eigenes Ziel ändern</Trans>
          )
        }
        isOpen={editing !== null}
        onClose={() => setEditing(null)}
      >
        {editing !== null && data && (
          <EditTarget
            target={editing === 'new' ? undefined : editing}
            networks={data.networks}
            onDone={async () => {
              setEditing(null);
              await refresh();
            }}
          />
        )}
      </Dialog>
      <ConfirmDialog
        title={<Trans>„{removing?.name}“ entfernen?</Trans>}
        action={t`Ziel entfernen`}
        danger
        isOpen={removing !== null}
        onClose={() => setRemoving(null)}
        onConfirm={() => removing && remove(removing)}
      >
        <p>
          <Trans>
            Verbindungen dorthin enden sofort. Was dort nicht gespeichert ist, kann verloren gehen.
          </Trans>
        </p>
      </ConfirmDialog>
    </Card>
  );
}

/** The usual port says nothing to people. */
const unusual = ({ kind, port }: Fields) => port && String(port) !== PORTS[kind];

const kindIcon = (kind: Fields['kind']) =>
  kind === 'rdp' ? icons.iconDesktopWindows : icons.iconTerminal;

function SwitchedOff({ any }: { any: boolean }) {
  return (
    <Alert tone="info" title={<Trans>Eigene Ziele sind ausgeschaltet</Trans>}>
      <p>
        {any ? (
          <Trans>
            Ihre Behörde lässt sie derzeit nicht zu. Was Sie eingetragen haben, bleibt stehen, lässt
            sich aber nicht öffnen. Fragen Sie bei Bedarf Ihre IT-Stelle.
          </Trans>
        ) : (
          <Trans>
            Ihre Behörde lässt sie derzeit nicht zu. Wenn Sie eines brauchen, wenden Sie sich an
            Ihre IT-Stelle.
          </Trans>
        )}
      </p>
    </Alert>
  );
}

function NothingYet() {
  return (
    <EmptyState icon={icons.iconComputer} level={3} title={<Trans>Noch kein eigenes Ziel</Trans>}>
      <p>
        <Trans>
          Den Namen Ihres Rechners im Büro nennt Ihnen Ihre IT-Stelle. Er muss eingeschaltet
          bleiben, wenn Sie nach Hause gehen.
        </Trans>
      </p>
    </EmptyState>
  );
}

type EditProps = {
  target: OwnTarget | undefined;
  networks: readonly string[];
  onDone: () => Promise<void>;
};

function EditTarget({ target, networks, onDone }: EditProps) {
  const { t } = useLingui();
  const form = useForm<Values>({
    initial: {
      kind: target?.kind ?? 'rdp',
      name: target?.name ?? '',
      host: target?.host ?? '',
      port: target?.port ? String(target.port) : '',
      nla: target?.nla ?? true,
    },
    validate: ({ name, host, port }) => ({
      ...(!name.trim() && { name: t`Geben Sie dem Ziel einen Namen.` }),
      ...(!host.trim()
        ? { host: t`Geben Sie den Namen oder die Adresse des Rechners ein.` }
        : /[\s/@]/.test(host.trim()) && {
            host: t`Hier steht nur der Name des Rechners, ohne „https://“ und ohne Pfad.`,
          }),
      ...(port.trim() &&
        !(Number.isInteger(Number(port)) && Number(port) >= 1 && Number(port) <= MAX_PORT) && {
          port: t`Der Port ist eine Zahl zwischen 1 und 65535.`,
        }),
    }),
    submit: async (values) => {
      const fields: Fields = {
        kind: values.kind,
        name: values.name.trim(),
        host: values.host.trim(),
        port: values.port.trim() ? Number(values.port) : null,
        nla: values.nla,
      };
      try {
        await must(
          target
            ? api.PUT('/api/v1/me/own-targets/{id}', {
                params: { path: { id: target.id } },
                body: { ...fields, version: target.version },
              })
            : api.POST('/api/v1/me/own-targets', { body: fields }),
        );
      } catch (error) {
        throw fieldProblems(error);
      }
      announce('success', target ? t`Die Änderung gilt ab jetzt.` : t`Das Ziel ist eingetragen.`);
      await onDone();
    },
  });
  const { kind } = form.values;
  const nets = networks.join(', ');
  return (
    <Form
      form={form}
      failure={showProblem}
      actions={
        <Button type="submit" variant="primary" pending={form.pending}>
          {target ? <Trans>Änderung speichern</Trans> : <Trans>Ziel eintragen</Trans>}
        </Button>
      }
    >
      <RadioGroup
        legend={t`Was ist es?`}
        options={[
          {
            value: 'rdp',
            label: t`Arbeitsplatz`,
            hint: t`Ein Windows- oder Linux-Rechner mit Bildschirm (RDP).`,
          },
          { value: 'ssh', label: t`SSH-Zugang`, hint: t`Ein Rechner, den man mit SSH erreicht.` },
        ]}
        {...form.field('kind')}
      />
      <TextField
        label={t`Name`}
        hint={t`Wie die Kachel heißt, etwa „Mein Rechner im Büro“.`}
        maxLength={100}
        {...form.field('name')}
      />
      <TextField
        label={t`Rechner`}
        hint={t`Sein Name oder seine Adresse im Haus. Erlaubte Netze: ${nets}.`}
        spellCheck={false}
        autoComplete="off"
        maxLength={253}
        {...form.field('host')}
      />
      <TextField
        label={t`Port`}
        optional
        hint={t`Meist bleibt das Feld leer; dann gilt ${PORTS[kind]}.`}
        inputMode="numeric"
        maxLength={5}
        {...form.field('port')}
      />
      {kind === 'rdp' && (
        <Checkbox
          label={t`Fragt vorab nach Name und Passwort (NLA)`}
          hint={t`Üblich bei Windows. Linux-Rechner brauchen es meist ausgeschaltet.`}
          name="nla"
          checked={form.values.nla}
          onChange={(checked) => form.set('nla', checked)}
        />
      )}
    </Form>
  );
}
