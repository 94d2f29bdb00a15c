import { t } from '@lingui/core/macro';
import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, must, type Schema } from '../../../api/client.ts';
import { signOut } from '../../../api/session-keeper.ts';
import { deviceState, type Word } from '../../../app/device-words.ts';
import { fieldProblems, ProblemAlert, showProblem } from '../../../app/problem-alert.tsx';
import { WordBadge } from '../../../app/word.tsx';
import { Button } from '../../../ui/button.tsx';
import { CopyField } from '../../../ui/copy-field.tsx';
import { ConfirmDialog, Dialog } from '../../../ui/dialog.tsx';
import { TextField } from '../../../ui/fields.tsx';
import { Form, useForm } from '../../../ui/form.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Alert } from '../../../ui/notice.tsx';
import { Card } from '../../../ui/page.tsx';
import { announce } from '../../../ui/status.tsx';
import { DateText } from '../../../ui/time.tsx';
import { MAX_NAME_CHARS, nameFault } from './name-rule.ts';
import { devicesQuery, programsQuery } from './queries.ts';

type Program = Schema<'MyProgram'>;
type Made = Schema<'MadeProgram'>;

/** Programs that read and send mail by a token: make, revoke. Not there where nobody may have one. */
export function Programs() {
  const { t } = useLingui();
  const cache = useQueryClient();
  const { data, error } = useQuery(programsQuery);
  const [adding, setAdding] = useState(false);
  const [revoking, setRevoking] = useState<Program | null>(null);
  if (error) return <ProblemAlert problem={error} />;
  if (!data || (!data.allowed && data.programs.length === 0)) return null;
  const revoke = async (program: Program) => {
    await must(api.DELETE('/api/v1/me/devices/{id}', { params: { path: { id: program.id } } }));
    announce('success', t`Das Programm hat keinen Zugang mehr.`);
    await Promise.all([
      cache.invalidateQueries(programsQuery),
      cache.invalidateQueries(devicesQuery),
    ]);
  };
  return (
    <Card
      title={<Trans>Programme</Trans>}
      lead={
        <Trans>
          Ein Mailprogramm, das JMAP kann, liest und sendet Ihre Mail mit einem Zugangsschlüssel. Er
          gilt für Mail und für nichts anderes.
        </Trans>
      }
      actions={
        data.allowed && (
          <Button small icon={icons.iconAdd} onPress={() => setAdding(true)}>
            <Trans>Programm hinzufügen</Trans>
          </Button>
        )
      }
    >
      {!data.allowed && (
        <Alert tone="info" title={<Trans>Programme sind zurzeit nicht erlaubt</Trans>}>
          <p>
            <Trans>Ihre Administration hat sie ausgeschaltet. Keines kommt an Ihre Mail.</Trans>
          </p>
        </Alert>
      )}
      {data.programs.length === 0 && (
        <p>
          <Trans>Sie haben noch kein Programm.</Trans>
        </p>
      )}
      <ul className="fa-list">
        {data.programs.map((program) => {
          const state = stateOf(program);
          return (
            <li key={program.id}>
              <Icon of={icons.iconCode} className="fa-list__icon" />
              <div className="fa-list__text">
                <div className="fa-list__title">
                  {program.name}
                  <WordBadge word={state} />
                </div>
                <div className="fa-mono fa-small fa-break">{program.fingerprint}</div>
                <div className="fa-muted fa-small">
                  <Trans>Seit</Trans> <DateText value={program.created_at} />
                  {program.expires_at && (
                    <>
                      {' · '}
                      <Trans>gültig bis</Trans> <DateText value={program.expires_at} />
                    </>
                  )}
                  {program.last_seen_on && (
                    <>
                      {' · '}
                      <Trans>zuletzt</Trans> <DateText value={program.last_seen_on} />
                    </>
                  )}
                </div>
              </div>
              <Button
                small
                danger
                aria-label={t`Zugang entziehen: ${program.name}`}
                onPress={() => setRevoking(program)}
              >
                <Trans>Zugang entziehen</Trans>
              </Button>
            </li>
          );
        })}
      </ul>
      {adding && <AddProgram programs={data} onClose={() => setAdding(false)} />}
      <ConfirmDialog
        title={<Trans>„{revoking?.name}“ den Zugang entziehen?</Trans>}
        action={t`Zugang entziehen`}
        danger
        isOpen={revoking !== null}
        onClose={() => setRevoking(null)}
        onConfirm={() => revoking && revoke(revoking)}
      >
        <p>
          <Trans>
            Das Programm kommt sofort nicht mehr an Ihre Mail. Das lässt sich nicht rückgängig
            machen; es bräuchte einen neuen Schlüssel.
          </Trans>
        </p>
      </ConfirmDialog>
    </Card>
  );
}

