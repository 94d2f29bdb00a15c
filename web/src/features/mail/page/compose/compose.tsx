import { Trans, useLingui } from '@lingui/react/macro';
import { type KeyboardEvent, useCallback, useEffect, useRef, useState } from 'react';
import { Button, IconButton } from '../../../../ui/button.tsx';
import { Select } from '../../../../ui/choices.tsx';
import { fieldId } from '../../../../ui/fields.tsx';
import { icons } from '../../../../ui/icon.tsx';
import { Alert, Loading } from '../../../../ui/notice.tsx';
import { type Draft, Elsewhere } from '../../model.ts';
import { SenderLine } from '../accounts/sender-line.tsx';
import { fullName, isAddress, MAX_RECIPIENTS, outside, shortName } from '../addresses.ts';
import { tamed } from '../bidi.ts';
import { boxFor, useMailPage } from '../context.ts';
import { type Asked, useAsked } from '../use-asked.ts';
import { faultText, sizeText } from '../words.ts';
import { BeforeSending } from './before-sending.tsx';
import {
  answeredSince,
  type Doubt,
  doubtsOf,
  MAX_ATTACHED_BYTES,
  type Obstacle,
  obstacleOf,
  recipientsOf,
} from './checks.ts';
import { FilesField } from './files-field.tsx';
import { KeepingText, ToldElsewhere } from './keeping.tsx';
import { OutsideHint, RecipientsField } from './recipients-field.tsx';
import { type DraftStart, draftFor, resigned } from './start.ts';
import { FormatSwitch, MessageText } from './text-field.tsx';
import { useDraft } from './use-draft.ts';
import './compose.css';

const MAX_SUBJECT_CHARS = 900;

type ComposeProps = { start: DraftStart; onClose: () => void };

/** The form for a message. */
export function Compose(props: ComposeProps) {
  const { identities } = useMailPage();
  const [begun, setBegun] = useState(false);
  // Until the first synchronisation nobody knows as whom one writes: such a draft could neither be kept nor sent.
  if (!begun && identities.length > 0) setBegun(true);
  return begun ? <Begun {...props} /> : <Beginning asked={WAITING} onClose={props.onClose} />;
}

function Begun({ start, onClose }: ComposeProps) {
  const { mail, identities } = useMailPage();
  // What it begins with is asked for once: what changes later must not change what is written.
  const [asking] = useState(() => ({ once: null as Promise<Draft> | null }));
  const [tries, setTries] = useState(0);
  const asked = useAsked(mail, `start/${tries}`, () => {
    asking.once ??= draftFor(mail, identities, start);
    return asking.once;
  });
  if (asked.data) return <Form start={start} first={asked.data} onClose={onClose} />;
  const again = () => {
    asking.once = null;
    setTries(tries + 1);
  };
  return <Beginning asked={{ ...asked, again }} onClose={onClose} />;
}

const WAITING = { fault: undefined, asking: true, slow: true, again: () => {} };

type BeginningProps = {
  asked: Pick<Asked<Draft>, 'fault' | 'asking' | 'slow' | 'again'>;
  onClose: () => void;
};

function Beginning({ asked, onClose }: BeginningProps) {
  const { t } = useLingui();
  const fault = asked.fault === undefined ? null : faultText(asked.fault);
  return (
    <section className="fa-mail__reading" aria-label={t`Nachricht schreiben`}>
      <div className="fa-mail__tools">
        <IconButton label={t`Schließen`} icon={icons.iconClose} onPress={onClose} />
      </div>
      <div className="fa-mail__pad">
        {fault && (
          <Alert
            tone="danger"
            live="assertive"
            title={fault.what}
            actions={
              <Button small icon={icons.iconRefresh} onPress={asked.again}>
                <Trans>Noch einmal versuchen</Trans>
              </Button>
            }
          >
            <p>{fault.next}</p>
          </Alert>
        )}
        {asked.slow && <Loading />}
      </div>
    </section>
  );
}

