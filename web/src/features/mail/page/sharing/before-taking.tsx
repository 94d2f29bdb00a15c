import { Trans, useLingui } from '@lingui/react/macro';
import { ConfirmDialog } from '../../../../ui/dialog.tsx';
import type { Delegate, MailAccount, MailRight, Person } from '../../model.ts';
import { accountName } from '../accounts/words.ts';
import { isolated } from '../bidi.ts';

/** A right is to be taken that nobody here could give back. */
export type Taking = {
  person: Person;
  /** What is left; null: no access at all. */
  left: readonly MailRight[] | null;
  isOneself: boolean;
  /** Nobody else manages the mailbox, and it belongs to nobody. */
  isLast: boolean;
};

/** What should be asked before these rights are all that somebody has; null: it is easily undone. */
export function takingOf(
  given: { account: MailAccount; delegates: readonly Delegate[]; me: Person | null },
  person: Person,
  left: readonly MailRight[] | null,
): Taking | null {
  const { account, delegates, me } = given;
  const managing = delegates.filter(({ rights }) => rights.includes('manage'));
  const had = managing.some((one) => one.person.id === person.id);
  if (!had || left?.includes('manage')) return null;
  const isOneself = person.id === me?.id;
  const isLast = account.kind === 'functional' && managing.length === 1;
  return isOneself || isLast ? { person, left, isOneself, isLast } : null;
}

type BeforeTakingProps = {
  taking: Taking | null;
  account: MailAccount;
  onClose: () => void;
  onTake: (taking: Taking) => Promise<unknown>;
};

/** Asks before somebody takes away their own right to manage, or that of the last person who has it. */
export function BeforeTaking({ taking, account, onClose, onTake }: BeforeTakingProps) {
  const { t } = useLingui();
  if (!taking) return null;
  const { left, isOneself, isLast } = taking;
  const name = isolated(taking.person.name || taking.person.email);
  const mailbox = isolated(accountName(account));
  return (
    <ConfirmDialog
      title={
        isOneself
          ? left === null
            ? t`Sich selbst den Zugang nehmen?`
            : t`Sich selbst die Verwaltung nehmen?`
          : t`Der letzten Person die Verwaltung nehmen?`
      }
      action={left === null ? t`Zugang nehmen` : t`Verwaltung nehmen`}
      danger
      isOpen
      onClose={onClose}
      onConfirm={() => onTake(taking)}
    >
      {isOneself && left === null && (
        <p>
          <Trans>
            Das Postfach „{mailbox}“ verschwindet von Ihren Geräten. Was Sie darin ohne Verbindung
            vorbereitet haben, wird nicht mehr übernommen.
          </Trans>
        </p>
      )}
      <p>
        {!isLast ? (
          <Trans>
            Danach können Sie hier keine Rechte mehr vergeben, auch nicht an sich selbst.
            Zurückgeben kann sie Ihnen nur, wer das Postfach noch verwaltet.
          </Trans>
        ) : isOneself ? (
          <Trans>
            Außer Ihnen verwaltet niemand das Postfach „{mailbox}“. Danach kann nur noch Ihre
            Leitstelle Rechte daran vergeben.
          </Trans>
        ) : (
          <Trans>
            Außer {name} verwaltet niemand das Postfach „{mailbox}“. Danach kann nur noch Ihre
            Leitstelle Rechte daran vergeben.
          </Trans>
        )}
      </p>
    </ConfirmDialog>
  );
}
