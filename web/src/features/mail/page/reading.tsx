import { Trans, useLingui } from '@lingui/react/macro';
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { Button, IconButton } from '../../../ui/button.tsx';
import { ConfirmDialog } from '../../../ui/dialog.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Alert, Loading } from '../../../ui/notice.tsx';
import type { EmailHead, Mailbox } from '../model.ts';
import { tamed } from './bidi.ts';
import { boxFor, useMailPage } from './context.ts';
import { FolderMenu } from './folder-menu.tsx';
import { Message } from './message.tsx';
import type { Place } from './place.ts';
import { TeamBar } from './team/team-bar.tsx';
import { useActs } from './use-acts.ts';
import { useAsked } from './use-asked.ts';
import { faultText } from './words.ts';
import './reading.css';

type ReadingProps = {
  place: Place;
  threadId: string;
  folder: Mailbox | undefined;
  onClose: () => void;
};

/** One thread: all of its messages, the older ones folded. */
export function Reading({ place, threadId, folder, onClose }: ReadingProps) {
  const { t } = useLingui();
  const { mail, account, may, boxes, write } = useMailPage();
  const acts = useActs();
  const title = useRef<HTMLHeadingElement>(null);
  const [destroying, setDestroying] = useState(false);
  const [moved, setMoved] = useState<ReadonlyMap<string, boolean>>(new Map());
  const asked = useAsked(mail, threadId, () => mail.thread(threadId));
  const emails = asked.data;
  const within = place.words ? null : (folder?.id ?? null);
  const first = useFirst(threadId, emails);

  const there = emails !== undefined;
  useEffect(() => {
    if (there) title.current?.focus();
  }, [there]);

  const isOpen = (email: EmailHead) => moved.get(email.id) ?? first?.has(email.id) ?? false;
  const newlySeen = emails?.filter((email) => !email.seen && isOpen(email)) ?? [];
  const newlySeenIds = newlySeen.map(({ id }) => id).join(' ');
  const told = useRef(new Set<string>());
  // biome-ignore lint/correctness/useExhaustiveDependencies: the ids say it all
  useEffect(() => {
    if (!may.write) return;
    const fresh = newlySeen.filter(({ id }) => !told.current.has(id));
    for (const { id } of fresh) told.current.add(id);
    if (fresh.length === 0) return;
    // Nobody waits for the mark: it follows from reading.
    const change = { kind: 'keyword', keyword: 'seen', on: true, unasked: true } as const;
    const ids = fresh.map(({ id }) => id);
    mail.change(ids, change).catch(() => undefined);
  }, [newlySeenIds, may.write]);

  if (!emails) {
    return (
      <ReadingFrame title={t`Nachricht`} onClose={onClose}>
        {asked.fault !== undefined && <Fault fault={asked.fault} asked={asked} />}
        {asked.slow && (
          <Loading>
            <Trans>Nachricht wird geladen …</Trans>
          </Loading>
        )}
      </ReadingFrame>
    );
  }

  const here = emails.filter(({ mailboxIds }) => within === null || mailboxIds.includes(within));
  const meant = here.length > 0 ? here : emails;
  const newest = emails.filter(({ draft }) => !draft).at(-1) ?? emails.at(-1);
  const subject = tamed(newest?.subject ?? '') || t`(ohne Betreff)`;
  const several = newest !== undefined && newest.to.length + newest.cc.length > 1;
  const flagged = emails.some((email) => email.flagged);
  const archive = boxFor(boxes, 'archive');
  const leave = (work: Promise<unknown>) => {
    onClose();
    void work;
  };
  const remove = () =>
    folder?.role === 'trash' && !place.words ? setDestroying(true) : leave(acts.remove(meant));
  const answer = (kind: 'reply' | 'reply_all' | 'forward') => {
    if (newest) write({ kind, email: newest });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') onClose();
    if (event.key === 'Delete' && event.target === title.current && may.write) remove();
  };
  return (
    <section
      className="fa-mail__reading"
      aria-labelledby="mail-thread-title"
      data-focus-home
      onKeyDown={onKeyDown}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would announce a form */}
      <div
        className="fa-mail__tools fa-noprint"
        role="group"
        aria-label={t`Mit dieser Unterhaltung`}
      >
        <BackButton onClose={onClose} />
        {may.send && newest && !newest.draft && (
          <span className="fa-mail__wide">
            <IconButton
              label={t`Antworten`}
              icon={icons.iconReply}
              onPress={() => answer('reply')}
            />
            {several && (
              <IconButton
                label={t`Allen antworten`}
                icon={icons.iconReplyAll}
                onPress={() => answer('reply_all')}
              />
            )}
            <IconButton
              label={t`Weiterleiten`}
              icon={icons.iconForward}
              onPress={() => answer('forward')}
            />
          </span>
        )}
        <span className="fa-grow" />
        {may.write && (
          <>
            {archive && archive.id !== within && (
              <IconButton
                label={t`Archivieren`}
                icon={icons.iconArchive}
                onPress={() => leave(acts.move(meant, archive.id))}
              />
            )}
            <FolderMenu without={within} onMove={(to) => leave(acts.move(meant, to))} />
            <IconButton
              label={flagged ? t`Markierung entfernen` : t`Markieren`}
              icon={icons.iconFlag}
              aria-pressed={flagged}
              onPress={() => void acts.flag(flagged ? emails : newest ? [newest] : [], !flagged)}
            />
            <IconButton
              label={t`Als ungelesen`}
              icon={icons.iconMarkEmailUnread}
              onPress={() => leave(acts.see(newest ? [newest] : [], false))}
            />
            <IconButton label={t`Löschen`} icon={icons.iconDelete} onPress={remove} />
          </>
        )}
      </div>
      <div className="fa-mail__thread">
        <h2 id="mail-thread-title" ref={title} tabIndex={-1}>
          <bdi>{subject}</bdi>
          {flagged && (
            <span className="fa-mail__flagged">
              <Icon of={icons.iconFlag} label={t`markiert`} />
            </span>
          )}
        </h2>
        {asked.fault !== undefined && <Fault fault={asked.fault} asked={asked} />}
        <TeamBar threadId={threadId} isShared={account.kind !== 'own'} />
        {emails.map((email, at) => (
          <Message
            key={email.id}
            email={email}
            folder={folder}
            open={isOpen(email)}
            foldable={emails.length > 1}
            last={at === emails.length - 1}
            onToggle={() => setMoved(new Map(moved).set(email.id, !isOpen(email)))}
          />
        ))}
        {may.send && newest && !newest.draft && (
          <div className="fa-mail__answer fa-noprint">
            <Button variant="primary" icon={icons.iconReply} onPress={() => answer('reply')}>
              <Trans>Antworten</Trans>
            </Button>
            {several && (
              <Button icon={icons.iconReplyAll} onPress={() => answer('reply_all')}>
                <Trans>Allen antworten</Trans>
              </Button>
            )}
            <Button icon={icons.iconForward} onPress={() => answer('forward')}>
              <Trans>Weiterleiten</Trans>
            </Button>
          </div>
        )}
      </div>
      <ConfirmDialog
        title={t`Endgültig löschen?`}
        action={t`Endgültig löschen`}
        danger
        isOpen={destroying}
        onClose={() => setDestroying(false)}
        onConfirm={() => leave(acts.destroy(meant))}
      >
        <p>
          <Trans>Diese Unterhaltung lässt sich danach nicht wiederherstellen.</Trans>
        </p>
      </ConfirmDialog>
    </section>
  );
}

