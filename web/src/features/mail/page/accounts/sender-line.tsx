import { Trans } from '@lingui/react/macro';
import { Icon } from '../../../../ui/icon.tsx';
import type { MailIdentity } from '../../model.ts';
import { tamed } from '../bidi.ts';
import { useMailPage } from '../context.ts';
import { accountIcon, accountName } from './words.ts';

/** As whom one writes, where it is not simply oneself. */
export function SenderLine({ identity }: { identity: MailIdentity | undefined }) {
  const { account } = useMailPage();
  if (account.kind === 'own') return null;
  const name = tamed(identity?.name ?? '') || accountName(account);
  const sender = tamed(identity?.sender ?? '');
  return (
    <p className="fa-accounts__sender">
      <Icon of={accountIcon(account)} size="small" />
      <span>
        {sender ? (
          <Trans>
            Sie schreiben{' '}
            <strong>
              im Auftrag von <bdi>{name}</bdi>
            </strong>
            . Wer die Nachricht bekommt, sieht auch Ihre Adresse <bdi>{sender}</bdi>.
          </Trans>
        ) : (
          <Trans>
            Sie schreiben{' '}
            <strong>
              als <bdi>{name}</bdi>
            </strong>
            . Ihr Name steht nicht in der Nachricht.
          </Trans>
        )}
      </span>
    </p>
  );
}
