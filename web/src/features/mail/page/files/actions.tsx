import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { Button } from '../../../../ui/button.tsx';
import { icons } from '../../../../ui/icon.tsx';
import { useRules } from '../../guard/rules.ts';
import { useMailPage } from '../context.ts';
import type { ViewedFile } from '../viewers/viewer.tsx';
import { useOwnFiles } from './context.ts';
import { saveOut } from './save-out.ts';
import { filesFaultText } from './words.ts';

/** What can be done with an attachment besides looking at it: as far as the rules of the house go. */
export function FileActions({ file, isKept = false }: { file: ViewedFile; isKept?: boolean }) {
  const { t } = useLingui();
  const { tell } = useMailPage();
  const files = useOwnFiles();
  const { download, files: mayKeep } = useRules();
  const [pending, setPending] = useState(false);
  const name = file.name || t`Datei`;
  const keep = async () => {
    if (!files) return;
    setPending(true);
    try {
      const kept = await files.add({ ...file, name });
      tell({ text: t`„${kept.name}“ liegt in der Ablage.` });
    } catch (fault) {
      tell({ text: filesFaultText(fault), failed: true });
    } finally {
      setPending(false);
    }
  };
  const save = () => {
    saveOut(name, file.bytes).catch(() => {
      tell({ text: t`Die Datei ließ sich nicht speichern.`, failed: true });
    });
  };
  return (
    <div className="fa-row fa-files__actions">
      {files && mayKeep && !isKept && (
        <Button small icon={icons.iconInventory2} pending={pending} onPress={() => void keep()}>
          <Trans>In die Ablage legen</Trans>
        </Button>
      )}
      {download ? (
        <Button small variant="tertiary" icon={icons.iconDownload} onPress={save}>
          <Trans>Herunterladen</Trans>
        </Button>
      ) : (
        <span className="fa-muted fa-small">
          <Trans>Ihre Verwaltung lässt nichts außerhalb des Containers speichern.</Trans>
        </span>
      )}
    </div>
  );
}
