import { Trans, useLingui } from '@lingui/react/macro';
import { lazy, type ReactNode, Suspense, useMemo } from 'react';
import { Button } from '../../../ui/button.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Alert, Badge, Loading } from '../../../ui/notice.tsx';
import type { Address, EmailBody, EmailHead, Mailbox } from '../model.ts';
import { fullName, pretends, shortName } from './addresses.ts';
import { Attachments } from './attachments.tsx';
import { useMailPage } from './context.ts';
import { isTooMuch } from './html/plain.ts';
import { inlinePictures } from './pictures.ts';
import { TextView } from './text-view.tsx';
import { useAsked } from './use-asked.ts';
import { faultText, fullDate, listDate } from './words.ts';

const LongText = lazy(async () => ({
  default: (await import('./html/html-view.tsx')).LongText,
}));
const HtmlView = lazy(async () => ({
  default: (await import('./html/html-view.tsx')).HtmlView,
}));

type MessageProps = {
  email: EmailHead;
  folder: Mailbox | undefined;
  open: boolean;
  foldable: boolean;
  last: boolean;
  onToggle: () => void;
};

/** One message of a thread: folded to a line, or whole. */
export function Message(props: MessageProps) {
  const { email, folder, open, foldable, last, onToggle } = props;
  const { t } = useLingui();
  const { write } = useMailPage();
  const [from] = email.from;
  const who = from ? shortName(from) : t`(ohne Absender)`;
  const head = (
    <>
      <Initial name={who} />
      <span className="fa-mail__who">{who}</span>
      {open ? (
        <span className="fa-mail__date">{fullDate(email.receivedAtMs)}</span>
      ) : (
        <>
          <span className="fa-mail__preview">{email.preview}</span>
          <span className="fa-mail__date">{listDate(email.receivedAtMs)}</span>
        </>
      )}
    </>
  );
  return (
    <article className={`fa-mail__message ${open ? 'fa-mail__message--open' : ''}`}>
      <h3>
        {foldable ? (
          <button
            type="button"
            className="fa-mail__message-head"
            aria-expanded={open}
            onClick={onToggle}
          >
            {head}
          </button>
        ) : (
          <span className="fa-mail__message-head">{head}</span>
        )}
      </h3>
      {open && (
        <div className="fa-mail__message-body">
          <Addresses email={email} />
          <div className="fa-mail__badges">
            {email.draft && (
              <Badge tone="info" icon={icons.iconEdit}>
                <Trans>Entwurf</Trans>
              </Badge>
            )}
            {email.waiting && (
              <Badge tone="neutral" icon={icons.iconSchedule}>
                <Trans>Wartet auf die Verbindung</Trans>
              </Badge>
            )}
          </div>
          {folder?.role === 'junk' && (
            <Alert tone="warning" title={<Trans>Diese Nachricht liegt im Spam</Trans>}>
              <p>
                <Trans>Öffnen Sie keine Links darin, wenn Sie den Absender nicht kennen.</Trans>
              </p>
            </Alert>
          )}
          {from && pretends(from) && (
            <Alert
              tone="warning"
              title={<Trans>Der Absender ist ein anderer, als er vorgibt</Trans>}
            >
              <p>
                <Trans>
                  Als Name steht „{from.name}“, gesendet wurde von {from.email}.
                </Trans>
              </p>
            </Alert>
          )}
          <Body email={email} last={last} />
          {email.draft && (
            <div className="fa-row">
              <Button icon={icons.iconEdit} onPress={() => write({ kind: 'draft', email })}>
                <Trans>Weiterschreiben</Trans>
              </Button>
            </div>
          )}
        </div>
      )}
    </article>
  );
}

function Initial({ name }: { name: string }) {
  const letter = /[\p{L}\p{N}]/u.exec(name)?.[0]?.toUpperCase();
  return (
    <span className="fa-mail__initial" aria-hidden="true">
      {letter ?? <Icon of={icons.iconPerson} size="small" />}
    </span>
  );
}

function Addresses({ email }: { email: EmailHead }) {
  const { from, to, cc, bcc, replyTo } = email;
  const [sender] = from;
  const replies = replyTo.filter(({ email: one }) => one !== sender?.email);
  const lines: [ReactNode, readonly Address[]][] = [
    [<Trans key="from">Von</Trans>, from],
    [<Trans key="to">An</Trans>, to],
    [<Trans key="cc">Kopie</Trans>, cc],
    [<Trans key="bcc">Blindkopie</Trans>, bcc],
    [<Trans key="reply">Antwort an</Trans>, replies],
  ];
  const shown = lines.filter(([, list]) => list.length > 0);
  return (
    <dl className="fa-mail__addresses">
      {shown.map(([label, list], at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the list is fixed while it is shown
        <div key={at}>
          <dt>{label}</dt>
          <dd>{list.map(fullName).join(', ')}</dd>
        </div>
      ))}
    </dl>
  );
}

function Body({ email, last }: { email: EmailHead; last: boolean }) {
  const { mail } = useMailPage();
  const asked = useAsked(mail, email.id, async () => {
    const body = await mail.body(email.id);
    const inline = body.html ? await inlinePictures(mail, body.attachments) : new Map();
    return { body, inline };
  });
  if (asked.data) return <Shown {...asked.data} last={last} />;
  if (asked.fault !== undefined) {
    const { what, next } = faultText(asked.fault);
    return (
      <Alert
        tone="warning"
        live="polite"
        title={what}
        actions={
          <Button small icon={icons.iconRefresh} pending={asked.asking} onPress={asked.again}>
            <Trans>Noch einmal versuchen</Trans>
          </Button>
        }
      >
        <p>{next}</p>
      </Alert>
    );
  }
  return asked.slow ? <Loading /> : <div className="fa-mail__coming" />;
}

type ShownProps = { body: EmailBody; inline: ReadonlyMap<string, string>; last: boolean };

function Shown({ body, inline, last }: ShownProps) {
  const { text, html, truncated } = body;
  const tooMuch = useMemo(() => html !== null && isTooMuch(html), [html]);
  const apart = body.attachments.filter(({ cid }) => {
    return !html || cid === null || !inline.has(cid.replace(/^<|>$/g, ''));
  });
  return (
    <>
      {html !== null && !(tooMuch && text?.trim()) ? (
        <Suspense fallback={<div className="fa-mail__coming" />}>
          {tooMuch ? (
            <LongText html={html} />
          ) : (
            <HtmlView html={html} pictures={inline} fill={last} />
          )}
        </Suspense>
      ) : text?.trim() ? (
        <TextView text={text} />
      ) : (
        <p className="fa-muted">
          <Trans>Die Nachricht hat keinen Text.</Trans>
        </p>
      )}
      {truncated && (
        <p className="fa-muted">
          <Trans>Der Text ist länger. Hier steht sein Anfang.</Trans>
        </p>
      )}
      {apart.length > 0 && <Attachments attachments={apart} />}
    </>
  );
}