/** What is unfolded when a thread is opened: what is new, else the newest. Reading it does not fold it again. */
function useFirst(threadId: string, emails: readonly EmailHead[] | undefined) {
  const first = useRef<{ threadId: string; ids: ReadonlySet<string> } | null>(null);
  if (emails && first.current?.threadId !== threadId) {
    const unread = emails.filter(({ seen }) => !seen);
    const last = emails.at(-1);
    const ids = [...unread, ...(last ? [last] : [])].map(({ id }) => id);
    first.current = { threadId, ids: new Set(ids) };
  }
  return first.current?.ids;
}

function ReadingFrame(props: { title: string; onClose: () => void; children: ReactNode }) {
  return (
    <section className="fa-mail__reading" aria-label={props.title}>
      <div className="fa-mail__tools">
        <BackButton onClose={props.onClose} />
      </div>
      <div className="fa-mail__thread">{props.children}</div>
    </section>
  );
}

function BackButton({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  return <IconButton label={t`Zurück zur Liste`} icon={icons.iconArrowBack} onPress={onClose} />;
}

function Fault({
  fault,
  asked,
}: {
  fault: unknown;
  asked: { asking: boolean; again: () => void };
}) {
  const { what, next } = faultText(fault);
  return (
    <Alert
      tone="danger"
      live="assertive"
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
