import { BlurProblem } from './blur/state.ts';

/** Why a camera or microphone cannot be used; without the blur that was chosen, no camera is. */
export type DeviceFault = 'denied' | 'missing' | 'busy' | 'insecure' | 'blur' | 'unknown';

export type DeviceKind = 'camera' | 'microphone';

/** What the person chose in this browser; empty is the browser's own choice. */
export type DeviceChoice = {
  camera: string;
  microphone: string;
  speaker: string;
  /** The browser's own noise suppression. */
  quiet: boolean;
  /** The microphone is on only while the space bar is held. */
  pushToTalk: boolean;
  /** What is behind the person is blurred, on this device. */
  blur: boolean;
};

/** The devices at hand, by what they do. Without permission their names are empty. */
export type Devices = Record<'camera' | 'microphone' | 'speaker', readonly Device[]>;
export type Device = { id: string; name: string };

const STORED = 'fernamt-meeting-devices';
const WIDTH = 1280;
const HEIGHT = 720;
const FRAMES = 30;

const untouched: DeviceChoice = {
  camera: '',
  microphone: '',
  speaker: '',
  quiet: true,
  pushToTalk: false,
  blur: false,
};

/** A device could not be opened. */
export class DeviceProblem extends Error {
  constructor(
    readonly kind: DeviceKind,
    readonly fault: DeviceFault,
  ) {
    super(`${kind}: ${fault}`);
    this.name = 'DeviceProblem';
  }
}

/** The choice of the last time. */
export function storedChoice(): DeviceChoice {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORED) ?? '{}');
    return typeof stored === 'object' && stored ? { ...untouched, ...stored } : untouched;
  } catch {
    return untouched;
  }
}

/** Keeps the choice for the next time. */
export function storeChoice(choice: DeviceChoice): void {
  localStorage.setItem(STORED, JSON.stringify(choice));
}

/** What a camera is asked for; a device that is gone is replaced by the browser's own choice. */
export function cameraWishes({ camera }: DeviceChoice): MediaTrackConstraints {
  return {
    width: { ideal: WIDTH },
    height: { ideal: HEIGHT },
    frameRate: { ideal: FRAMES },
    ...(camera ? { deviceId: { ideal: camera } } : { facingMode: { ideal: 'user' } }),
  };
}

/** What a microphone is asked for. */
export function microphoneWishes({ microphone, quiet }: DeviceChoice): MediaTrackConstraints {
  return {
    echoCancellation: true,
    autoGainControl: true,
    noiseSuppression: quiet,
    ...(microphone && { deviceId: { ideal: microphone } }),
  };
}

/** A camera or microphone that is on, until it is let go of; then its light goes out. */
export type OpenDevice = { stream: MediaStream; close: () => void };

/** Opens a device, or throws with the reason, which `faultOf` knows. A picture breaks only while it is blurred. */
export async function openDevice(
  kind: DeviceKind,
  choice: DeviceChoice,
  onBroken: (error: unknown) => void,
): Promise<OpenDevice> {
  const raw = await openRaw(kind, choice);
  if (kind === 'microphone' || !choice.blur) return { stream: raw, close: () => stop(raw) };
  try {
    const { openBlurred } = await import('./blur/blurred.ts');
    return await openBlurred(raw, onBroken);
  } catch (error) {
    stop(raw);
    throw error instanceof BlurProblem ? error : new BlurProblem('not_loaded');
  }
}

async function openRaw(kind: DeviceKind, choice: DeviceChoice): Promise<MediaStream> {
  if (!navigator.mediaDevices) throw new DeviceProblem(kind, 'insecure');
  try {
    return await navigator.mediaDevices.getUserMedia(
      kind === 'camera' ? { video: cameraWishes(choice) } : { audio: microphoneWishes(choice) },
    );
  } catch (error) {
    throw new DeviceProblem(kind, faultOf(error));
  }
}

/** The reason in the browser's error. */
export function faultOf(error: unknown): DeviceFault {
  if (error instanceof DeviceProblem) return error.fault;
  if (error instanceof BlurProblem) return 'blur';
  const name = typeof error === 'object' && error && 'name' in error ? String(error.name) : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing';
  if (name === 'NotReadableError' || name === 'AbortError') return 'busy';
  return 'unknown';
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** What is plugged in. */
export async function listDevices(): Promise<Devices> {
  const found = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  const ofKind = (kind: MediaDeviceKind) =>
    found
      .filter((device) => device.kind === kind && device.deviceId !== '')
      // Chromium repeats the standard device under a name of its own.
      .filter(({ deviceId }) => deviceId !== 'default' && deviceId !== 'communications')
      .map(({ deviceId, label }) => ({ id: deviceId, name: label }));
  return {
    camera: ofKind('videoinput'),
    microphone: ofKind('audioinput'),
    speaker: ofKind('audiooutput'),
  };
}

/** Calls back whenever something is plugged in or out; returns how to stop. */
export function watchDevices(onChange: () => void): () => void {
  navigator.mediaDevices?.addEventListener('devicechange', onChange);
  return () => navigator.mediaDevices?.removeEventListener('devicechange', onChange);
}
