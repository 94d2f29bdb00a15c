import type { Schema } from '../../../api/client.ts';

/** The text as it came, where the key at hand does not open it. */
type Closed = { sealed?: string | null };

export type Act = Schema<'SocketAct'>;
export type Hello = Schema<'SocketHello'>;
/** What the server says; texts that were encrypted from device to device are decrypted in it, or kept closed. */
export type Message = Schema<'SocketMessage'>;
export type Refusal = Schema<'SocketRefusal'>;
export type Ended = Schema<'PresenceEnded'>;
export type Facts = Schema<'MeetingFacts'>;
export type Seat = Schema<'Seat'>;
export type SeatPermissions = Schema<'SeatPermissions'>;
export type Role = Schema<'MeetingRole'>;
export type Rules = Schema<'MeetingRules'>;
export type RulesChange = Schema<'RulesChange'>;
export type Hand = Schema<'RaisedHand'> & Closed;
export type Guest = Schema<'LobbyGuest'>;
export type ChatMessage = Schema<'ChatMessage'> & Closed;
export type ChatTo = Schema<'ChatTo'>;
export type LobbyFor = Schema<'LobbyFor'>;
export type Reaction = Schema<'Reaction'>;
export type Counts = Schema<'MeetingCounts'>;

/** The close codes of the server; with all others the page comes back by itself. */
export const closeCodes = {
  ended: 4000,
  enterAgain: 4001,
  malformed: 4002,
  tooSlow: 4003,
  elsewhere: 4004,
  later: 4005,
} as const;

/** The server's limits, so that the page can say so before it sends. */
export const limits = {
  chat: 2_000,
  name: 60,
  question: 300,
  waitingText: 500,
} as const;
