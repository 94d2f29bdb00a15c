import { Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useState } from 'react';
import { Button, IconButton } from '../../../../ui/button.tsx';
import { Dialog } from '../../../../ui/dialog.tsx';
import { Icon, icons } from '../../../../ui/icon.tsx';
import { Alert, EmptyState, Loading } from '../../../../ui/notice.tsx';
import type { Delegate, MailAccount, MailRight, Person, Sharing } from '../../model.ts';
import { accountName } from '../accounts/words.ts';
import { faultText } from '../words.ts';
import { BeforeTaking, type Taking, takingOf } from './before-taking.tsx';
import { PeopleSearch } from './people-search.tsx';
import { RightsForm } from './rights-form.tsx';
import { rightsLine } from './words.ts';
import './sharing.css';

type SharingDialogProps = {
  sharing: Sharing;
  account: MailAccount;
  /** Who has it open; null where no server has said so. */
  me: Person | null;
  onClose: () => void;
};

/** Who else may do what in a mailbox: added, changed and removed, each at once. */
export function SharingDialog({ sharing, account, me, onClose }: SharingDialogProps) {
  const { t } = useLingui();
  const [delegates, setDelegates] = useState<Delegate[] | null>(null);
  const [fault, setFault] = useState<unknown>(null);
  const [chosen, setChosen] = useState<Delegate | null>(null);
  const [pending, setPending] = useState(false);
  const [said, setSaid] = useState<{ text: string; removed?: Delegate } | null>(null);
  const [taking, setTaking] = useState<Taking | null>(null);
  const { id } = account;
  const load = () =>
    sharing.delegates(id).then(
      (all) => {
        setDelegates(all);
        setFault(null);
      },
      (error: unknown) => setFault(error),
    );
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is shared is asked for once
  useEffect(() => void load(), [sharing, id]);

  const act = async (work: () => Promise<void>, done: typeof said) => {
    setPending(true);
    setSaid(null);
    try {
      await work();
      await load();
      setChosen(null);
      setSaid(done);
      return true;
    } catch (error) {
      setFault(error);
      return false;
    } finally {
      setPending(false);
    }
  };
  const grant = ({ person, rights }: Delegate) =>
    act(() => sharing.grant(id, person.id, rights), { text: t`Gespeichert: ${person.name}` });
  const revoke = (one: Delegate) =>
    act(() => sharing.revoke(id, one.person.id), {
      text: t`${one.person.name} hat keinen Zugang mehr.`,
      removed: one,
    });
  /** Asks first, where it is not easily undone. */
  const unlessDoubted = (
    person: Person,
    left: MailRight[] | null,
    deed: () => Promise<boolean>,
  ) => {
    const doubted = takingOf({ account, delegates: delegates ?? [], me }, person, left);
    if (doubted) setTaking(doubted);
    else void deed();
  };
  const take = async ({ person, left, isOneself }: Taking) => {
    const rights = delegates?.find((one) => one.person.id === person.id)?.rights ?? [];
    const isDone = await (left === null
      ? revoke({ person, rights })
      : grant({ person, rights: [...left] }));
    // What is left here is for those who manage.
    if (isDone && isOneself) onClose();
  };
  const name = accountName(account);
  const closed = account.without?.includes('sharing') === true;
  const shown = fault === null ? null : faultText(fault);
  return (
    <Dialog
      title={
        <Trans>
          Vertretungen: <bdi>{name}</bdi>
        </Trans>
      }
      isOpen
      onClose={onClose}
      wide
    >
      <div className="fa-sharing">
        <p>
          <Trans>
            Hier legen Sie fest, wer dieses Postfach außer Ihnen öffnen darf. Änderungen gelten
            sofort, auch während jemand darin arbeitet, und stehen im Protokoll.
          </Trans>
        </p>
        <div role="status">
          {said && (
            <p className="fa-sharing__said">
              <Icon of={icons.iconCheck} size="small" />
              <span className="fa-grow">{said.text}</span>
              {said.removed && !closed && (
                <Button
                  small
                  variant="tertiary"
                  icon={icons.iconUndo}
                  onPress={() => void (said.removed && grant(said.removed))}
                >
                  <Trans>Rückgängig</Trans>
                </Button>
              )}
            </p>
          )}
        </div>
        {shown && (
          <Alert
            tone="danger"
            live="assertive"
            title={shown.what}
            actions={
              <Button small icon={icons.iconRefresh} onPress={() => void load()}>
                <Trans>Noch einmal versuchen</Trans>
              </Button>
            }
          >
            <p>{shown.next}</p>
          </Alert>
        )}
        {chosen ? (
          <RightsForm
            key={chosen.person.id}
            name={chosen.person.name || chosen.person.email}
            first={chosen.rights}
            takesOnly={closed}
            pending={pending}
            onSave={(rights: MailRight[]) =>
              unlessDoubted(chosen.person, rights, () => grant({ ...chosen, rights }))
            }
            onCancel={() => setChosen(null)}
          />
        ) : closed ? (
          <p className="fa-muted">
            <Trans>
              Ihre Verwaltung lässt Sie hier niemanden hinzufügen. Rechte nehmen können Sie.
            </Trans>
          </p>
        ) : (
          <PeopleSearch
            search={(words) => sharing.search(id, words)}
            onChoose={(person: Person) => {
              const known = delegates?.find((one) => one.person.id === person.id);
              setChosen(known ?? { person, rights: ['read'] });
            }}
          />
        )}
        {delegates === null && !shown && <Loading />}
        {delegates?.length === 0 && !chosen && (
          <EmptyState icon={icons.iconGroup} title={t`Noch hat niemand sonst Zugang`} level={3}>
            {!closed && (
              <p>
                <Trans>Suchen Sie oben nach einer Person, um sie hinzuzufügen.</Trans>
              </p>
            )}
          </EmptyState>
        )}
        {delegates && delegates.length > 0 && !chosen && (
          <ul className="fa-sharing__list" aria-label={t`Wer Zugang hat`}>
            {delegates.map((one) => (
              <li key={one.person.id}>
                <Icon of={icons.iconPerson} size="small" />
                <span className="fa-sharing__person">
                  <strong>{one.person.name || one.person.email}</strong>
                  <span className="fa-muted fa-small">{rightsLine(one.rights)}</span>
                </span>
                <IconButton
                  label={t`Rechte von ${one.person.name} ändern`}
                  icon={icons.iconEdit}
                  isDisabled={pending}
                  onPress={() => setChosen(one)}
                />
                <IconButton
                  label={t`${one.person.name} den Zugang nehmen`}
                  icon={icons.iconPersonRemove}
                  danger
                  isDisabled={pending}
                  onPress={() => unlessDoubted(one.person, null, () => revoke(one))}
                />
              </li>
            ))}
          </ul>
        )}
      </div>
      <BeforeTaking
        taking={taking}
        account={account}
        onClose={() => setTaking(null)}
        onTake={take}
      />
    </Dialog>
  );
}
