import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from 'react';
import { Button } from '../../../ui/button.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Alert, EmptyState, Loading } from '../../../ui/notice.tsx';
import {
  type Mail,
  type MailAccount,
  type Mailbox,
  MailFault,
  type MailIdentity,
  type Sending,
} from '../model.ts';
import { mayOf } from '../rights.ts';
import { AwayBanner } from './away/banner.tsx';
import { Compose } from './compose/compose.tsx';
import type { DraftStart } from './compose/start.ts';
import { boxFor, MailPageContext, type Notice } from './context.ts';
import { useOwnFiles } from './files/context.ts';
import { Folders } from './folders.tsx';
import { Notices } from './notices.tsx';
import { go, isAtFolders, usePlace } from './place.ts';
import { Reading } from './reading.tsx';
import { takeBack } from './take-back.ts';
import { ThreadList } from './thread-list.tsx';
import { type MailStatus, useAsked, useMailStatus } from './use-asked.ts';
import { faultText, folderName, timeOf } from './words.ts';
import './mail.css';

const FilesPage = lazy(async () => ({
  default: (await import('./files/files-page.tsx')).FilesPage,
}));

type MailPageProps = {
  mail: Mail;
  /** The container is locked: nothing of the mail is drawn. */
  locked?: boolean;
};

/** One person's mail: folders, threads, one of them to read, and the form to write. */
export function MailPage({ mail, locked = false }: MailPageProps) {
  const { t } = useLingui();
  if (locked) {
    return (
      <EmptyState icon={icons.iconLock} title={t`Der Container ist gesperrt`}>
        <p>
          <Trans>Entsperren Sie ihn, um weiterzulesen.</Trans>
        </p>
      </EmptyState>
    );
  }
  return <Opened mail={mail} />;
}

function Opened({ mail }: { mail: Mail }) {
  const asked = useAsked(mail, 'boxes', async () => {
    const [boxes, identities] = await Promise.all([mail.mailboxes(), mail.identities()]);
    return { boxes, identities };
  });
  if (asked.data) return <Panes mail={mail} {...asked.data} />;
  const fault = asked.fault === undefined ? null : faultText(asked.fault);
  return (
    <div className="fa-mail__pad">
      {fault && (
        <Alert
          tone="danger"
          live="assertive"
          title={fault.what}
          actions={
            <Button small icon={icons.iconRefresh} pending={asked.asking} onPress={asked.again}>
              <Trans>Noch einmal versuchen</Trans>
            </Button>
          }
        >
          <p>{fault.next}</p>
        </Alert>
      )}
      {asked.slow && (
        <Loading>
          <Trans>Die Post wird geöffnet …</Trans>
        </Loading>
      )}
    </div>
  );
}

type PanesProps = { mail: Mail; boxes: Mailbox[]; identities: MailIdentity[] };

