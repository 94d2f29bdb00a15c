import { t } from '@lingui/core/macro';
import { registerProblems } from '../../api/problem-text.ts';

registerProblems({
  too_many_connections: () => ({
    what: t`Sie haben schon sehr viele Verbindungen offen.`,
    next: t`Schließen Sie eine davon und versuchen Sie es noch einmal.`,
  }),
  ssh_off: () => ({
    what: t`Der SSH-Zugang ist hier nicht eingeschaltet.`,
    next: t`Wenden Sie sich an Ihre IT-Stelle.`,
  }),
  no_ssh_gateway: () => ({
    what: t`Für dieses Ziel braucht es den SSH-Zugang, und der ist hier nicht eingeschaltet.`,
    next: t`Wenden Sie sich an Ihre IT-Stelle.`,
  }),
});
