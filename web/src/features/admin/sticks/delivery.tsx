import { Trans } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import type { Schema } from '../../../api/client.ts';
import { Button } from '../../../ui/button.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Alert } from '../../../ui/notice.tsx';
import { deliveryQuery } from './queries.ts';

/** What is missing on the server before sticks can be handed out, or work everywhere; nothing while all is there. */
export function DeliveryFault() {
  const delivery = useQuery(deliveryQuery);
  if (!delivery.data || (delivery.data.ready && delivery.data.missing.length === 0)) return null;
  return (
    <Alert
      tone="warning"
      title={
        delivery.data.ready ? (
          <Trans>Neue Sticks laufen nicht auf jedem Computer</Trans>
        ) : (
          <Trans>Noch lässt sich kein Stick ausgeben</Trans>
        )
      }
      actions={
        <Button
          small
          icon={icons.iconRefresh}
          pending={delivery.isFetching}
          onPress={() => void delivery.refetch()}
        >
          <Trans>Noch einmal prüfen</Trans>
        </Button>
      }
    >
      <p>
        {delivery.data.ready ? (
          <MissingPrograms delivery={delivery.data} />
        ) : (
          <WhatIsMissing delivery={delivery.data} />
        )}
      </p>
    </Alert>
  );
}

function MissingPrograms({ delivery }: { delivery: Schema<'StickDelivery'> }) {
  const files = delivery.missing.join(', ');
  const system = delivery.missing.every((file) => file.endsWith('.exe')) ? 'Windows' : 'Linux';
  return (
    <Trans>
      Auf dem Server fehlt das Programm <code>{files}</code>, und Pakete enthalten es nicht: Solche
      Sticks laufen nicht unter {system}. Legen Sie es in den Ordner{' '}
      <code className="fa-break">{delivery.folder}</code>, bevor Sie Pakete herunterladen. Es gehört
      zur selben Ausgabe von Fernamt wie der Server.
    </Trans>
  );
}

function WhatIsMissing({ delivery }: { delivery: Schema<'StickDelivery'> }) {
  switch (delivery.fault) {
    case 'programs_missing':
      return (
        <Trans>
          Auf dem Server fehlen die Programme. Legen Sie <code>fernamt-stick.exe</code> (Windows)
          und <code>fernamt-stick</code> (Linux) in den Ordner{' '}
          <code className="fa-break">{delivery.folder}</code>. Sie gehören zur selben Ausgabe von
          Fernamt wie der Server.
        </Trans>
      );
    case 'no_way':
      return (
        <Trans>
          Der SSH-Zugang ist ausgeschaltet, und ohne ihn kommt kein Stick herein. Ergänzen Sie in
          der Konfiguration den Abschnitt [ssh], und starten Sie Fernamt neu.
        </Trans>
      );
    default:
      return <Trans>Sehen Sie auf dem Server mit „fernamt check“ nach, was fehlt.</Trans>;
  }
}
