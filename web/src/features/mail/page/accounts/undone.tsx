import { plural, t } from '@lingui/core/macro';
import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { Button } from '../../../../ui/button.tsx';
import { ConfirmDialog } from '../../../../ui/dialog.tsx';
import { Alert } from '../../../../ui/notice.tsx';
import type { Post, Undone } from '../../model.ts';
import { isolated } from '../bidi.ts';

/** More of them at once are counted only. */
const MAX_SHOWN = 5;

/** What was done on this device and came to nothing, until the person has taken note of it. */
export function UndoneList({ post, undone }: { post: Post; undone: readonly Undone[] }) {
  const { t } = useLingui();
  const [pending, setPending] = useState(false);
  const [asking, setAsking] = useState(false);
  const hasText = undone.some(({ text }) => text !== undefined);
  const forget = () => {
    setPending(true);
    return post.forgetUndone().finally(() => setPending(false));
  };
  // Texts are shown however many there are: they lie nowhere else.
  const ordered = [
    ...undone.filter(({ text }) => text !== undefined),
    ...undone.filter(({ text }) => text === undefined),
  ];
  const shown = Math.max(MAX_SHOWN, undone.filter(({ text }) => text !== undefined).length);
  const more = undone.length - shown;
  return (
    <div className="fa-mail__sendings">
      <Alert
        tone="warning"
        live="polite"
        title={
          <Plural
            value={undone.length}
            one="Eine Änderung wurde nicht übernommen"
            other="# Änderungen wurden nicht übernommen"
          />
        }
        actions={
          <Button
            small
            pending={pending}
            onPress={() => (hasText ? setAsking(true) : void forget())}
          >
            <Trans>Hinweis entfernen</Trans>
          </Button>
        }
      >
        <ul className="fa-accounts__undone">
          {ordered.slice(0, shown).map((one) => (
            <li key={one.id}>
              <bdi>{sentenceOf(one)}</bdi>
              {one.text !== undefined && (
                <details>
                  <summary>
                    <Trans>Ihr Text</Trans>
                  </summary>
                  <p className="fa-accounts__text">{one.text}</p>
                </details>
              )}
            </li>
          ))}
        </ul>
        {more > 0 && (
          <p className="fa-muted fa-small">
            <Plural value={more} one="und eine weitere" other="und # weitere" />
          </p>
        )}
        <p>{reasonOf(undone)}</p>
      </Alert>
      <ConfirmDialog
        title={t`Hinweis mit Ihren Texten entfernen?`}
        action={t`Texte entfernen`}
        danger
        isOpen={asking}
        onClose={() => setAsking(false)}
        onConfirm={forget}
      >
        <p>
          <Trans>
            Was Sie geschrieben haben, steht nur noch in diesem Hinweis. Übernehmen Sie vorher, was
            Sie behalten wollen, in eine neue Nachricht.
          </Trans>
        </p>
      </ConfirmDialog>
    </div>
  );
}

function sentenceOf({ account, change, emails, subject }: Undone): string {
  const what = whatOf(change, emails, subject);
  return account === '' ? what : `${isolated(account)}: ${what}`;
}

function whatOf(change: Undone['change'], count: number, said: string | null): string {
  const subject = said && isolated(said);
  switch (change) {
    case 'mark':
      return plural(count, {
        one: 'eine Nachricht kennzeichnen',
        other: '# Nachrichten kennzeichnen',
      });
    case 'move':
      return plural(count, {
        one: 'eine Nachricht verschieben',
        other: '# Nachrichten verschieben',
      });
    case 'destroy':
      return plural(count, { one: 'eine Nachricht löschen', other: '# Nachrichten löschen' });
    case 'draft':
      return subject ? t`Entwurf „${subject}“ speichern` : t`einen Entwurf speichern`;
    case 'send':
      return subject ? t`„${subject}“ senden` : t`eine Nachricht senden`;
    case 'assignee':
      return t`festlegen, wer sich kümmert`;
    case 'note':
      return t`eine interne Notiz ändern`;
  }
}

function reasonOf(undone: readonly Undone[]): string {
  return undone.every(({ why }) => why === 'closed')
    ? t`Das Postfach wurde für Sie geschlossen, bevor eine Verbindung bestand.`
    : t`Der Mailserver hat sie abgelehnt; vermutlich wurden Ihre Rechte geändert.`;
}
