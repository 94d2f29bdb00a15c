import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';
import { GridList, type Selection } from 'react-aria-components';
import { Button, IconButton } from '../../../ui/button.tsx';
import { ConfirmDialog } from '../../../ui/dialog.tsx';
import { SearchField } from '../../../ui/fields.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Alert, EmptyState, Loading } from '../../../ui/notice.tsx';
import type { EmailHead, Mailbox, ThreadHead } from '../model.ts';
import { WhoseMailbox } from './accounts/switcher.tsx';
import { UndoneNotice } from './accounts/undone-notice.tsx';
import { boxFor, useMailPage } from './context.ts';
import { FolderMenu, MarkMenu } from './folder-menu.tsx';
import { current, go, NOWHERE, type Place } from './place.ts';
import { Sendings } from './sendings.tsx';
import { ThreadRow } from './thread-row.tsx';
import { useActs } from './use-acts.ts';
import { type MailStatus, useAsked } from './use-asked.ts';
import { faultText, folderName } from './words.ts';

const THREADS_AT_ONCE = 50;
/** Whoever types is not searched for with every key. */
const TYPING_MS = 350;
const MAX_WORDS_CHARS = 200;

type ThreadListProps = { place: Place; folder: Mailbox | undefined; status: MailStatus };

/** The threads of a folder or of a search, and what can be done to several of them. */
export function ThreadList({ place, folder, status }: ThreadListProps) {
  const { t } = useLingui();
  const { mail, may, boxes, write } = useMailPage();
  const title = place.words ? t`Suche` : folder ? folderName(folder) : t`Post`;
  const key = place.words ? `s/${place.words}` : `f/${folder?.id}`;
  return (
    <section className="fa-mail__list" aria-labelledby="mail-list-title" data-focus-home>
      <header className="fa-mail__list-head">
        <WhoseMailbox />
        <div className="fa-mail__back">
          <IconButton
            label={place.words ? t`Suche beenden` : t`Ordner zeigen`}
            icon={place.words ? icons.iconArrowBack : icons.iconMenu}
            onPress={() =>
              go(place.words ? { ...NOWHERE, folder: place.folder } : { ...NOWHERE, folder: null })
            }
          />
        </div>
        <h2 id="mail-list-title" tabIndex={-1}>
          <bdi>{title}</bdi>
        </h2>
        <div className="fa-mail__new">
          {may.send && (
            <IconButton
              label={t`Neue Nachricht`}
              icon={icons.iconEdit}
              onPress={() => write({ kind: 'new' })}
            />
          )}
        </div>
        <Search place={place} />
      </header>
      {place.words === null && <UndoneNotice />}
      {place.words === null && <Sendings mail={mail} sendings={status.sendings} />}
      {place.words && status.line === 'offline' && (
        <p className="fa-mail__hint fa-muted">
          <Trans>Ohne Verbindung wird nur durchsucht, was auf diesem Gerät liegt.</Trans>
        </p>
      )}
      {(place.words || folder) && (
        <Threads key={key} place={place} folder={folder} boxes={boxes} line={status.line} />
      )}
    </section>
  );
}

