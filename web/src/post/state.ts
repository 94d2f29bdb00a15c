import type { ContainerState, LockCause, Offline } from '../features/mail/container/index.ts';
import type { Defect, Held, Refusal } from './refusal.ts';
import type { Office, Standing, Terms } from './standing.ts';

/** Why there is no container to unlock. */
export type Emptied =
  /** This device never had one. */
  | 'first'
  /** The server still has a share: the browser cleared the disk, or the person did. */
  | 'evicted'
  /** There is a container, and the server has forgotten its share. */
  | 'wiped_by_desk'
  /** The person deleted it here. */
  | 'wiped_here';

/** What stands beside the fields of a form: why the last attempt went wrong. */
export type Complaint = Extract<
  Refusal,
  {
    kind:
      | 'wrong_passphrase'
      | 'wait'
      | 'no_line'
      | 'no_room'
      | 'no_authenticator'
      | 'too_many'
      | 'no_licence'
      | 'too_old'
      | 'unexpected';
  }
>;

/** Why a locked container does not open without a line: that was never set up, or not any more. */
export type Shut = 'none' | 'period' | 'clock';

/** What the page shows. One of these at a time, and nothing else decides. */
export type State =
  | { at: 'asking'; locked: LockCause | null }
  | { at: 'signed_out'; wasOpen: boolean }
  | { at: 'device'; is: Held }
  | { at: 'no_line'; container: ContainerState; locked: LockCause | null; shut: Shut }
  | {
      at: 'locked_offline';
      locked: LockCause | null;
      working: boolean;
      complaint: Complaint | null;
      attempts: number;
    }
  | { at: 'no_answer'; detail: string }
  | { at: 'not_fresh'; locked: LockCause | null }
  | {
      at: 'terms';
      locked: LockCause | null;
      standing: Standing & { terms: Terms };
      working: boolean;
      complaint: Complaint | null;
    }
  | {
      at: 'new';
      emptied: Emptied;
      standing: Standing;
      working: boolean;
      complaint: Complaint | null;
    }
  | {
      at: 'locked';
      locked: LockCause | null;
      standing: Standing;
      working: boolean;
      complaint: Complaint | null;
      /** Counts the refused attempts, so that the same complaint is heard again. */
      attempts: number;
    }
  | { at: 'defect'; defect: Defect; office: string | undefined }
  | { at: 'unlocked'; standing: Office; isOffline: boolean };

export type Event =
  | { type: 'asks'; locked: LockCause | null }
  | { type: 'found'; standing: Standing; container: ContainerState; emptied: Emptied | null }
  | { type: 'works' }
  | { type: 'refused'; refusal: Refusal; container: ContainerState; offline?: Offline }
  | { type: 'opened'; standing: Office; isOffline?: boolean }
  | { type: 'locked'; cause: LockCause | null };

export const START: State = { at: 'asking', locked: null };

/** The next state. Pure: whoever feeds it events does the work. */
export function next(state: State, event: Event): State {
  switch (event.type) {
    case 'asks':
      return { at: 'asking', locked: event.locked };
    case 'works':
      return 'working' in state
        ? { ...state, working: true, ...('complaint' in state && { complaint: null }) }
        : state;
    case 'found':
      return found(state, event);
    case 'opened':
      return {
        at: 'unlocked',
        standing: event.standing,
        isOffline: event.isOffline ?? false,
      };
    case 'locked':
      return state.at === 'unlocked' ? { at: 'asking', locked: event.cause } : state;
    case 'refused':
      return refused(state, event);
  }
}

function found(state: State, { standing, container, emptied }: Event & { type: 'found' }): State {
  if (container === 'unlocked') return { at: 'unlocked', standing, isOffline: false };
  if (standing.phonesRefused) return { at: 'device', is: 'phone' };
  const locked = lockedIn(state);
  const { terms } = standing;
  if (terms) {
    return {
      at: 'terms',
      locked,
      standing: { ...standing, terms },
      working: false,
      complaint: null,
    };
  }
  if (container === 'locked') {
    if (!standing.signInFresh) return { at: 'not_fresh', locked };
    return { at: 'locked', locked, standing, working: false, complaint: null, attempts: 0 };
  }
  const why = emptied ?? (standing.share.exists ? 'evicted' : 'first');
  if (!standing.signInFresh) return { at: 'not_fresh', locked: null };
  return { at: 'new', emptied: why, standing, working: false, complaint: null };
}

function refused(
  state: State,
  { refusal, container, offline }: Event & { type: 'refused' },
): State {
  const locked = lockedIn(state);
  switch (refusal.kind) {
    case 'signed_out':
      if (state.at === 'signed_out') return state;
      return { at: 'signed_out', wasOpen: state.at === 'unlocked' };
    case 'device':
      return { at: 'device', is: refusal.is };
    case 'not_fresh':
      return { at: 'not_fresh', locked };
    case 'no_line':
      if (offline === 'ready') {
        if (state.at === 'locked_offline') return { ...state, working: false };
        return { at: 'locked_offline', locked, working: false, complaint: null, attempts: 0 };
      }
      if (hasForm(state) && state.at !== 'locked_offline') return complained(state, refusal);
      return { at: 'no_line', container, locked, shut: offline === 'over' ? 'period' : 'none' };
    case 'over':
      return { at: 'no_line', container, locked, shut: refusal.why };
    case 'defect': {
      const office = 'standing' in state ? state.standing.office : undefined;
      return { at: 'defect', defect: refusal.defect, office };
    }
    case 'unexpected':
      if (hasForm(state)) return complained(state, refusal);
      return { at: 'no_answer', detail: refusal.detail };
    case 'wrong_passphrase':
    case 'wait':
    case 'no_room':
    case 'no_authenticator':
    case 'too_many':
    case 'no_licence':
    case 'too_old':
      if (hasForm(state)) return complained(state, refusal);
      return { at: 'no_answer', detail: refusal.kind };
    case 'no_prf':
      return { at: 'no_answer', detail: refusal.kind };
    // The disk and the server say something else than a moment ago: both are asked again.
    case 'terms':
    case 'no_share':
    case 'share_exists':
    case 'no_container':
      return { at: 'asking', locked };
  }
}

type WithForm = State & { at: 'locked' | 'locked_offline' | 'new' | 'terms' };

function hasForm(state: State): state is WithForm {
  return ['locked', 'locked_offline', 'new', 'terms'].includes(state.at);
}

function complained(state: WithForm, complaint: Complaint): State {
  const settled = { ...state, working: false, complaint };
  return 'attempts' in settled ? { ...settled, attempts: settled.attempts + 1 } : settled;
}

function lockedIn(state: State): LockCause | null {
  return 'locked' in state ? state.locked : null;
}
