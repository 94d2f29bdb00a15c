import { ContainerFault } from '../features/mail/container/index.ts';

/** Why a container cannot be opened any more, whatever is typed. */
export type Defect = 'older_disk' | 'damaged' | 'foreign_share' | 'altered_policy' | 'altered_page';

/**
 * Why mail does not reach a device: nobody approved it yet, it is suspended for a while, revoked for good, or a phone where
 * the administration takes none.
 */
export type Held = 'pending' | 'suspended' | 'blocked' | 'phone';

/** Why something was not done, in the words of the shell. */
export type Refusal =
  | { kind: 'signed_out' }
  | { kind: 'not_fresh' }
  | { kind: 'device'; is: Held }
  | { kind: 'no_line' }
  | { kind: 'wrong_passphrase' }
  /** Too many wrong ones: the server wants a pause. */
  | { kind: 'wait'; seconds: number }
  /** The server has no share of this device any more. */
  | { kind: 'no_share' }
  /** The server has one already: another tab was faster. */
  | { kind: 'share_exists' }
  /** Nothing is on this disk any more. */
  | { kind: 'no_container' }
  | { kind: 'defect'; defect: Defect }
  | { kind: 'no_room' }
  /** The terms of use are to be accepted first, or were changed. */
  | { kind: 'terms' }
  /** The person has as many containers on other devices as they may have. */
  | { kind: 'too_many'; most: number }
  /** All licences of the security app that phones need are taken. */
  | { kind: 'no_licence'; licences: number }
  /** The browser is older than the administration allows. */
  | { kind: 'too_old'; browser: string; least: number }
  /** Without a line it does not open any more: the granted time is over, or the clock was set back. */
  | { kind: 'over'; why: 'period' | 'clock' }
  /** The passkey did not answer. */
  | { kind: 'no_authenticator' }
  /** The passkey makes no secrets. */
  | { kind: 'no_prf' }
  /** The server does not do what was agreed; what it said is for whoever helps. */
  | { kind: 'unexpected'; detail: string };

/** A refusal on its way from the server through the container. */
export class Refused extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.kind);
    this.name = 'Refused';
  }
}

/** What an error of the server or of the container means here. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refused) return error.refusal;
  if (!(error instanceof ContainerFault)) return { kind: 'unexpected', detail: String(error) };
  switch (error.kind) {
    case 'wrong_passphrase':
    case 'no_container':
    case 'no_authenticator':
    case 'no_prf':
      return { kind: error.kind };
    case 'offline':
      return { kind: 'no_line' };
    case 'expired':
      return { kind: 'over', why: 'period' };
    case 'clock_behind':
      return { kind: 'over', why: 'clock' };
    case 'quota':
      return { kind: 'no_room' };
    case 'rolled_back':
      return { kind: 'defect', defect: 'older_disk' };
    case 'damaged':
    case 'altered_policy':
    case 'altered_page':
      return { kind: 'defect', defect: error.kind };
    case 'no_share':
      return { kind: 'defect', defect: 'foreign_share' };
    default:
      return { kind: 'unexpected', detail: error.message };
  }
}
