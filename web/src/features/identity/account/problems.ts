import { t } from '@lingui/core/macro';
import { registerFieldFaults, registerProblems } from '../../../api/problem-text.ts';

registerProblems({
  own_targets_off: () => ({
    what: t`Eigene Ziele sind ausgeschaltet.`,
    next: t`Wenn Sie eines brauchen, wenden Sie sich an Ihre IT-Stelle.`,
  }),
  too_many_own_targets: ({ params: { most } }) => ({
    what: t`Sie haben schon so viele eigene Ziele, wie möglich sind.`,
    next: most
      ? t`Die Grenze liegt bei ${most}. Entfernen Sie zuerst eines.`
      : t`Entfernen Sie zuerst eines.`,
  }),
  programs_not_allowed: () => ({
    what: t`Ihre Administration erlaubt zurzeit keine Programme.`,
    next: t`Wenn Sie eines brauchen, wenden Sie sich an Ihre IT-Stelle.`,
  }),
  program_needs_sign_in: () => ({
    what: t`Einen Schlüssel gibt es nur kurz nach der Anmeldung, auf einem freigegebenen Gerät.`,
    next: t`Melden Sie sich ab und neu an, und versuchen Sie es dann noch einmal.`,
  }),
  too_many_passkeys: () => ({
    what: t`Sie haben schon so viele Passkeys, wie möglich sind.`,
    next: t`Entfernen Sie zuerst einen, den Sie nicht mehr benutzen.`,
  }),
});

registerFieldFaults({
  unresolved: () => t`Diesen Rechner kennt im Haus niemand. Prüfen Sie den Namen.`,
  outside_networks: () => t`Dieser Rechner steht nicht in einem der erlaubten Netze.`,
  wrong: () => t`Das bisherige Passwort stimmt nicht.`,
  not_an_ssh_key: () => t`Fügen Sie die ganze Zeile aus der Datei mit der Endung .pub ein.`,
  private_ssh_key: () =>
    t`Das ist der private Schlüssel. Geben Sie ihn nie aus der Hand; hier gehört die Datei mit der Endung .pub hin.`,
  weak_ssh_key: () =>
    t`Dieser Schlüssel ist zu schwach. Erzeugen Sie einen neuen mit „ssh-keygen -t ed25519“.`,
});
