import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { QueryProblem } from '../../../app/loaded.tsx';
import { Button } from '../../../ui/button.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { Alert } from '../../../ui/notice.tsx';
import { Delegates } from './delegates.tsx';
import { type Mailbox, mailboxQuery, ofMailbox } from './queries.ts';

/** Who may work in a functional mailbox, as it is now. */
export function AccessDialog({ mailbox, onClose }: { mailbox: Mailbox; onClose: () => void }) {
  const { t } = useLingui();
  const query = useQuery({ ...mailboxQuery(mailbox), placeholderData: mailbox });
  const { id, name, address, delegates } = query.data ?? mailbox;
  return (
    <Dialog
      title={<Trans>Zugang zu „{name}“</Trans>}
      isOpen
      onClose={onClose}
      footer={
        <Button onPress={onClose}>
          <Trans>Fertig</Trans>
        </Button>
      }
    >
      <p className="fa-muted fa-wrap">{address}</p>
      {query.error && <QueryProblem query={query} />}
      {query.data === null ? (
        <Alert tone="warning" live="polite" title={t`Dieses Postfach gibt es nicht mehr`}>
          <p>
            <Trans>Es wurde inzwischen gelöscht.</Trans>
          </p>
        </Alert>
      ) : (
        <Delegates name={name} delegates={delegates} granting={ofMailbox(id)} />
      )}
    </Dialog>
  );
}