function Panes({ mail, boxes, identities }: PanesProps) {
  const { t } = useLingui();
  const place = usePlace();
  const status = useMailStatus(mail);
  const [notice, setNotice] = useState<Notice | null>(null);
  const [start, setStart] = useState<{ id: number; start: DraftStart }>({
    id: 0,
    start: { kind: 'new' },
  });
  const chosen = boxes.find(({ id }) => id === place.folder);
  const folder = chosen ?? boxFor(boxes, 'inbox') ?? boxes[0];
  const shown = folder?.id;
  useEffect(() => {
    // Without an address the folder's list is seen: the address says so, for one without a folder means all of them.
    if (shown && place.folder === null && !location.hash.startsWith('#/')) {
      go({ ...place, folder: shown }, { replace: true });
    }
  }, [shown, place]);

  // As text it is the same thing while nothing changes.
  const told = JSON.stringify(mail.account());
  const account = useMemo(() => JSON.parse(told) as MailAccount, [told]);
  const may = useMemo(() => mayOf(account.rights), [account]);

  const write = useCallback(
    (next: DraftStart) => {
      if (!may.send) {
        const { what, next: then } = faultText(new MailFault('forbidden'));
        setNotice({ text: `${what} ${then}`, failed: true });
        return;
      }
      setStart((before) => ({ id: before.id + 1, start: next }));
      go({ ...place, writing: true });
    },
    [place, may],
  );
  const closeNotice = useCallback(() => setNotice(null), []);
  const context = useMemo(
    () => ({ mail, account, may, boxes, identities, tell: setNotice, write }),
    [mail, account, may, boxes, identities, write],
  );

  // On a phone one of them is seen; beside a thread the list stays on wide screens.
  const pane = place.writing || place.thread ? 'reading' : isAtFolders() ? 'folders' : 'list';
  const ownFiles = useOwnFiles();
  const files = place.files && !place.writing ? ownFiles : null;
  const name = files ? t`Ablage` : folder ? folderName(folder) : t`Post`;
  const title = account.kind === 'own' ? name : `${name} – ${account.name}`;
  const unread = folder?.unreadEmails ?? 0;
  return (
    <MailPageContext value={context}>
      <title>{`${unread > 0 ? `(${unread}) ` : ''}${title} – Fernamt`}</title>
      <div className="fa-mail" data-pane={pane}>
        <h1 className="kern-sr-only">{t`Post`}</h1>
        <div className="fa-mail__line">
          <LineBanner status={status} />
          <AwayBanner />
        </div>
        <Folders
          status={status}
          current={place.words || place.files ? null : (folder?.id ?? null)}
        />
        {!files && <ThreadList place={place} folder={folder} status={status} />}
        {files ? (
          <Suspense fallback={<Loading />}>
            <FilesPage files={files} />
          </Suspense>
        ) : place.writing ? (
          <Compose
            key={start.id}
            start={start.start}
            onClose={() => {
              setStart((before) => ({ id: before.id + 1, start: { kind: 'new' } }));
              go({ ...place, writing: false }, { replace: true });
            }}
          />
        ) : place.thread ? (
          <Reading
            key={place.thread}
            place={place}
            threadId={place.thread}
            folder={folder}
            onClose={() => go({ ...place, thread: null })}
          />
        ) : (
          <section className="fa-mail__reading fa-mail__nothing" aria-label={t`Nachricht`}>
            <EmptyState icon={icons.iconMail} title={t`Keine Nachricht gewählt`}>
              <p>
                <Trans>Wählen Sie links eine Nachricht, um sie hier zu lesen.</Trans>
              </p>
            </EmptyState>
          </section>
        )}
        <Notices
          notice={notice}
          held={status.sendings.filter(({ state }) => state === 'held')}
          onClose={closeNotice}
          onTakeBack={(sending) => takeBack(context, sending, true)}
        />
        <Sent sendings={status.sendings} />
      </div>
    </MailPageContext>
  );
}

function LineBanner({ status }: { status: MailStatus }) {
  const { line, waiting, syncedAtMs } = status;
  const offline = line === 'offline';
  return (
    <div role="status">
      {offline && (
        <p>
          <Icon of={icons.iconCloudOff} size="small" />
          <span>
            <strong>
              <Trans>Keine Verbindung.</Trans>
            </strong>{' '}
            <Trans>Sie können lesen, schreiben und ordnen.</Trans>{' '}
            {waiting > 0 && (
              <Plural value={waiting} one="Eine Änderung wartet." other="# Änderungen warten." />
            )}{' '}
            {syncedAtMs !== null && <Trans>Stand: {timeOf(syncedAtMs)}</Trans>}
          </span>
        </p>
      )}
    </div>
  );
}

/** Readers hear that something went out; who sees finds it in its folder. */
function Sent({ sendings }: { sendings: readonly Sending[] }) {
  const [known, setKnown] = useState<ReadonlySet<string>>(new Set());
  const sent = sendings.filter(({ state }) => state === 'sent');
  const open = sendings.filter(({ state }) => state === 'held' || state === 'waiting');
  // What was sent before this page was opened is no news.
  const fresh = open.filter(({ id }) => !known.has(id));
  if (fresh.length > 0) setKnown(new Set([...known, ...fresh.map(({ id }) => id)]));
  const news = sent.filter(({ id }) => known.has(id)).at(-1);
  return (
    <p className="kern-sr-only" role="status">
      {news && <Trans>Gesendet: {news.subject}</Trans>}
    </p>
  );
}
