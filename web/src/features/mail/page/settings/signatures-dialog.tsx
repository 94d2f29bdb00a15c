import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { Button } from '../../../../ui/button.tsx';
import { Dialog } from '../../../../ui/dialog.tsx';
import { TextAreaField } from '../../../../ui/fields.tsx';
import { Alert } from '../../../../ui/notice.tsx';
import { fullName } from '../addresses.ts';
import { useMailPage } from '../context.ts';
import { useMailStatus } from '../use-asked.ts';
import { faultText } from '../words.ts';

const MAX_SIGNATURE_CHARS = 4_000;

/** What stands below new messages, for each sender. */
export function SignaturesDialog({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const { mail, identities, tell } = useMailPage();
  const { line } = useMailStatus(mail);
  const [begun] = useState(identities);
  const [texts, setTexts] = useState<ReadonlyMap<string, string>>(
    () => new Map(begun.map(({ id, textSignature }) => [id, textSignature])),
  );
  const [pending, setPending] = useState(false);
  const [fault, setFault] = useState<unknown>();
  const shut = line === 'offline';
  const save = async () => {
    setPending(true);
    setFault(undefined);
    try {
      for (const { id, textSignature } of begun) {
        const text = texts.get(id) ?? '';
        if (text.trim() !== textSignature.trim()) await mail.setSignature(id, text);
      }
      tell({ text: t`Signaturen gespeichert` });
      onClose();
    } catch (reason) {
      setFault(reason);
    } finally {
      setPending(false);
    }
  };
  return (
    <Dialog
      title={t`Signaturen`}
      isOpen
      onClose={onClose}
      wide
      footer={
        <>
          <Button onPress={onClose}>{shut ? t`Schließen` : t`Abbrechen`}</Button>
          {!shut && (
            <Button variant="primary" pending={pending} onPress={() => void save()}>
              <Trans>Speichern</Trans>
            </Button>
          )}
        </>
      }
    >
      <div className="fa-stack">
        {shut && (
          <Alert
            tone="info"
            title={<Trans>Ohne Verbindung lassen sich Signaturen nicht ändern</Trans>}
          />
        )}
        {fault !== undefined && (
          <Alert tone="danger" live="assertive" title={faultText(fault).what}>
            <p>{faultText(fault).next}</p>
          </Alert>
        )}
        {begun.map(({ id, name, email }) => (
          <TextAreaField
            key={id}
            name={`mail-signature-${id}`}
            label={fullName({ name, email })}
            hint={t`Steht unter jeder neuen Nachricht.`}
            optional
            rows={4}
            value={texts.get(id) ?? ''}
            maxLength={MAX_SIGNATURE_CHARS}
            isDisabled={shut}
            autoComplete="off"
            onChange={(text) => setTexts(new Map(texts).set(id, text))}
          />
        ))}
      </div>
    </Dialog>
  );
}
