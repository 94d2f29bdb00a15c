import { Trans } from '@lingui/react/macro';
import type { Container } from '../features/mail/container/index.ts';
import { icons } from '../ui/icon.tsx';
import { EmptyState } from '../ui/notice.tsx';

/** The open mail. */
export function MailDesk({ container }: { container: Container }) {
  return (
    <EmptyState icon={icons.iconMail} title={<Trans>Die Post ist offen</Trans>}>
      {container.policy?.device}
    </EmptyState>
  );
}
