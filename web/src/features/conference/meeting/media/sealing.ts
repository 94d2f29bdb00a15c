import type { RoomOptions } from 'livekit-client';
import workerAddress from 'livekit-client/e2ee-worker?worker&url';
import { ownScript } from '../../../../app/own-script.ts';
import { keyBytes } from '../../end-to-end.ts';

type LiveKit = typeof import('livekit-client');

/** Encrypts and decrypts sound and pictures beside the page; loaded only where a meeting asks for it. */
export type Sealing = { options: NonNullable<RoomOptions['encryption']>; stop: () => void };

/** Starts with this key, or without one: then nothing is sent, and nothing that comes is decrypted. */
export async function startSealing(livekit: LiveKit, key: string | null): Promise<Sealing> {
  const keyProvider = new livekit.ExternalE2EEKeyProvider();
  if (key) await keyProvider.setKey(keyBytes(key).buffer);
  const worker = new Worker(ownScript(workerAddress), { type: 'module' });
  return { options: { keyProvider, worker }, stop: () => worker.terminate() };
}
