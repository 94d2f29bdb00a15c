import type { Failure } from './failures.ts';

/** How good somebody's line is, as the media plane measures it. */
export type Quality = 'good' | 'weak' | 'lost' | 'unknown';

/** Pictures that can be shown in a `<video>`. */
export type Picture = {
  /** Changes when there is another picture behind it. */
  key: string;
  /** The same two as long as the picture is the same. */
  attach: (element: HTMLVideoElement) => void;
  detach: (element: HTMLVideoElement) => void;
  /** The line is too slow for it just now. */
  paused: boolean;
};

/** What one seat sends. */
export type SeatMedia = {
  identity: string;
  microphone: 'none' | 'muted' | 'on';
  camera: Picture | null;
  screen: Picture | null;
  /** What is sent and does not come here. */
  failed: { microphone: Failure | null; camera: Failure | null; screen: Failure | null };
  quality: Quality;
  speaking: boolean;
  /** It is encrypted from device to device with a key that this browser does not have. */
  unreadable: boolean;
};

/** Where the media line stands. */
export type MediaLine = 'idle' | 'connecting' | 'connected' | 'interrupted' | 'ended';

export type OwnMedia = {
  identity: string;
  microphone: boolean;
  camera: boolean;
  screen: boolean;
  /** What the person may send, as the ticket grants it. */
  maySpeak: boolean;
  mayShow: boolean;
  mayShare: boolean;
};

/** All there is to see and hear. */
export type MediaState = {
  line: MediaLine;
  own: OwnMedia;
  seats: ReadonlyMap<string, SeatMedia>;
  /** Identities, the loudest first. */
  speakers: readonly string[];
  /** The browser plays no sound before the person presses something. */
  silenced: boolean;
};
