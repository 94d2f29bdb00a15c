import type {
  ChatMessage,
  Counts,
  Ended,
  Facts,
  Guest,
  Hand,
  Message,
  Rules,
  Seat,
  SeatPermissions,
} from './wire.ts';

/** All that the server has said about the meeting. */
export type MeetingModel = {
  at: 'opening' | 'lobby' | 'seated' | 'ended';
  facts: Facts | null;
  /** In the lobby: what the hosts have to say, and whether one is there. */
  waitingText: string;
  hostPresent: boolean;
  own: Seat | null;
  may: SeatPermissions;
  roster: ReadonlyMap<string, Seat>;
  /** All who were ever in the roster: what they wrote stays when they go. */
  met: ReadonlyMap<string, Seat>;
  counts: Counts;
  rules: Rules;
  hands: readonly Hand[];
  handsTotal: number;
  chat: readonly ChatMessage[];
  moreChat: boolean;
  lobby: readonly Guest[];
  guessed: boolean;
  /** The listeners that a search found. */
  found: { listeners: readonly Seat[]; more: boolean };
  newPin: { number: string; pin: string } | null;
  beganAt: string | null;
  ended: Ended | 'malformed' | null;
};

const nothingAllowed: SeatPermissions = {
  speak: false,
  show: false,
  share: false,
  chat: false,
  chat_to_hosts: false,
  chat_to_one: false,
  react: false,
  moderate: false,
};

export const emptyMeeting: MeetingModel = {
  at: 'opening',
  facts: null,
  waitingText: '',
  hostPresent: false,
  own: null,
  may: nothingAllowed,
  roster: new Map(),
  met: new Map(),
  counts: { seated: 0, listeners: 0, waiting: 0, hands: 0 },
  rules: {
    locked: false,
    lobby: false,
    may_unmute: true,
    may_show: true,
    may_share: true,
    chat: 'public',
    may_react: true,
  },
  hands: [],
  handsTotal: 0,
  chat: [],
  moreChat: false,
  lobby: [],
  guessed: false,
  found: { listeners: [], more: false },
  newPin: null,
  beganAt: null,
  ended: null,
};

/** The meeting after one more message. */
export function heard(model: MeetingModel, message: Message): MeetingModel {
  switch (message.message) {
    case 'waiting':
      return {
        ...model,
        at: 'lobby',
        facts: message.meeting,
        waitingText: message.waiting_text,
        hostPresent: message.host_present,
      };
    case 'welcome':
      return {
        ...emptyMeeting,
        at: 'seated',
        facts: message.meeting,
        own: message.own.seat,
        may: message.own.may,
        roster: new Map(message.roster.map((seat) => [seat.id, seat])),
        met: changed(model.met, { seats: message.roster, gone: [] }),
        counts: message.counts,
        rules: message.rules,
        hands: message.hands,
        handsTotal: message.counts.hands,
        chat: message.chat,
        moreChat: message.more_chat,
        lobby: message.lobby ?? [],
        waitingText: message.waiting_text ?? '',
        guessed: message.guessed,
        beganAt: message.began_at,
      };
    case 'own':
      return {
        ...model,
        own: message.seat,
        may: message.may,
        // Who no longer runs the meeting no longer sees who waits.
        ...(!message.may.moderate && { lobby: [], guessed: false, newPin: null }),
      };
    case 'roster':
      return {
        ...model,
        roster: changed(model.roster, message),
        met: changed(model.met, { seats: message.seats, gone: [] }),
        counts: message.counts,
      };
    case 'counts':
      return {
        ...model,
        counts: {
          seated: message.seated,
          listeners: message.listeners,
          waiting: message.waiting,
          hands: message.hands,
        },
        handsTotal: message.hands,
      };
    case 'rules': {
      const { message: _, ...rules } = message;
      return { ...model, rules };
    }
    case 'hands':
      return { ...model, hands: message.hands, handsTotal: message.total };
    case 'chat': {
      const { message: _, ...chat } = message;
      return { ...model, chat: withMessage(model.chat, chat) };
    }
    case 'chat_deleted':
      return { ...model, chat: model.chat.filter(({ id }) => id !== message.id) };
    case 'chat_page':
      return { ...model, chat: before(message.messages, model.chat), moreChat: message.more };
    case 'lobby':
      return { ...model, lobby: message.waiting, waitingText: message.waiting_text };
    case 'guessed':
      return { ...model, guessed: message.now };
    case 'pin_renewed':
      return { ...model, newPin: { number: message.number, pin: message.pin }, guessed: false };
    case 'found':
      return { ...model, found: { listeners: message.listeners, more: message.more } };
    case 'ended':
      return message.why === 'restart' ? model : { ...model, at: 'ended', ended: message.why };
    default:
      return model;
  }
}

function changed(
  roster: ReadonlyMap<string, Seat>,
  { seats, gone }: { seats: readonly Seat[]; gone: readonly string[] },
): ReadonlyMap<string, Seat> {
  const next = new Map(roster);
  for (const id of gone) next.delete(id);
  for (const seat of seats) next.set(seat.id, seat);
  return next;
}

/** A new message goes to the end; a changed one stays where it is. */
/** The page before what is there. Who asked for it twice is told it twice. */
function before(page: readonly ChatMessage[], chat: readonly ChatMessage[]) {
  const first = chat[0]?.id ?? Number.POSITIVE_INFINITY;
  return [...page.filter(({ id }) => id < first), ...chat];
}

function withMessage(chat: readonly ChatMessage[], message: ChatMessage): readonly ChatMessage[] {
  const at = chat.findIndex(({ id }) => id === message.id);
  return at < 0 ? [...chat, message] : chat.with(at, message);
}

/** Whether few speak and many listen. */
export const isLecture = ({ facts }: Pick<MeetingModel, 'facts'>) => facts?.kind === 'lecture';

/** Whether this seat listens only. */
export const listens = ({ own }: Pick<MeetingModel, 'own'>) =>
  own?.role === 'listener' && !own.on_stage;