function Form({ start, first, onClose }: ComposeProps & { first: Draft }) {
  const { t } = useLingui();
  const { mail, account, identities, boxes, tell, write } = useMailPage();
  const identityOf = useCallback(
    (id: string) => identities.find((one) => one.id === id),
    [identities],
  );
  const { draft, set, keeping, now, keep, finish, apart } = useDraft(mail, first, identityOf);
  const [version, setVersion] = useState(0);
  const [copies, setCopies] = useState(first.cc.length + first.bcc.length > 0);
  const [doubts, setDoubts] = useState<readonly Doubt[]>([]);
  const [obstacle, setObstacle] = useState<Obstacle | null>(null);
  const [pending, setPending] = useState(false);
  const [fault, setFault] = useState<unknown>();
  const sending = useRef(false);
  const isOpen = useRef(true);
  useEffect(() => {
    isOpen.current = true;
    return () => {
      isOpen.current = false;
    };
  }, []);
  const identity = identityOf(draft.identityId);
  const house = { from: identity?.email ?? '', leaves: mail.leavesHouse() };
  const away = house.leaves
    ? outside(recipientsOf(draft), house.from).filter(({ email }) => isAddress(email))
    : [];

  const change = (next: Partial<Draft>) => {
    setObstacle(null);
    set(next);
  };
  const writeAs = async (id: string) => {
    const [before, after] = [identity, identityOf(id)];
    change({ identityId: id });
    if (draft.html === null) {
      change({ text: resigned(draft.text, before, after) });
      return;
    }
    const { resignedHtml } = await import('./rich/signature.ts');
    const { html } = now();
    if (html === null) return;
    const of = (one: typeof before) => one?.textSignature ?? '';
    change({ html: resignedHtml(html, of(before), of(after)) });
    setVersion((count) => count + 1);
  };
  // Who has begun the next message meanwhile must not lose the form for it.
  const leave = () => {
    if (isOpen.current) onClose();
  };
  const tellUnsent = () => {
    if (isOpen.current) return;
    const subject = tamed(now().subject) || t`(ohne Betreff)`;
    tell({ text: t`Nicht gesendet, liegt bei den Entwürfen: ${subject}`, failed: true });
  };
  const send = async () => {
    // Keys that follow each other at once come before the button is drawn as pressed.
    if (sending.current) return;
    sending.current = true;
    setDoubts([]);
    setPending(true);
    setFault(undefined);
    try {
      if ((await keep()).elsewhere) return tellUnsent();
      await mail.send(now());
      finish();
      leave();
    } catch (reason) {
      if (!(reason instanceof Elsewhere)) {
        setFault(reason);
        tellUnsent();
      } else if (reason.draft !== null) {
        apart(reason);
        tellUnsent();
      } else {
        finish();
        leave();
        tell({ text: t`Diese Nachricht wurde schon in einem anderen Fenster gesendet.` });
      }
    } finally {
      sending.current = false;
      setPending(false);
    }
  };
  const answered = async (): Promise<Doubt | null> => {
    const isShared = account.kind !== 'own' || (mail.team()?.people().length ?? 0) > 1;
    if (!isShared || start.kind === 'new' || start.kind === 'forward') return null;
    setPending(true);
    // Without a line nobody can know it, and what is written waits all the same.
    const doubt = await answeredSince(mail, now(), start.email.threadId).catch(() => null);
    setPending(false);
    return doubt;
  };
  const ask = async () => {
    if (sending.current) return;
    // The address that stands in the field still is taken when it loses the focus.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    const written = now();
    const found = obstacleOf(written, house);
    setObstacle(found);
    if (found) {
      document.getElementById(fieldId('mail-to'))?.focus();
      return;
    }
    sending.current = true;
    const since = await answered();
    sending.current = false;
    const open = [...(since ? [since] : []), ...doubtsOf(written, house)];
    if (open.length > 0) setDoubts(open);
    else void send();
  };
  const close = () => {
    onClose();
    void keep().then(({ draft: kept }) => {
      const bad = recipientsOf(kept).filter(({ email }) => !isAddress(email));
      if (kept.id !== null && bad.length > 0) {
        const names = bad.map(shortName).join(', ');
        tell({ text: t`Nicht im Entwurf, weil keine E-Mail-Adresse: ${names}`, failed: true });
      } else if (kept.id !== null && kept.id !== first.id) {
        tell({ text: t`Die Nachricht liegt bei den Entwürfen` });
      }
    });
  };
  const discard = async () => {
    const kept = now();
    finish();
    onClose();
    const trash = boxFor(boxes, 'trash');
    const drafts = boxFor(boxes, 'drafts');
    const { id } = kept;
    if (id && trash && drafts) {
      await mail
        .change([id], { kind: 'move', from: drafts.id, to: trash.id })
        .catch(() => undefined);
    }
    tell({
      text: t`Entwurf verworfen`,
      undo: async () => {
        const again = await mail.saveDraft({ ...kept, id: null });
        const found = boxFor(boxes, 'drafts');
        const page = found && (await mail.list(found.id, 0, 10));
        const email = page?.items.find(({ newest }) => newest.id === again)?.newest;
        if (email) write({ kind: 'draft', email });
      },
    });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      void ask();
    }
    if (event.key === 'Escape' && !event.defaultPrevented) close();
  };
  const title =
    start.kind === 'new' || start.kind === 'draft'
      ? t`Neue Nachricht`
      : start.kind === 'forward'
        ? t`Weiterleiten`
        : t`Antwort`;
  return (
    <section
      className="fa-mail__reading fa-write"
      aria-labelledby="mail-write-title"
      data-focus-home
      onKeyDown={onKeyDown}
    >
      <div className="fa-mail__tools">
        <IconButton
          label={t`Schließen, Entwurf behalten`}
          icon={icons.iconArrowBack}
          onPress={close}
        />
        <h2 id="mail-write-title">{title}</h2>
        <span className="fa-grow" />
        <KeepingText keeping={keeping} />
        <IconButton
          label={t`Entwurf verwerfen`}
          icon={icons.iconDelete}
          onPress={() => void discard()}
        />
      </div>
      <div className="fa-write__form">
        {fault !== undefined && (
          <Alert tone="danger" live="assertive" title={faultText(fault).what}>
            <p>{faultText(fault).next}</p>
          </Alert>
        )}
        {keeping.elsewhere && <ToldElsewhere elsewhere={keeping.elsewhere} />}
        {identities.length > 1 && (
          <div className="fa-write__from">
            <Select
              label={t`Von`}
              name="mail-from"
              value={draft.identityId}
              options={identities.map(({ id, name, email }) => ({
                value: id,
                label: fullName({ name, email }),
              }))}
              onChange={(id) => void writeAs(id)}
            />
          </div>
        )}
        <SenderLine identity={identity} />
        <RecipientsField
          label={t`An`}
          name="mail-to"
          values={draft.to}
          house={house}
          autoFocus={first.to.length === 0}
          error={obstacle ? obstacleText(obstacle) : undefined}
          onChange={(to) => change({ to })}
          end={
            !copies && (
              <Button small variant="tertiary" onPress={() => setCopies(true)}>
                <Trans>Kopie an …</Trans>
              </Button>
            )
          }
        />
        {copies && (
          <>
            <RecipientsField
              label={t`Kopie`}
              name="mail-cc"
              values={draft.cc}
              house={house}
              autoFocus={first.cc.length + first.bcc.length === 0}
              onChange={(cc) => change({ cc })}
            />
            <RecipientsField
              label={t`Blindkopie`}
              name="mail-bcc"
              values={draft.bcc}
              house={house}
              onChange={(bcc) => change({ bcc })}
            />
          </>
        )}
        <OutsideHint recipients={away} />
        <div className="fa-write__subject">
          <label htmlFor="mail-subject">
            <Trans>Betreff</Trans>
          </label>
          <input
            id="mail-subject"
            value={draft.subject}
            maxLength={MAX_SUBJECT_CHARS}
            autoComplete="off"
            onChange={(event) => change({ subject: event.target.value.replace(/[\r\n]+/g, ' ') })}
          />
        </div>
        <MessageText
          draft={draft}
          version={version}
          autoFocus={first.to.length > 0}
          onChange={change}
        />
        <FilesField
          values={draft.attachments}
          onAdd={(more) => change({ attachments: [...draft.attachments, ...more] })}
          onRemove={(gone) =>
            change({ attachments: draft.attachments.filter((one) => one !== gone) })
          }
        />
      </div>
      <div className="fa-write__foot">
        <Button
          variant="primary"
          icon={icons.iconSend}
          pending={pending}
          onPress={() => void ask()}
        >
          <Trans>Senden</Trans>
        </Button>
        <span className="fa-muted fa-small fa-write__keys">
          <Trans>oder Strg+Eingabe</Trans>
        </span>
        <span className="fa-grow" />
        <FormatSwitch draft={draft} onChange={change} />
      </div>
      <BeforeSending doubts={doubts} onClose={() => setDoubts([])} onSend={() => void send()} />
    </section>
  );

  function obstacleText(kind: Obstacle): string | undefined {
    switch (kind) {
      case 'nobody':
        return t`Geben Sie an, wer die Nachricht bekommen soll.`;
      case 'too_many':
        return t`Es sind nicht mehr als ${MAX_RECIPIENTS} Empfängerinnen und Empfänger möglich.`;
      case 'too_large':
        return t`Die Anhänge sind zu groß: höchstens ${sizeText(MAX_ATTACHED_BYTES)} gehen mit.`;
      case 'no_address':
      case 'not_delivered':
        // Said where it stands.
        return undefined;
    }
  }
}
