import { Trans, useLingui } from '@lingui/react/macro';
import type { ReactNode } from 'react';
import { problemText } from '../../../api/problem-text.ts';
import { useCountdown } from '../../../app/problem-alert.tsx';
import { Button, ButtonLink } from '../../../ui/button.tsx';
import { PasswordField, TextField } from '../../../ui/fields.tsx';
import { Form, useForm } from '../../../ui/form.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Alert } from '../../../ui/notice.tsx';
import type { Credentials, Opened } from './connection.ts';
import type { DesktopState } from './use-desktop.ts';

type OverlayProps = {
  name: string;
  state: DesktopState;
  onOpen: () => void;
  onCredentials: (credentials: Credentials) => void;
};

/** What stands over the desktop when it is not simply there. */
export function DesktopOverlay({ name, state, onOpen, onCredentials }: OverlayProps) {
  switch (state.at) {
    case 'running':
      return null;
    case 'opening':
    case 'connecting':
      return (
        <Panel>
          <p className="fa-row" role="status">
            <Icon of={icons.iconProgressActivity} className="fa-spin" />
            <span>
              <Trans>{name} wird geöffnet …</Trans>
            </span>
          </p>
        </Panel>
      );
    case 'interrupted':
      return <Interrupted state={state} onOpen={onOpen} />;
    case 'asking':
      return (
        <Panel>
          <AskCredentials
            opened={state.opened}
            refused={state.refused}
            onCredentials={onCredentials}
          />
        </Panel>
      );
    case 'refused': {
      const { what, next } = problemText(state.problem);
      return <Ended tone="danger" title={what} next={next} again onOpen={onOpen} />;
    }
    case 'ended':
      return <Ended {...state.text} onOpen={onOpen} />;
  }
}

function Panel({ children }: { children: ReactNode }) {
  return (
    <div className="fa-desktop__overlay">
      <div className="fa-card kern-level-2">{children}</div>
    </div>
  );
}

type EndedProps = {
  tone: 'info' | 'warning' | 'danger';
  title: string;
  next: string;
  again: boolean;
  onOpen: () => void;
};

function Ended({ tone, title, next, again, onOpen }: EndedProps) {
  return (
    <Panel>
      <Alert tone={tone} live="assertive" title={title}>
        <p>{next}</p>
      </Alert>
      <div className="fa-row">
        {again && (
          <Button variant="primary" icon={icons.iconRefresh} onPress={onOpen} autoFocus>
            <Trans>Neu verbinden</Trans>
          </Button>
        )}
        <ButtonLink to="/">
          <Trans>Zur Startseite</Trans>
        </ButtonLink>
      </div>
    </Panel>
  );
}

const SECOND_MS = 1_000;

type InterruptedProps = {
  state: Extract<DesktopState, { at: 'interrupted' }>;
  onOpen: () => void;
};

function Interrupted({ state: { what, attempt, of, retryAt }, onOpen }: InterruptedProps) {
  const left = useCountdown((retryAt - Date.now()) / SECOND_MS, retryAt);
  return (
    <Panel>
      {what === 'line' ? (
        <Alert tone="warning" live="polite" title={<Trans>Die Leitung ist unterbrochen</Trans>}>
          <p>
            <Trans>
              Ihre Programme laufen am Arbeitsplatz weiter. Die Verbindung kommt von selbst wieder.
            </Trans>
          </p>
        </Alert>
      ) : (
        <Alert
          tone="warning"
          live="polite"
          title={<Trans>Der Arbeitsplatz antwortet nicht mehr</Trans>}
        >
          <p>
            <Trans>
              Vielleicht startet er gerade neu. Sobald er wieder da ist, geht es von selbst weiter.
            </Trans>
          </p>
        </Alert>
      )}
      <progress className="fa-desktop__progress" value={attempt} max={of} aria-hidden="true" />
      <div className="fa-row">
        <Button icon={icons.iconRefresh} onPress={onOpen}>
          <Trans>Jetzt verbinden</Trans>
        </Button>
        <span className="fa-muted fa-small" aria-hidden="true">
          {left > 0 ? (
            <Trans>
              Versuch {attempt} von {of} in {left} s
            </Trans>
          ) : (
            <Trans>
              Versuch {attempt} von {of} läuft …
            </Trans>
          )}
        </span>
      </div>
    </Panel>
  );
}

type AskProps = {
  opened: Opened;
  refused: boolean;
  onCredentials: (credentials: Credentials) => void;
};

function AskCredentials({ opened, refused, onCredentials }: AskProps) {
  const { t } = useLingui();
  const form = useForm({
    initial: { username: opened.username ?? '', password: '', domain: opened.domain ?? '' },
    validate: ({ username, password }) => ({
      ...(!username.trim() && { username: t`Geben Sie Ihren Windows-Anmeldenamen ein.` }),
      ...(!password && { password: t`Geben Sie Ihr Windows-Passwort ein.` }),
    }),
    submit: async (values) => onCredentials({ ...values, username: values.username.trim() }),
  });
  return (
    <>
      <h2>
        <Trans>Am Arbeitsplatz anmelden</Trans>
      </h2>
      {refused ? (
        <Alert
          tone="danger"
          live="assertive"
          title={<Trans>Der Arbeitsplatz hat Name oder Passwort nicht angenommen.</Trans>}
        />
      ) : (
        <p>
          <Trans>
            {opened.name} fragt vor dem Öffnen nach Ihren Windows-Zugangsdaten. Sie werden nicht
            gespeichert.
          </Trans>
        </p>
      )}
      <Form
        form={form}
        actions={
          <Button type="submit" variant="primary" pending={form.pending}>
            <Trans>Arbeitsplatz öffnen</Trans>
          </Button>
        }
      >
        <TextField
          label={t`Anmeldename`}
          autoComplete="off"
          spellCheck={false}
          autoFocus={!opened.username}
          {...form.field('username')}
        />
        <PasswordField
          label={t`Passwort`}
          autoComplete="off"
          autoFocus={Boolean(opened.username)}
          {...form.field('password')}
        />
        <TextField
          label={t`Domäne`}
          optional
          autoComplete="off"
          spellCheck={false}
          {...form.field('domain')}
        />
      </Form>
    </>
  );
}
