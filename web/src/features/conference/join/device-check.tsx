import { Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useRef, useState } from 'react';
import { Button } from '../../../ui/button.tsx';
import { Checkbox, Select } from '../../../ui/choices.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Alert } from '../../../ui/notice.tsx';
import {
  type Device,
  type DeviceChoice,
  type DeviceFault,
  type DeviceKind,
  type Devices,
  faultOf,
  listDevices,
  type OpenDevice,
  openDevice,
  watchDevices,
} from '../meeting/media/devices.ts';
import { canChooseSpeaker, followLevel, playTestTone } from '../meeting/media/sound.ts';
import { BlurChoice } from './blur-choice.tsx';
import { deviceFaultText } from './device-words.ts';

export type OnOff = { camera: boolean; microphone: boolean };

type DeviceCheckProps = {
  choice: DeviceChoice;
  onChoice: (choice: DeviceChoice) => void;
  on: OnOff;
  onToggle: (on: OnOff) => void;
};

/** Tries camera, microphone and speaker before anybody else sees or hears anything. All is off at first. */
export function DeviceCheck({ choice, onChoice, on, onToggle }: DeviceCheckProps) {
  const { t } = useLingui();
  const camera = useDevice('camera', on.camera, choice, () => onToggle({ ...on, camera: false }));
  const microphone = useDevice('microphone', on.microphone, choice, () =>
    onToggle({ ...on, microphone: false }),
  );
  const devices = useDevices(camera.stream, microphone.stream);
  return (
    <section className="fa-check-devices" aria-label={t`Kamera und Mikrofon`}>
      <div className="fa-preview">
        <div className="fa-preview__picture">
          <Preview stream={camera.stream} />
        </div>
        <div className="fa-preview__bar">
          <Button
            small
            variant={on.microphone ? 'primary' : 'secondary'}
            icon={on.microphone ? icons.iconMic : icons.iconMicOff}
            pending={microphone.opening}
            onPress={() => onToggle({ ...on, microphone: !on.microphone })}
          >
            {on.microphone ? t`Mikrofon ausschalten` : t`Mikrofon einschalten`}
          </Button>
          <Button
            small
            variant={on.camera ? 'primary' : 'secondary'}
            icon={on.camera ? icons.iconVideocam : icons.iconVideocamOff}
            pending={camera.opening}
            onPress={() => onToggle({ ...on, camera: !on.camera })}
          >
            {on.camera ? t`Kamera ausschalten` : t`Kamera einschalten`}
          </Button>
        </div>
      </div>
      {microphone.stream && <Level stream={microphone.stream} />}
      <Fault kind="microphone" fault={microphone.fault} />
      <Fault kind="camera" fault={camera.fault === 'blur' && !choice.blur ? null : camera.fault} />
      <details className="fa-plain-details">
        <summary>
          <Trans>Geräte auswählen und testen</Trans>
        </summary>
        <div className="fa-stack">
          <DeviceChoices devices={devices} choice={choice} onChoice={onChoice} />
          <SpeakerTest speaker={choice.speaker} />
        </div>
      </details>
    </section>
  );
}

export type ChoicesProps = {
  devices: Devices;
  choice: DeviceChoice;
  onChoice: (choice: DeviceChoice) => void;
};

/** Which camera, microphone and speaker, and how. */
export function DeviceChoices({ devices, choice, onChoice }: ChoicesProps) {
  const { t } = useLingui();
  const options = (list: readonly Device[], standard: string) => [
    { value: '', label: standard },
    ...list.map(({ id, name }, index) => ({ value: id, label: name || t`Gerät ${index + 1}` })),
  ];
  return (
    <div className="fa-stack">
      <Select
        label={t`Mikrofon`}
        name="microphone"
        value={choice.microphone}
        options={options(devices.microphone, t`Standardgerät`)}
        onChange={(microphone) => onChoice({ ...choice, microphone })}
      />
      <Checkbox
        name="quiet"
        label={t`Störgeräusche unterdrücken`}
        checked={choice.quiet}
        onChange={(quiet) => onChoice({ ...choice, quiet })}
        hint={t`Das macht der Browser auf diesem Gerät.`}
      />
      <Checkbox
        name="push-to-talk"
        label={t`Sprechen nur, solange die Leertaste gedrückt ist`}
        checked={choice.pushToTalk}
        onChange={(pushToTalk) => onChoice({ ...choice, pushToTalk })}
      />
      <Select
        label={t`Kamera`}
        name="camera"
        value={choice.camera}
        options={options(devices.camera, t`Standardgerät`)}
        onChange={(camera) => onChoice({ ...choice, camera })}
      />
      <BlurChoice choice={choice} onChoice={onChoice} />
      {canChooseSpeaker() && (
        <Select
          label={t`Lautsprecher`}
          name="speaker"
          value={choice.speaker}
          options={options(devices.speaker, t`Standardgerät`)}
          onChange={(speaker) => onChoice({ ...choice, speaker })}
        />
      )}
    </div>
  );
}

