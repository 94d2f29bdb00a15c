import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { Button } from '../../../ui/button.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Alert } from '../../../ui/notice.tsx';
import type { Mail, Sending } from '../model.ts';
import { shortName } from './addresses.ts';
import { isolated, tamed } from './bidi.ts';
import { useMailPage } from './context.ts';
import { refusalText, refusedNames } from './refusals.ts';
import { openDraft, takeBack } from './take-back.ts';

/** More of them at once are shown when asked. */
const MAX_SHOWN = 3;
const MAX_NAMES = 3;

/** What did not simply go out: it waits, was refused, or nobody knows. */
export function Sendings({ mail, sendings }: { mail: Mail; sendings: readonly Sending[] }) {
  const [whole, setWhole] = useState(false);
  const troubled = sendings.filter(({ state }) => state === 'refused' || state === 'uncertain');
  const waiting = sendings.filter(({ state }) => state === 'waiting');
  const all = [...troubled, ...waiting];
  if (all.length === 0) return null;
  const shown = whole ? all : all.slice(0, MAX_SHOWN);
  const [wrong, later] = [troubled, waiting].map((some) =>
    some.filter((one) => shown.includes(one)),
  );
  return (
    <div className="fa-mail__sendings">
      {wrong?.map((sending) => (
        <Troubled key={sending.id} mail={mail} sending={sending} />
      ))}
      {later !== undefined && later.length > 0 && (
        <section className="fa-mail__outbox" aria-labelledby="mail-outbox">
          <h3 id="mail-outbox">
            <Icon of={icons.iconOutbox} size="small" />
            <span>
              <Plural
                value={waiting.length}
                one="Eine Nachricht wird gesendet, sobald eine Verbindung besteht."
                other="# Nachrichten werden gesendet, sobald eine Verbindung besteht."
              />
            </span>
          </h3>
          <ul>
            {later.map((sending) => (
              <Waiting key={sending.id} sending={sending} />
            ))}
          </ul>
        </section>
      )}
      {all.length > MAX_SHOWN && (
        <div>
          <Button small variant="tertiary" aria-expanded={whole} onPress={() => setWhole(!whole)}>
            {whole ? (
              <Trans>Weniger zeigen</Trans>
            ) : (
              <Plural value={all.length - MAX_SHOWN} one="Noch eine zeigen" other="Noch # zeigen" />
            )}
          </Button>
        </div>
      )}
    </div>
  );
}

/** It can be opened and taken back for as long as it is here. */
function Waiting({ sending }: { sending: Sending }) {
  const { t } = useLingui();
  const page = useMailPage();
  const [pending, setPending] = useState(false);
  const subject = tamed(sending.subject) || t`(ohne Betreff)`;
  const back = (open: boolean) => {
    setPending(true);
    void takeBack(page, sending, open).finally(() => setPending(false));
  };
  return (
    <li>
      <span className="fa-mail__outbox-text">
        <bdi className="fa-mail__outbox-subject">{subject}</bdi>
        <span className="fa-muted">
          <Trans>an {namesOf(sending)}</Trans>
        </span>
      </span>
      <Button
        small
        variant="tertiary"
        isDisabled={pending}
        aria-label={t`„${isolated(subject)}“ öffnen`}
        onPress={() => back(true)}
      >
        <Trans>Öffnen</Trans>
      </Button>
      <Button
        small
        variant="tertiary"
        pending={pending}
        aria-label={t`„${isolated(subject)}“ nicht senden`}
        onPress={() => back(false)}
      >
        <Trans>Nicht senden</Trans>
      </Button>
    </li>
  );
}

function Troubled({ mail, sending }: { mail: Mail; sending: Sending }) {
  const { t } = useLingui();
  const page = useMailPage();
  const [pending, setPending] = useState(false);
  const settle = (how: 'again' | 'forget') => {
    setPending(true);
    void mail
      .settle(sending.id, how)
      .catch(() => undefined)
      .finally(() => setPending(false));
  };
  const open = () => {
    setPending(true);
    void openDraft(page, sending)
      .then((opened) => (opened ? mail.settle(sending.id, 'forget') : undefined))
      .catch(() => undefined)
      .finally(() => setPending(false));
  };
  const subject = isolated(sending.subject || t`(ohne Betreff)`);
  const names = namesOf(sending);
  if (sending.state === 'refused') {
    const { refusal } = sending;
    const whom = refusal && refusedNames(refusal);
    return (
      <Alert
        tone="danger"
        live="polite"
        title={<Trans>„{subject}“ wurde nicht gesendet</Trans>}
        actions={
          <>
            <Button small pending={pending} icon={icons.iconEdit} onPress={open}>
              <Trans>Entwurf öffnen</Trans>
            </Button>
            <Button small variant="tertiary" isDisabled={pending} onPress={() => settle('forget')}>
              <Trans>Hinweis entfernen</Trans>
            </Button>
          </>
        }
      >
        {whom && (
          <p className="fa-mail__refused">
            <strong>
              <Trans>Nicht zustellbar: {whom}</Trans>
            </strong>
          </p>
        )}
        <p>{refusal ? refusalText(refusal) : t`Der Server hat sie nicht angenommen.`}</p>
        <p>
          {whom ? (
            <Trans>Niemand hat die Nachricht bekommen. Sie liegt bei den Entwürfen.</Trans>
          ) : (
            <Trans>Die Nachricht an {names} liegt bei den Entwürfen.</Trans>
          )}
        </p>
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

function namesOf({ to }: Sending): string {
  const names = to.slice(0, MAX_NAMES).map((one) => isolated(shortName(one)));
  const more = to.length - names.length;
  return names.join(', ') + (more > 0 ? ` +${more}` : '');
}
