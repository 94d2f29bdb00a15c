import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { api, must, type Schema } from '../../../api/client.ts';
import { useAsk } from '../../../app/ask.tsx';
import { Button } from '../../../ui/button.tsx';
import { CopyField } from '../../../ui/copy-field.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { icons } from '../../../ui/icon.tsx';
import { dateTime } from '../format.ts';
import { Letters } from './letters.tsx';

type Stick = Schema<'Stick'>;

export type StickDeeds = ReturnType<typeof useStickDeeds>;

/** What can be done with a stick. Each deed says first what ends, and whether there is a way back. */
export function useStickDeeds() {
  const { t } = useLingui();
  const { ask, dialog } = useAsk(['admin']);
  const [fresh, setFresh] = useState<Schema<'CreatedStick'>>();
  const path = (stick: Stick) => ({ params: { path: { id: stick.id } } });

  const newCode = (stick: Stick) =>
    ask({
      title: t`Neuer Aktivierungscode für ${stick.person_name}?`,
      text: (
        <>
          <p>
            {stick.state === 'ordered' ? (
              <Trans>Ein früherer Code gilt dann nicht mehr.</Trans>
            ) : (
              <Trans>
                Was gerade über den Stick läuft, endet sofort; nicht gespeicherte Arbeit kann
                verloren gehen. Sein bisheriger Schlüssel gilt nie wieder, auch in keiner Kopie.
              </Trans>
            )}
          </p>
          <p>
            <Trans>
              Die Person startet den Stick, gibt den neuen Code ein und wählt eine neue Passphrase.
              Herunterladen muss niemand etwas.
            </Trans>
          </p>
        </>
      ),
      action: t`Aktivierungscode erzeugen`,
      danger: stick.state !== 'ordered',
      deed: async () => {
        setFresh(await must(api.POST('/api/v1/admin/sticks/{id}/activation-code', path(stick))));
      },
      done: t`Der neue Aktivierungscode gilt ab jetzt.`,
    });
  const suspend = (stick: Stick) =>
    ask({
      title: t`Stick von ${stick.person_name} vorläufig sperren?`,
      text: (
        <p>
          <Trans>
            Was gerade über den Stick läuft, endet sofort; nicht gespeicherte Arbeit kann verloren
            gehen. Sie können ihn später wieder freigeben.
          </Trans>
        </p>
      ),
      action: t`Stick vorläufig sperren`,
      danger: true,
      deed: () => must(api.POST('/api/v1/admin/sticks/{id}/suspend', path(stick))),
      done: t`Der Stick von ${stick.person_name} ist vorläufig gesperrt.`,
    });
  const resume = (stick: Stick) =>
    ask({
      title: t`Stick von ${stick.person_name} freigeben?`,
      text: (
        <p>
          <Trans>{stick.person_name} kann damit nutzen, was die Regeln erlauben.</Trans>
        </p>
      ),
      action: t`Stick freigeben`,
      deed: () => must(api.POST('/api/v1/admin/sticks/{id}/resume', path(stick))),
      done: t`Der Stick von ${stick.person_name} ist freigegeben.`,
    });
  const lose = (stick: Stick) =>
    ask({
      title: t`Stick von ${stick.person_name} als verloren melden?`,
      text: (
        <>
          <p>
            <Trans>
              Der Stick wird sofort und für immer gesperrt. Was gerade über ihn läuft, endet
              innerhalb von fünf Sekunden; nicht gespeicherte Arbeit kann verloren gehen.
            </Trans>
          </p>
          <p>
            <Trans>
              Das lässt sich nicht rückgängig machen. Taucht der Stick wieder auf, braucht die
              Person trotzdem einen neuen.
            </Trans>
          </p>
        </>
      ),
      action: t`Als verloren melden`,
      danger: true,
      deed: () => must(api.POST('/api/v1/admin/sticks/{id}/lost', path(stick))),
      done: t`Der Stick von ${stick.person_name} ist als verloren gemeldet und gesperrt.`,
    });
  const end = (stick: Stick) =>
    ask({
      title: t`Stick von ${stick.person_name} beenden?`,
      text: (
        <>
          <p>
            <Trans>
              Für Sticks, die niemand mehr braucht. Der Stick wird für immer gesperrt; was gerade
              über ihn läuft, endet sofort.
            </Trans>
          </p>
          <p>
            <Trans>
              Das lässt sich nicht rückgängig machen. Den USB-Stick selbst können Sie löschen und
              weiterverwenden.
            </Trans>
          </p>
        </>
      ),
      action: t`Stick beenden`,
      danger: true,
      deed: () => must(api.POST('/api/v1/admin/sticks/{id}/end', path(stick))),
      done: t`Der Stick von ${stick.person_name} ist beendet.`,
    });
  return {
    newCode,
    suspend,
    resume,
    lose,
    end,
    dialog: (
      <>
        {dialog}
        <FreshCode created={fresh} onClose={() => setFresh(undefined)} />
      </>
    ),
  };
}

type FreshCodeProps = { created: Schema<'CreatedStick'> | undefined; onClose: () => void };

/** A new activation code, shown once. */
function FreshCode({ created, onClose }: FreshCodeProps) {
  const { t } = useLingui();
  const name = created?.stick.person_name ?? '';
  const until = created ? dateTime(created.expires_at) : '';
  return (
    <Dialog
      title={t`Aktivierungscode für ${name}`}
      isOpen={created !== undefined}
      onClose={onClose}
      role="alertdialog"
      footer={
        <>
          <Button icon={icons.iconPrint} onPress={() => window.print()}>
            <Trans>Brief drucken</Trans>
          </Button>
          <Button variant="primary" onPress={onClose}>
            <Trans>Notiert</Trans>
          </Button>
        </>
      }
    >
      <p>
        <Trans>
          Sie sehen ihn nur jetzt. Er gilt einmal und bis {until}. Geben Sie ihn der Person getrennt
          vom Stick, nicht per E-Mail.
        </Trans>
      </p>
      <CopyField label={t`Aktivierungscode`} value={created?.activation_code ?? ''} />
      {created && <Letters sticks={[created]} />}
    </Dialog>
  );
}
