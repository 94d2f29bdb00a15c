import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { Button } from '../../../ui/button.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Alert } from '../../../ui/notice.tsx';
import type { Mail, Sending } from '../model.ts';
import { shortName } from './addresses.ts';

/** More of them at once are counted only. */
const MAX_SHOWN = 3;

/** What did not simply go out: it waits, was refused, or nobody knows. */
export function Sendings({ mail, sendings }: { mail: Mail; sendings: readonly Sending[] }) {
  const troubled = sendings.filter(({ state }) => state === 'refused' || state === 'uncertain');
  const waiting = sendings.filter(({ state }) => state === 'waiting');
  if (troubled.length + waiting.length === 0) return null;
  return (
    <div className="fa-mail__sendings">
      {troubled.slice(0, MAX_SHOWN).map((sending) => (
        <Troubled key={sending.id} mail={mail} sending={sending} />
      ))}
      {troubled.length > MAX_SHOWN && (
        <p className="fa-muted fa-small">
          <Plural
            value={troubled.length - MAX_SHOWN}
            one="Noch eine Nachricht braucht Ihre Entscheidung."
            other="Noch # Nachrichten brauchen Ihre Entscheidung."
          />
        </p>
      )}
      {waiting.length > 0 && (
        <p className="fa-mail__outbox">
          <Icon of={icons.iconOutbox} size="small" />
          <Plural
            value={waiting.length}
            one="Eine Nachricht wird gesendet, sobald eine Verbindung besteht."
            other="# Nachrichten werden gesendet, sobald eine Verbindung besteht."
          />
        </p>
      )}
    </div>
  );
}

function Troubled({ mail, sending }: { mail: Mail; sending: Sending }) {
  const { t } = useLingui();
  const [pending, setPending] = useState(false);
  const settle = (how: 'again' | 'forget') => {
    setPending(true);
    void mail.settle(sending.id, how).finally(() => setPending(false));
  };
  const subject = sending.subject || t`(ohne Betreff)`;
  const names = sending.to.map(shortName).join(', ');
  if (sending.state === 'refused') {
    return (
      <Alert
        tone="danger"
        live="polite"
        title={<Trans>„{subject}“ wurde nicht gesendet</Trans>}
        actions={
          <Button small pending={pending} onPress={() => settle('forget')}>
            <Trans>Hinweis entfernen</Trans>
          </Button>
        }
      >
        <p>
          <Trans>
            Der Mailserver hat die Nachricht an {names} nicht angenommen. Sie liegt bei den
            Entwürfen.
          </Trans>
        </p>
        {sending.reason && (
          <p className="fa-muted fa-small">
            <Trans>Antwort des Servers: {sending.reason}</Trans>
          </p>
        )}
      </Alert>
    );
  }
  return (
    <Alert
      tone="warning"
      live="polite"
      title={<Trans>Wurde „{subject}“ gesendet?</Trans>}
      actions={
        <>
          <Button small pending={pending} icon={icons.iconSend} onPress={() => settle('again')}>
            <Trans>Erneut senden</Trans>
          </Button>
          <Button small variant="tertiary" isDisabled={pending} onPress={() => settle('forget')}>
            <Trans>Verwerfen</Trans>
          </Button>
        </>
      }
    >
      <p>
        <Trans>
          Die Verbindung brach beim Senden an {names} ab. Wenn Sie erneut senden, kommt die
          Nachricht vielleicht zweimal an.
        </Trans>
      </p>
    </Alert>
  );
}