type AddProps = { programs: Schema<'MyPrograms'>; onClose: () => void };

function AddProgram({ programs, onClose }: AddProps) {
  const [made, setMade] = useState<Made | null>(null);
  if (!programs.may_make && !made) return <SignInAgain onClose={onClose} />;
  return (
    <Dialog title={<Trans>Programm hinzufügen</Trans>} isOpen onClose={onClose}>
      {made ? (
        <Token made={made} server={programs.server} onClose={onClose} />
      ) : (
        <Name most={programs.max_days} onMade={setMade} />
      )}
    </Dialog>
  );
}

function Name({ most, onMade }: { most: number; onMade: (made: Made) => void }) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const form = useForm({
    initial: { name: '', days: String(most) },
    validate: ({ name, days }) => {
      const fault = nameFault(name.trim());
      const number = Number(days);
      return {
        ...(!name.trim() && { name: t`Geben Sie dem Programm einen Namen.` }),
        ...(fault && { name: fault }),
        ...(!(Number.isInteger(number) && number >= 1 && number <= most) && {
          days: t`Eine Zahl zwischen 1 und ${most}.`,
        }),
      };
    },
    submit: async ({ name, days }) => {
      try {
        const body = { name: name.trim(), days: Number(days) };
        onMade(await must(api.POST('/api/v1/me/programs', { body })));
      } catch (error) {
        throw fieldProblems(error);
      }
      await cache.invalidateQueries(programsQuery);
    },
  });
  return (
    <Form
      form={form}
      failure={showProblem}
      actions={
        <Button type="submit" variant="primary" pending={form.pending}>
          <Trans>Schlüssel erzeugen</Trans>
        </Button>
      }
    >
      <TextField
        label={t`Name`}
        hint={t`Woran Sie und Ihre Leitstelle es erkennen, etwa „Mailprogramm am Notebook“.`}
        maxLength={MAX_NAME_CHARS}
        {...form.field('name')}
      />
      <TextField
        label={t`Gültig, in Tagen`}
        hint={t`Zwischen 1 und ${most}.`}
        inputMode="numeric"
        {...form.field('days')}
      />
    </Form>
  );
}

type TokenProps = { made: Made; server: string | null | undefined; onClose: () => void };

/** The token: shown this once. */
function Token({ made, server, onClose }: TokenProps) {
  const { t } = useLingui();
  return (
    <div className="fa-stack">
      <Alert tone="warning" title={<Trans>Diesen Schlüssel sehen Sie nur jetzt</Trans>}>
        <p>
          <Trans>
            Tragen Sie ihn im Programm dort ein, wo ein Token verlangt wird („Bearer“). Wer ihn hat,
            liest Ihre Mail. Er gilt, sobald Ihre Leitstelle das Programm freigegeben hat.
          </Trans>
        </p>
      </Alert>
      <CopyField label={t`Zugangsschlüssel`} value={made.token} />
      {server && (
        <>
          <p>
            <Trans>Als Server tragen Sie ein:</Trans>
          </p>
          <CopyField label={t`Server`} value={server} />
        </>
      )}
      <p className="fa-muted">
        <Trans>Daran erkennt ihn die Leitstelle: {made.program.fingerprint}</Trans>
      </p>
      <div className="fa-row">
        <Button variant="primary" onPress={onClose}>
          <Trans>Ich habe ihn eingetragen</Trans>
        </Button>
      </div>
    </div>
  );
}

function SignInAgain({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const again = async () => {
    await signOut();
    window.location.assign(`/anmelden?zurueck=${encodeURIComponent('/konto/geraete')}`);
  };
  return (
    <ConfirmDialog
      title={<Trans>Zuerst neu anmelden</Trans>}
      action={t`Neu anmelden`}
      isOpen
      onClose={onClose}
      onConfirm={again}
    >
      <p>
        <Trans>
          Einen Schlüssel gibt es auf einem freigegebenen Gerät, kurz nach der Anmeldung: So erzeugt
          ihn niemand an einem Platz, den Sie offen verlassen haben. Offene Arbeitsplätze und
          Anwendungen werden dabei getrennt.
        </Trans>
      </p>
    </ConfirmDialog>
  );
}

function stateOf({ state, over }: Program): Word {
  return over
    ? { label: t`abgelaufen oder beendet`, tone: 'neutral', icon: icons.iconBlock }
    : deviceState(state);
}
