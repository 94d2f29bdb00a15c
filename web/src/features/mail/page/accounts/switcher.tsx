import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { Button } from '../../../../ui/button.tsx';
import { Icon, icons } from '../../../../ui/icon.tsx';
import type { MailAccount, Post } from '../../model.ts';
import { mayOf } from '../../rights.ts';
import { tamed } from '../bidi.ts';
import { useMailPage } from '../context.ts';
import { go, hashOf, NOWHERE } from '../place.ts';
import { useKnown, usePost } from './context.ts';
import { accountIcon, accountLimit, accountName } from './words.ts';
import './accounts.css';

const SharingDialog = lazy(async () => ({
  default: (await import('../sharing/sharing-dialog.tsx')).SharingDialog,
}));

/** The page of another mailbox is drawn anew, and the link that was pressed is gone with this one. */
let changing = false;

/** The mailboxes that are open to the person, above the folders of the one they are in. */
export function Switcher() {
  const post = usePost();
  return post && <Known post={post} />;
}

function Known({ post }: { post: Post }) {
  const { t } = useLingui();
  const { account: here } = useMailPage();
  const { accounts } = useKnown(post);
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!changing) return;
    changing = false;
    nav.current?.querySelector<HTMLElement>('[aria-current=true]')?.focus();
    // On a phone the folders are out of sight now.
    if (document.activeElement === document.body)
      document.getElementById('mail-list-title')?.focus();
  }, []);
  if (accounts.length < 2) return null;
  return (
    <nav className="fa-accounts" ref={nav} aria-label={t`Postfächer`}>
      <ul>
        {accounts.map((account) => (
          <li key={account.number}>
            <AccountLink
              account={account}
              isHere={account.number === here.number}
              isAlike={accounts.some(
                (one) => one !== account && one.kind !== 'own' && one.name === account.name,
              )}
            />
          </li>
        ))}
      </ul>
    </nav>
  );
}

type AccountLinkProps = {
  account: MailAccount;
  isHere: boolean;
  /** Another one has the same name: the address tells them apart. */
  isAlike: boolean;
};

function AccountLink({ account, isHere, isAlike }: AccountLinkProps) {
  const place = { ...NOWHERE, account: account.number };
  const limit = accountLimit(account);
  // Of the one that is open, the folders say it.
  const unread = isHere ? 0 : (account.unread ?? 0);
  return (
    <a
      href={hashOf(place)}
      aria-current={isHere ? 'true' : undefined}
      className="fa-accounts__one"
      title={account.address || undefined}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        changing = !isHere;
        go(place);
      }}
    >
      <Icon of={accountIcon(account)} size="small" />
      <span className="fa-accounts__name">
        <bdi>{accountName(account)}</bdi>
        {isAlike && account.kind !== 'own' && account.name !== '' && (
          <bdi className="fa-muted fa-small">{tamed(account.address)}</bdi>
        )}
        {limit && <span className="fa-accounts__limit">{limit}</span>}
      </span>
      {unread > 0 && (
        <span className="fa-mail__count">
          <span aria-hidden="true">{unread}</span>
          <span className="kern-sr-only">
            <Plural value={unread} one="eine ungelesen" other="# ungelesen" />
          </span>
        </span>
      )}
    </a>
  );
}

/** Opens the dialog that says who else may do what, where the person may change that. */
export function SharingButton() {
  const post = usePost();
  const { mail, account } = useMailPage();
  const [isOpen, setOpen] = useState(false);
  if (!post || account.id === '' || !mayOf(account.rights).manage) return null;
  return (
    <div className="fa-accounts__share">
      <Button small variant="tertiary" icon={icons.iconGroup} onPress={() => setOpen(true)}>
        <Trans>Vertretungen</Trans>
      </Button>
      {isOpen && (
        <Suspense fallback={null}>
          <SharingDialog
            sharing={post.sharing}
            account={account}
            me={mail.team()?.me() ?? null}
            onClose={() => setOpen(false)}
          />
        </Suspense>
      )}
    </div>
  );
}

/** In whose mailbox one is, above the name of the folder: nobody should write as somebody else by mistake. */
export function WhoseMailbox() {
  const { account } = useMailPage();
  if (account.kind === 'own') return null;
  const limit = accountLimit(account);
  return (
    <p className="fa-accounts__whose">
      <Icon of={accountIcon(account)} size="small" />
      <bdi className="fa-accounts__whose-name">{accountName(account)}</bdi>
      {limit && <span className="fa-accounts__limit">{limit}</span>}
    </p>
  );
}
