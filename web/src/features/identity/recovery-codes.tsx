import { Trans, useLingui } from '@lingui/react/macro';
import { Button } from '../../ui/button.tsx';
import { icons } from '../../ui/icon.tsx';
import { Alert } from '../../ui/notice.tsx';
import { announce } from '../../ui/status.tsx';

type RecoveryCodesProps = { codes: readonly string[]; name: string; tenant: string };

/** New recovery codes: shown once, to print or to save. */
export function RecoveryCodes({ codes, name, tenant }: RecoveryCodesProps) {
  const { t } = useLingui();
  const save = () => {
    const text = [
      t`Wiederherstellungscodes für ${name}, ${tenant}`,
      t`Jeder Code gilt einmal. Bewahren Sie sie sicher auf, getrennt vom Telefon.`,
      '',
      ...codes,
      '',
    ].join('\r\n');
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
    link.download = t`Fernamt Wiederherstellungscodes.txt`;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  const copy = async () => {
    await navigator.clipboard.writeText(codes.join('\n'));
    announce('success', t`Die Codes sind in der Zwischenablage.`);
  };
  return (
    <div className="fa-stack">
      <Alert tone="warning" title={<Trans>Diese Codes sehen Sie nur jetzt</Trans>}>
        <p>
          <Trans>
            Mit einem davon melden Sie sich an, wenn Ihr Telefon verloren oder kaputt ist. Jeder
            gilt einmal. Drucken Sie sie aus oder speichern Sie sie getrennt vom Telefon.
          </Trans>
        </p>
      </Alert>
      <ul className="fa-codes fa-mono" aria-label={t`Wiederherstellungscodes`}>
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className="fa-row fa-noprint">
        <Button icon={icons.iconPrint} onPress={() => window.print()}>
          <Trans>Drucken</Trans>
        </Button>
        <Button icon={icons.iconDownload} onPress={save}>
          <Trans>Als Datei speichern</Trans>
        </Button>
        <Button icon={icons.iconContentCopy} onPress={() => void copy()}>
          <Trans>Kopieren</Trans>
        </Button>
      </div>
    </div>
  );
}
