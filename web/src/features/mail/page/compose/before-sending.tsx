import { Trans, useLingui } from '@lingui/react/macro';
import { Button } from '../../../../ui/button.tsx';
import { Dialog } from '../../../../ui/dialog.tsx';
import { Icon, icons } from '../../../../ui/icon.tsx';
import type { Address } from '../../model.ts';
import { fullName, shortName } from '../addresses.ts';
import { isolated } from '../bidi.ts';
import { fullDate } from '../words.ts';
import type { Doubt } from './checks.ts';

const MAX_NAMED = 8;

type BeforeSendingProps = {
  doubts: readonly Doubt[];
  onClose: () => void;
  onSend: () => void;
};

/** Asks once before it leaves, where something should be looked at again. */
export function BeforeSending({ doubts, onClose, onSend }: BeforeSendingProps) {
  const { t } = useLingui();
  const leaves = doubts.some(({ kind }) => kind === 'outside');
  return (
    <Dialog
      title={t`Vor dem Senden`}
      isOpen={doubts.length > 0}
      onClose={onClose}
      role="alertdialog"
      footer={
        <>
          <Button autoFocus onPress={onClose}>
            <Trans>Zurück zum Text</Trans>
          </Button>
          <Button variant="primary" icon={icons.iconSend} onPress={onSend}>
            {leaves ? <Trans>Nach außen senden</Trans> : <Trans>Trotzdem senden</Trans>}
          </Button>
        </>
      }
    >
      <ul className="fa-write__doubts">
        {doubts.map((doubt) => (
          <li key={doubt.kind}>
            <Icon of={doubt.kind === 'outside' ? icons.iconPublic : icons.iconWarning} />
            <DoubtText doubt={doubt} />
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

function Named({ recipients }: { recipients: readonly Address[] }) {
  const more = recipients.length - MAX_NAMED;
  return (
    <ul className="fa-write__named">
      {recipients.slice(0, MAX_NAMED).map((one) => (
        <li key={one.email}>
          <bdi>{fullName(one)}</bdi>
        </li>
      ))}
      {more > 0 && (
        <li>
          <Trans>und {more} weitere</Trans>
        </li>
      )}
    </ul>
  );
}

function DoubtText({ doubt }: { doubt: Doubt }) {
  switch (doubt.kind) {
    case 'alike':
      return (
        <div>
          <strong>
            <Trans>Das sieht nach Ihrem Haus aus, gehört aber nicht dazu.</Trans>
          </strong>{' '}
          <Trans>Prüfen Sie die Adresse Buchstabe für Buchstabe.</Trans>
          <Named recipients={doubt.recipients} />
        </div>
      );
    case 'outside':
      return (
        <div>
          <strong>
            <Trans>Die Nachricht verlässt das Haus.</Trans>
          </strong>
          <Named recipients={doubt.recipients} />
        </div>
      );
    case 'answered':
      return (
        <div>
          <strong>
            <Trans>In dieser Unterhaltung wurde inzwischen schon geantwortet.</Trans>
          </strong>{' '}
          <Trans>
            {doubt.by ? isolated(shortName(doubt.by)) : ''} am {fullDate(doubt.atMs)}. Lesen Sie
            diese Antwort, bevor Sie Ihre senden.
          </Trans>
        </div>
      );
    case 'no_attachment':
      return (
        <p>
          <strong>
            <Trans>Fehlt der Anhang?</Trans>
          </strong>{' '}
          <Trans>Im Text ist von einem die Rede, angehängt ist keiner.</Trans>
        </p>
      );
    case 'no_subject':
      return (
        <p>
          <strong>
            <Trans>Der Betreff ist leer.</Trans>
          </strong>{' '}
          <Trans>Mit Betreff wird Ihre Nachricht leichter gefunden.</Trans>
        </p>
      );
    case 'no_text':
      return (
        <p>
          <strong>
            <Trans>Die Nachricht hat noch keinen Text.</Trans>
          </strong>
        </p>
      );
  }
}