/** Plays a tone, so that one knows whether the others will be heard. */
export function SpeakerTest({ speaker }: { speaker: string }) {
  const { t } = useLingui();
  const [playing, setPlaying] = useState(false);
  const [failed, setFailed] = useState(false);
  const play = async () => {
    setPlaying(true);
    setFailed(false);
    try {
      await playTestTone(speaker);
    } catch {
      setFailed(true);
    } finally {
      setPlaying(false);
    }
  };
  return (
    <div className="fa-stack fa-stack--tight">
      <div className="fa-row">
        <Button small icon={icons.iconVolumeUp} pending={playing} onPress={() => void play()}>
          {t`Testton abspielen`}
        </Button>
        <span role="status">{playing && <Trans>Sie sollten jetzt einen Ton hören.</Trans>}</span>
      </div>
      {failed && (
        <Alert
          tone="warning"
          live="polite"
          title={<Trans>Der Ton ließ sich nicht abspielen.</Trans>}
        >
          <p>
            <Trans>
              Prüfen Sie, ob der Lautsprecher angeschlossen ist, oder wählen Sie einen anderen.
            </Trans>
          </p>
        </Alert>
      )}
    </div>
  );
}

function Preview({ stream }: { stream: MediaStream | null }) {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (element.current) element.current.srcObject = stream;
  }, [stream]);
  return stream ? (
    <video ref={element} className="fa-preview__video" autoPlay playsInline muted />
  ) : (
    <p className="fa-preview__off">
      <Icon of={icons.iconVideocamOff} size="large" />
      <Trans>Die Kamera ist aus.</Trans>
    </p>
  );
}

function Fault({ kind, fault }: { kind: DeviceKind; fault: DeviceFault | null }) {
  if (!fault) return null;
  const [what, next] = deviceFaultText(kind, fault);
  return (
    <Alert tone="warning" live="polite" title={what}>
      <p>{next}</p>
    </Alert>
  );
}

const PERCENT = 100;
/** Readers hear steps, not each tremble. */
const STEP = 10;

function Level({ stream }: { stream: MediaStream }) {
  const { t } = useLingui();
  const [level, setLevel] = useState(0);
  const [heard, setHeard] = useState(false);
  useEffect(
    () =>
      followLevel(stream, (now) => {
        setLevel(now);
        if (now > 0.3) setHeard(true);
      }),
    [stream],
  );
  const percent = Math.round((level * PERCENT) / STEP) * STEP;
  return (
    <div className="fa-level">
      {/* biome-ignore lint/a11y/useSemanticElements: the browsers' own cannot be drawn in our colours */}
      <div
        className="fa-level__bar"
        role="meter"
        aria-label={t`Lautstärke Ihres Mikrofons`}
        aria-valuemin={0}
        aria-valuemax={PERCENT}
        aria-valuenow={percent}
      >
        <span style={{ inlineSize: `${percent}%` }} />
      </div>
      <p className="fa-small fa-muted" role="status">
        {heard ? (
          <Trans>Ihr Mikrofon funktioniert. Noch hört Sie niemand.</Trans>
        ) : (
          <Trans>Sagen Sie etwas: Der Balken schlägt aus. Noch hört Sie niemand.</Trans>
        )}
      </p>
    </div>
  );
}

type Opened = { stream: MediaStream | null; opening: boolean; fault: DeviceFault | null };

/** A device that is open as long as it is wanted. */
function useDevice(
  kind: DeviceKind,
  wanted: boolean,
  choice: DeviceChoice,
  onFailed: () => void,
): Opened {
  const [state, setState] = useState<Opened>({ stream: null, opening: false, fault: null });
  const failed = useRef(onFailed);
  failed.current = onFailed;
  const chosen = useRef(choice);
  chosen.current = choice;
  const wish =
    kind === 'camera' ? `${choice.camera} ${choice.blur}` : `${choice.microphone} ${choice.quiet}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another wish opens the device anew
  useEffect(() => {
    if (!wanted) return;
    let gone = false;
    let opened: OpenDevice | null = null;
    const fails = (error: unknown) => {
      if (gone) return;
      setState({ stream: null, opening: false, fault: faultOf(error) });
      failed.current();
    };
    setState({ stream: null, opening: true, fault: null });
    openDevice(kind, chosen.current, fails).then((device) => {
      opened = device;
      if (gone) device.close();
      else setState({ stream: device.stream, opening: false, fault: null });
    }, fails);
    return () => {
      gone = true;
      opened?.close();
      setState(({ fault }) => ({ stream: null, opening: false, fault }));
    };
  }, [kind, wanted, wish]);
  return state;
}

/** What is plugged in; names come once the browser has given permission. */
export function useDevices(...opened: readonly unknown[]): Devices {
  const [devices, setDevices] = useState<Devices>({ camera: [], microphone: [], speaker: [] });
  useEffect(() => {
    let gone = false;
    const look = () =>
      void listDevices().then((found) => {
        if (!gone) setDevices(found);
      });
    look();
    const stop = watchDevices(look);
    return () => {
      gone = true;
      stop();
    };
  }, [...opened]);
  return devices;
}
