import { Trans, useLingui } from '@lingui/react/macro';
import {
  lazy,
  type ReactNode,
  Suspense,
  useCallback,
  useMemo,
  useRef,
  useSyncExternalStore,
} from 'react';
import { Button } from '../../../ui/button.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Alert, Badge, Loading } from '../../../ui/notice.tsx';
import { useRules } from '../guard/rules.ts';
import type { EmailBody, EmailHead, Mailbox } from '../model.ts';
import { looksLikeHouse, pretends, shortName } from './addresses.ts';
import { Attachments } from './attachments.tsx';
import { isolated, tamed } from './bidi.ts';
import { useMailPage } from './context.ts';
import { isTooMuch } from './html/plain.ts';
import { inlinePictures, type LoadPicture } from './pictures.ts';
import { TextView } from './text-view.tsx';
import { useAsked } from './use-asked.ts';
import { faultText, fullDate, listDate, namesOf, writtenBy } from './words.ts';

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
  const { write, identities } = useMailPage();
  const [from] = email.from;
  const alike = from && identities.some((own) => looksLikeHouse(from.email, own.email));
  const who = from ? shortName(from) : t`(ohne Absender)`;
  const head = (
    <>
      <Initial name={who} />
      <bdi className="fa-mail__who">{who}</bdi>
      {open ? (
        <span className="fa-mail__date">{fullDate(email.receivedAtMs)}</span>
      ) : (
        <>
          <bdi className="fa-mail__preview">{tamed(email.preview)}</bdi>
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
                  Als Name steht „{isolated(from.name ?? '')}“, gesendet wurde von{' '}
                  {isolated(from.email)}.
                </Trans>
              </p>
            </Alert>
          )}
          {from && alike && (
            <Alert
              tone="warning"
              title={<Trans>Der Absender sieht nach Ihrem Haus aus, gehört aber nicht dazu</Trans>}
            >
              <p>
                <Trans>
                  Gesendet wurde von {isolated(from.email)}. Prüfen Sie die Adresse Buchstabe für
                  Buchstabe, bevor Sie antworten oder etwas öffnen.
                </Trans>
              </p>
            </Alert>
          )}
          <Body email={email} junk={folder?.role === 'junk'} last={last} />
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
  const lines: [ReactNode, string][] = [
    [<Trans key="from">Von</Trans>, writtenBy(email)],
    [<Trans key="to">An</Trans>, namesOf(to)],
    [<Trans key="cc">Kopie</Trans>, namesOf(cc)],
    [<Trans key="bcc">Blindkopie</Trans>, namesOf(bcc)],
    [<Trans key="reply">Antwort an</Trans>, namesOf(replies)],
  ];
  const shown = lines.filter(([, names]) => names !== '');
  return (
    <dl className="fa-mail__addresses">
      {shown.map(([label, names], at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the list is fixed while it is shown
        <div key={at}>
          <dt>{label}</dt>
          <dd>{names}</dd>
        </div>
      ))}
    </dl>
  );
}

function Body({ email, junk, last }: { email: EmailHead; junk: boolean; last: boolean }) {
  const { mail } = useMailPage();
  const { attachments } = useRules();
  // The same text stays the same thing: drawn anew with each synchronisation, it would jump to its beginning.
  const drawn = useRef<Drawn | null>(null);
  // Pictures in it go with the right to open what is attached, and come back with it.
  const asked = useAsked(mail, `${email.id} ${attachments}`, async () => {
    const body = await mail.body(email.id);
    const known = drawn.current;
    const words = JSON.stringify([body, attachments]);
    if (known?.words === words && known.whole) return known;
    const wanted = body.html && attachments ? body.attachments : [];
    const inline = await inlinePictures(mail, wanted);
    if (known?.words === words && known.inline.size === inline.size) return known;
    const whole = wanted.every(({ cid }) => cid === null || inline.has(bare(cid)));
    drawn.current = { body, inline, words, whole };
    return drawn.current;
  });
  const subscribe = useCallback((call: () => void) => mail.onChange(call), [mail]);
  const flow = useSyncExternalStore(subscribe, () => mail.loadsPictures());
  const load: LoadPicture = (url, over) => mail.picture(email.id, url, over);
  if (asked.data) {
    const { body, inline } = asked.data;
    // Whoever has them loaded in spam tells its sender that somebody reads there.
    const loads = flow === 'none' || junk ? null : load;
    const unencrypted = flow === 'all';
    return <Shown {...{ body, inline, unencrypted, last }} load={loads} />;
  }
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

/** What is drawn: the text, as letters to compare it by, and its pictures; `whole` where none is missing. */
type Drawn = {
  body: EmailBody;
  inline: ReadonlyMap<string, string>;
  words: string;
  whole: boolean;
};

const bare = (cid: string) => cid.replace(/^<|>$/g, '');

type ShownProps = {
  body: EmailBody;
  inline: ReadonlyMap<string, string>;
  load: LoadPicture | null;
  unencrypted: boolean;
  last: boolean;
};

function Shown({ body, inline, load, unencrypted, last }: ShownProps) {
  const { text, html, truncated } = body;
  const tooMuch = useMemo(() => html !== null && isTooMuch(html), [html]);
  const apart = body.attachments.filter(({ cid }) => {
    return !html || cid === null || !inline.has(bare(cid));
  });
  return (
    <>
      {html !== null && !(tooMuch && text?.trim()) ? (
        <Suspense fallback={<div className="fa-mail__coming" />}>
          {tooMuch ? (
            <LongText html={html} />
          ) : (
            <HtmlView {...{ html, load, unencrypted }} pictures={inline} fill={last} />
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
