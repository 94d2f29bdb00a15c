import { t } from '@lingui/core/macro';
import { registerFieldFaults, registerProblems } from '../../../api/problem-text.ts';

registerProblems({
  too_many_passkeys: () => ({
    what: t`Sie haben schon so viele Passkeys, wie möglich sind.`,
    next: t`Entfernen Sie zuerst einen, den Sie nicht mehr benutzen.`,
  }),
});

registerFieldFaults({
  wrong: () => t`Das bisherige Passwort stimmt nicht.`,
  not_an_ssh_key: () => t`Fügen Sie die ganze Zeile aus der Datei mit der Endung .pub ein.`,
  private_ssh_key: () =>
    t`Das ist der private Schlüssel. Geben Sie ihn nie aus der Hand; hier gehört die Datei mit der Endung .pub hin.`,
  weak_ssh_key: () =>
    t`Dieser Schlüssel ist zu schwach. Erzeugen Sie einen neuen mit „ssh-keygen -t ed25519“.`,
});
