/** Why the container did not do what it was asked to; each has a sentence of its own for people. */
export type FaultKind =
  /** The keys are not in memory: nobody unlocked it, or it was locked since. */
  | 'locked'
  /** There is no container in this browser: never made, wiped, or evicted by the browser. */
  | 'no_container'
  | 'wrong_passphrase'
  /** What lies on the disk is not what was written there. */
  | 'damaged'
  /** An older state of the container lies on the disk than the one that was last told to the server. */
  | 'rolled_back'
  /** The server gives no share to this device, or not the one that this container was closed with. */
  | 'no_share'
  /** The server can not be asked. */
  | 'offline'
  /** The policy's signature does not hold, or it is meant for another device, or is older than one seen before. */
  | 'altered_policy'
  /** A file of the page is not the one of its build, or the server did not sign this build. */
  | 'altered_page'
  /** The time in which it may be unlocked without the server is over, or was never granted. */
  | 'expired'
  /** The clock is behind the last unlocking: offline nobody can tell whether the time is over. */
  | 'clock_behind'
  /** The authenticator did not answer, does not know the credential any more, or the person declined. */
  | 'no_authenticator'
  /** The browser or the authenticator has no PRF. */
  | 'no_prf'
  /** The browser grants no more room. */
  | 'quota'
  | 'too_large'
  /** Something with this name is not inside. */
  | 'missing';

/** A refusal of the container. It carries no content, no names and no keys, so that it may be logged. */
export class ContainerFault extends Error {
  readonly kind: FaultKind;

  constructor(kind: FaultKind) {
    super(`container: ${kind}`);
    this.name = 'ContainerFault';
    this.kind = kind;
  }
}

export function isFault(error: unknown, kind: FaultKind): boolean {
  return error instanceof ContainerFault && error.kind === kind;
}

/** What the browser says of a full disk, in the container's words. Other errors stay as they are. */
export function quotaOr(error: unknown): unknown {
  // Firefox had a name of its own.
  const names = ['QuotaExceededError', 'NS_ERROR_FILE_NO_DEVICE_SPACE'];
  const full = error instanceof Error || error instanceof DOMException;
  return full && names.includes((error as Error).name) ? new ContainerFault('quota') : error;
}