function Search({ place }: { place: Place }) {
  const { t } = useLingui();
  const [text, setText] = useState(place.words ?? '');
  const words = place.words ?? '';
  useEffect(() => setText(words), [words]);
  const search = (typed: string) => {
    const next = typed.trim() || null;
    // The wait may end after one has gone elsewhere; a message that is being written stays open.
    const { folder, words: before, writing } = current();
    if (next === before) return;
    // One step back leaves the search, however often its words changed.
    go({ ...NOWHERE, folder, words: next, writing }, { replace: before !== null });
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: only typing starts the wait anew
  useEffect(() => {
    if (text.trim() === words) return undefined;
    const timer = setTimeout(() => search(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <SearchField
      label={t`In der Post suchen`}
      labelHidden
      placeholder={t`In der Post suchen`}
      value={text}
      onChange={(value) => setText(value.slice(0, MAX_WORDS_CHARS))}
      onSubmit={() => search(text)}
    />
  );
}

type ThreadsProps = {
  place: Place;
  folder: Mailbox | undefined;
  boxes: readonly Mailbox[];
  line: MailStatus['line'];
};

function Threads({ place, folder, boxes, line }: ThreadsProps) {
  const { t } = useLingui();
  const { mail, may, write } = useMailPage();
  const acts = useActs();
  const [limit, setLimit] = useState(THREADS_AT_ONCE);
  const [selected, setSelected] = useState<Selection>(new Set());
  const [destroying, setDestroying] = useState<readonly EmailHead[]>([]);
  const list = useRef<HTMLDivElement>(null);
  const { words } = place;
  const within = words ? null : (folder?.id ?? null);
  const asked = useAsked(mail, `${words ?? ''}/${within}/${limit}`, () =>
    words ? mail.search(words, null, limit) : mail.list(within ?? '', 0, limit),
  );
  // While more are on their way, those that are there stay.
  const last = useRef(asked.data);
  if (asked.data) last.current = asked.data;
  const page = asked.data ?? last.current;
  const threads = useMemo(() => page?.items ?? [], [page]);
  const chosen = useMemo(
    () => (selected === 'all' ? threads : threads.filter(({ id }) => selected.has(id))),
    [threads, selected],
  );

  // Whoever comes back from a thread goes on where they were.
  const before = useRef(place.thread);
  useEffect(() => {
    if (before.current && !place.thread) {
      const row = list.current?.querySelector<HTMLElement>(
        `[data-key="${CSS.escape(before.current)}"]`,
      );
      (row ?? document.getElementById('mail-list-title'))?.focus();
    }
    before.current = place.thread;
  }, [place.thread]);

  const done = (work: (emails: EmailHead[]) => Promise<unknown>, of = chosen) => {
    void acts.emailsOf(of, within).then(work);
    setSelected(new Set());
  };
  const inTrash = folder?.role === 'trash' && !words;
  const remove = (of = chosen) =>
    inTrash ? void acts.emailsOf(of, within).then(setDestroying) : done(acts.remove, of);
  const archive = boxFor(boxes, 'archive');

  const open = (id: string) => {
    const thread = threads.find((one) => one.id === id);
    if (may.send && thread?.newest.draft && folder?.role === 'drafts' && !words) {
      write({ kind: 'draft', email: thread.newest });
    } else go({ ...place, thread: id, writing: false });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !may.write) return;
    const focused = document.activeElement?.closest<HTMLElement>('[data-key]')?.dataset['key'];
    const of = chosen.length > 0 ? chosen : threads.filter(({ id }) => id === focused);
    if (of.length === 0) return;
    const deed = deedOf(event.key, of);
    if (!deed) return;
    event.preventDefault();
    event.stopPropagation();
    deed();
  };
  const deedOf = (key: string, of: ThreadHead[]): (() => void) | undefined => {
    switch (key.toLowerCase()) {
      case 'delete':
        return () => remove(of);
      case 'e':
        return archive && (() => done((emails) => acts.move(emails, archive.id), of));
      case 'u':
        return () =>
          done(
            (emails) =>
              acts.see(
                emails,
                of.some(({ unreadCount }) => unreadCount > 0),
              ),
            of,
          );
      case 'm':
        return () => done((emails) => acts.flag(emails, !of.every(({ flagged }) => flagged)), of);
      default:
        return undefined;
    }
  };

  if (asked.fault !== undefined && !page) {
    const { what, next } = faultText(asked.fault);
    return (
      <div className="fa-mail__pad">
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
      </div>
    );
  }
  return (
    <>
      <p className="kern-sr-only" role="status">
        {page && words && (
          <Plural
            value={threads.length}
            _0="Nichts gefunden"
            one="Eine Unterhaltung gefunden"
            other="# Unterhaltungen gefunden"
          />
        )}
      </p>
      {chosen.length > 0 && (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset would announce a form
        <div className="fa-mail__chosen" role="group" aria-label={t`Mit den gewählten`}>
          <IconButton
            label={t`Auswahl aufheben`}
            icon={icons.iconClose}
            onPress={() => setSelected(new Set())}
          />
          <span className="fa-grow">
            <Plural value={chosen.length} one="eine gewählt" other="# gewählt" />
          </span>
          {archive && archive.id !== within && (
            <IconButton
              label={t`Archivieren`}
              icon={icons.iconArchive}
              onPress={() => done((emails) => acts.move(emails, archive.id))}
            />
          )}
          <FolderMenu without={within} onMove={(to) => done((emails) => acts.move(emails, to))} />
          <MarkMenu
            onSeen={(on) => done((emails) => acts.see(emails, on))}
            onFlag={(on) => done((emails) => acts.flag(emails, on))}
          />
          <IconButton label={t`Löschen`} icon={icons.iconDelete} onPress={() => remove()} />
        </div>
      )}
      {!page && asked.slow && (
        <Loading>
          <Trans>Nachrichten werden geladen …</Trans>
        </Loading>
      )}
      {page && threads.length === 0 && <Nothing words={words} folder={folder} line={line} />}
      {page && threads.length > 0 && (
        <div className="fa-mail__rows" ref={list} onKeyDownCapture={onKeyDown}>
          <GridList
            aria-label={t`Nachrichten`}
            selectionMode={may.write ? 'multiple' : 'none'}
            selectedKeys={selected}
            onSelectionChange={setSelected}
            onAction={(id) => open(String(id))}
            disallowTypeAhead
            items={threads}
            dependencies={[place.thread, words, may.write]}
          >
            {(thread) => (
              <ThreadRow
                thread={thread}
                open={thread.id === place.thread}
                role={words ? null : (folder?.role ?? null)}
                folder={
                  words ? boxes.find(({ id }) => thread.newest.mailboxIds.includes(id)) : undefined
                }
              />
            )}
          </GridList>
          {page.more && (
            <div className="fa-mail__more">
              <Button
                small
                icon={icons.iconKeyboardArrowDown}
                pending={!asked.data}
                onPress={() => setLimit(limit + THREADS_AT_ONCE)}
              >
                <Trans>Ältere zeigen</Trans>
              </Button>
            </div>
          )}
        </div>
      )}
      <ConfirmDialog
        title={t`Endgültig löschen?`}
        action={t`Endgültig löschen`}
        danger
        isOpen={destroying.length > 0}
        onClose={() => setDestroying([])}
        onConfirm={() => {
          setSelected(new Set());
          return acts.destroy(destroying);
        }}
      >
        <p>
          <Plural
            value={destroying.length}
            one="Die Nachricht und ihre Anhänge lassen sich danach nicht wiederherstellen."
            other="# Nachrichten und ihre Anhänge lassen sich danach nicht wiederherstellen."
          />
        </p>
      </ConfirmDialog>
    </>
  );
}

type NothingProps = Pick<ThreadsProps, 'folder' | 'line'> & { words: string | null };

function Nothing({ words, folder, line }: NothingProps) {
  if (words) {
    return (
      <EmptyState icon={icons.iconSearch} title={<Trans>Nichts gefunden</Trans>}>
        <p>
          {line === 'offline' ? (
            <Trans>
              Auf diesem Gerät gibt es nichts zu „{words}“. Ältere Nachrichten liegen vielleicht nur
              auf dem Server; suchen Sie noch einmal, sobald die Verbindung steht.
            </Trans>
          ) : (
            <Trans>Zu „{words}“ gibt es keine Nachricht. Prüfen Sie die Schreibweise.</Trans>
          )}
        </p>
      </EmptyState>
    );
  }
  if (folder?.role === 'inbox') {
    return (
      <EmptyState icon={icons.iconInbox} title={<Trans>Alles erledigt</Trans>}>
        <p>
          <Trans>Neue Nachrichten erscheinen hier von selbst.</Trans>
        </p>
      </EmptyState>
    );
  }
  return <EmptyState icon={icons.iconFolderOpen} title={<Trans>Dieser Ordner ist leer</Trans>} />;
}
