import { Trans, useLingui } from '@lingui/react/macro';
import { type ReactNode, useState } from 'react';
import { Button } from '../../ui/button.tsx';
import { icons } from '../../ui/icon.tsx';
import type { PostShell } from '../controller.ts';
import type { Defect } from '../refusal.ts';
import type { State } from '../state.ts';
import { Panel } from './panel.tsx';
import { RetryButton } from './waiting.tsx';
import { WipeDialog } from './wipe-dialog.tsx';

type DefectScreenProps = { state: State & { at: 'defect' }; shell: PostShell };

/** No passphrase opens this container any more: why, and the way to a new one. */
export function DefectScreen({ state, shell }: DefectScreenProps) {
  const [wiping, setWiping] = useState(false);
  // What the server signs may be right again, and so may the page; what lies in the container stays as it is.
  const mayHeal = state.defect === 'altered_policy' || state.defect === 'altered_page';
  return (
    <Panel title={useTitle(state.defect)} office={state.office}>
      <p>{reasonOf(state.defect)}</p>
      <p>{adviceFor(state.defect)}</p>
      <div className="fa-form__actions">
        {state.defect === 'altered_policy' && <RetryButton onRetry={() => shell.ask()} />}
        {state.defect === 'altered_page' && <RenewButton onRenew={shell.renewPage} />}
        <Button
          variant={mayHeal ? 'tertiary' : 'primary'}
          danger
          block
          icon={icons.iconDelete}
          onPress={() => setWiping(true)}
        >
          <Trans>Container löschen</Trans>
        </Button>
      </div>
      <WipeDialog
        why="wanted"
        isOpen={wiping}
        onClose={() => setWiping(false)}
        onWipe={() => shell.wipe()}
      />
    </Panel>
  );
}

function RenewButton({ onRenew }: { onRenew: () => Promise<boolean> }) {
  const [working, setWorking] = useState(false);
  const [failed, setFailed] = useState(false);
  const renew = async () => {
    setWorking(true);
    setFailed(false);
    const done = await onRenew();
    setWorking(false);
    setFailed(!done);
  };
  return (
    <>
      {failed && (
        <p role="alert">
          <Trans>Der Server ist gerade nicht zu erreichen.</Trans>
        </p>
      )}
      <Button block icon={icons.iconRefresh} pending={working} onPress={() => void renew()}>
        <Trans>Seite neu laden</Trans>
      </Button>
    </>
  );
}

function useTitle(defect: Defect): string {
  const { t } = useLingui();
  switch (defect) {
    case 'older_disk':
      return t`Hier liegt ein älterer Stand`;
    case 'damaged':
      return t`Der Container ist beschädigt`;
    case 'foreign_share':
      return t`Der Container passt nicht mehr zum Server`;
    case 'altered_policy':
      return t`Die Vorgaben des Servers sind verändert`;
    case 'altered_page':
      return t`Diese Seite ist verändert`;
  }
}

function reasonOf(defect: Defect): ReactNode {
  switch (defect) {
    case 'older_disk':
      return (
        <Trans>
          Der Container auf diesem Gerät ist älter als der, den der Server zuletzt gesehen hat, etwa
          weil das Gerät aus einer Sicherung zurückgeholt wurde. Damit niemand einen alten Stand
          unterschieben kann, öffnet er sich nicht.
        </Trans>
      );
    case 'damaged':
      return (
        <Trans>
          Was auf diesem Gerät liegt, ist nicht mehr das, was dort gespeichert wurde. Deshalb lässt
          sich der Container nicht öffnen.
        </Trans>
      );
    case 'foreign_share':
      return (
        <Trans>
          Der Server hat für dieses Gerät einen anderen Teil des Schlüssels als den, mit dem der
          Container verschlossen wurde.
        </Trans>
      );
    case 'altered_policy':
      return (
        <Trans>
          Was der Server für dieses Gerät vorgibt, trägt keine gültige Unterschrift. Solange das so
          ist, bleibt der Container gesperrt.
        </Trans>
      );
    case 'altered_page':
      return (
        <Trans>
          Die Seite, wie sie in diesem Browser liegt, ist nicht die, die Ihr Server herausgibt. Das
          kann auch daran liegen, dass er inzwischen erneuert wurde. Solange das so ist, bleibt der
          Container gesperrt; Ihrer Post darin ist nichts geschehen.
        </Trans>
      );
  }
}

function adviceFor(defect: Defect): ReactNode {
  if (defect === 'altered_page') {
    return (
      <Trans>
        Laden Sie die Seite neu; dazu brauchen Sie eine Verbindung. Hilft das nicht, sagen Sie bitte
        Ihrer Leitstelle Bescheid. Löschen Sie den Container nur, wenn sie Ihnen dazu rät.
      </Trans>
    );
  }
  if (defect === 'altered_policy') {
    return (
      <Trans>
        Sagen Sie bitte Ihrer Leitstelle Bescheid. Löschen Sie den Container nur, wenn sie Ihnen
        dazu rät.
      </Trans>
    );
  }
  return (
    <Trans>
      Auf dem Server ist Ihre Post unverändert. Löschen Sie den Container und legen Sie ihn neu an;
      kommt das öfter vor, sagen Sie bitte Ihrer Leitstelle Bescheid.
    </Trans>
  );
}
