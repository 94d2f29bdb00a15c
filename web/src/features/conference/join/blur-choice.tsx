import { Trans, useLingui } from '@lingui/react/macro';
import { useSyncExternalStore } from 'react';
import { Button } from '../../../ui/button.tsx';
import { Checkbox } from '../../../ui/choices.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Alert } from '../../../ui/notice.tsx';
import { type BlurFault, type BlurState, blurState } from '../meeting/media/blur/state.ts';
import type { ChoicesProps } from './device-check.tsx';

/** How the blur fares, for everything that shows it. */
export const useBlur = (): BlurState => useSyncExternalStore(blurState.subscribe, blurState.get);

const PERCENT = 100;
/** Readers hear steps, not each bit that comes. */
const STEP = 25;

/** Whether what is behind one is blurred, and how that goes on this device. */
export function BlurChoice({ choice, onChoice }: Omit<ChoicesProps, 'devices'>) {
  const { t } = useLingui();
  const state = useBlur();
  return (
    <div className="fa-stack fa-stack--tight">
      <Checkbox
        name="blur"
        label={t`Hintergrund unscharf zeigen`}
        checked={choice.blur}
        onChange={(blur) => onChoice({ ...choice, blur })}
        hint={t`Das geschieht auf diesem Gerät. Beim ersten Mal werden dafür etwa 2 MB geladen.`}
      />
      <p className="fa-small fa-blur" role="status">
        {choice.blur && <Progress state={state} />}
      </p>
      {choice.blur && <Trouble state={state} onOff={() => onChoice({ ...choice, blur: false })} />}
    </div>
  );
}

function Progress({ state }: { state: BlurState }) {
  const share = state.at === 'loading' ? Math.floor((state.share * PERCENT) / STEP) * STEP : 0;
  if (state.at === 'loading') {
    return (
      <>
        <Icon of={icons.iconProgressActivity} size="small" className="fa-spin" />
        {share < PERCENT ? (
          <Trans>Die Unschärfe wird geladen: {share} %</Trans>
        ) : (
          <Trans>Die Unschärfe wird vorbereitet …</Trans>
        )}
      </>
    );
  }
  if (state.at !== 'on') return null;
  return (
    <>
      <Icon of={icons.iconCheckCircle} size="small" />
      <Trans>Ihr Hintergrund ist unscharf.</Trans>
    </>
  );
}

function Trouble({ state, onOff }: { state: BlurState; onOff: () => void }) {
  const { t } = useLingui();
  const off = <Button small onPress={onOff}>{t`Unschärfe ausschalten`}</Button>;
  if (state.at === 'slow') {
    return (
      <Alert
        tone="warning"
        live="polite"
        title={<BlurSlow pictures={state.pictures} />}
        actions={off}
      >
        <p>
          <Trans>Ohne Unschärfe läuft es flüssig, aber man sieht, was hinter Ihnen ist.</Trans>
        </p>
      </Alert>
    );
  }
  if (state.at !== 'failed') return null;
  return (
    <Alert
      tone="warning"
      live="polite"
      title={<Trans>Der Hintergrund lässt sich hier nicht unscharf machen.</Trans>}
      actions={off}
    >
      <p>
        <Why fault={state.fault} />{' '}
        <Trans>Solange die Unschärfe gewählt ist, bleibt Ihre Kamera aus.</Trans>
      </p>
    </Alert>
  );
}

/** The measured truth about a device that is too slow. */
export function BlurSlow({ pictures }: { pictures: number }) {
  return pictures === 1 ? (
    <Trans>
      Die Unschärfe überfordert dieses Gerät: Ihr Bild wechselt nur etwa einmal in der Sekunde.
    </Trans>
  ) : (
    <Trans>
      Die Unschärfe überfordert dieses Gerät: Ihr Bild wechselt nur etwa {pictures}-mal in der
      Sekunde.
    </Trans>
  );
}

function Why({ fault }: { fault: BlurFault }) {
  switch (fault) {
    case 'browser':
      return (
        <Trans>
          Der Browser kann es nicht oder darf die Grafik dieses Geräts nicht benutzen; ein neuerer
          Browser hilft vielleicht.
        </Trans>
      );
    case 'not_loaded':
      return (
        <Trans>
          Was dafür gebraucht wird, ließ sich nicht laden. Schalten Sie die Kamera noch einmal ein,
          sobald die Verbindung besser ist.
        </Trans>
      );
    case 'broken':
      return (
        <Trans>
          Die Berechnung ist abgebrochen. Schalten Sie die Kamera noch einmal ein, um es wieder zu
          versuchen.
        </Trans>
      );
  }
}
