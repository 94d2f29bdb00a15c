import { randomUUID } from 'node:crypto';
import type { Page, WebSocketRoute } from 'playwright-core';
import type { components } from '../../src/api/api-schema.d.ts';
import { type MockOffice, problem } from './mock-office.ts';

type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];
type Seat = Schema<'Seat'>;
type Message = Schema<'SocketMessage'>;
type Act = Schema<'SocketAct'> & { re?: number };
type Role = Schema<'MeetingRole'>;

const MEETING = '0199a000-0000-7000-8000-00000000c001';
const HOUR_MS = 3_600_000;

type Guest = { page: Page; socket: WebSocketRoute | null; seat: Seat };

/** A stand-in for the meeting's part of the server: lets everybody in and passes on what they say. Nothing is seen or heard. */
export class MockMeeting {
  readonly facts: Schema<'MeetingFacts'>;
  rules: Schema<'MeetingRules'> = {
    locked: false,
    lobby: false,
    may_unmute: true,
    may_show: true,
    may_share: true,
    chat: 'private',
    may_react: true,
  };
  /** Those who are there without a browser. */
  others: Seat[] = [];
  hands: Schema<'RaisedHand'>[] = [];
  chat: Schema<'ChatMessage'>[] = [];
  lobby: Schema<'LobbyGuest'>[] = [];
  listeners = 0;
  role: Role = 'participant';
  place: 'seat' | 'lobby' = 'seat';
  hostPresent = true;
  waitingText = '';
  /** Nobody comes back to a seat any more. */
  seatsGone = false;
  /** What is asked waits for `refuseHeld`. */
  holdsAnswers = false;
  private held: (() => void)[] = [];
  readonly acts: Act[] = [];
  private guests: Guest[] = [];

  constructor(facts: Partial<Schema<'MeetingFacts'>> = {}) {
    this.facts = {
      id: MEETING,
      title: 'Haushalt 2027: Ämterrunde',
      kind: 'meeting',
      protection: 'internal',
      safeguards: {
        lobby: 'guests',
        encryption: 'transport',
        dial_in: true,
        guests: true,
        keep_chat_days: 7,
      },
      starts_at: '2026-11-23T09:00:00Z',
      ends_at: '2026-11-23T10:00:00Z',
      closes_at: '2026-11-23T11:00:00Z',
      held_by: 'Jana Petersen',
      house: {
        name: 'Stadt Auenbrück',
        host: 'fernamt.auenbrueck.de',
        media: 'this_server',
        media_host: 'fernamt.auenbrueck.de',
      },
      kept: [
        { what: 'attendance', until: { rule: 'never' } },
        { what: 'media', until: { rule: 'never' } },
        { what: 'private_chat', until: { rule: 'end' } },
        { what: 'gestures', until: { rule: 'end' } },
        { what: 'chat', until: { rule: 'days', days: 7, at: '2026-11-30T10:00:00Z' } },
      ],
      ...facts,
    };
  }

  /** Answers the entry. `wrong` and the like are the secrets of links that do not open. */
  open(office: MockOffice): this {
    office.on('POST', '/conference/entry', ({ by, secret, pin }: Record<string, unknown>) => {
      if (by === 'link' && secret === 'vorbei') return problem(410, 'meeting_over');
      if (by === 'link' && secret === 'frueh') return problem(409, 'meeting_not_yet');
      if (secret === 'falsch' || (by === 'number_and_pin' && pin !== '123456')) {
        return problem(403, 'entry_refused');
      }
      return {
        body: {
          entry: 'entry-token',
          place: this.place,
          role: this.role,
          name: by === 'room' ? 'Jana Petersen' : null,
          meeting: this.facts,
        } satisfies Schema<'EntryAnswer'>,
      };
    });
    return this;
  }

  /** Stands in for the meeting's socket in this page. */
  async serve(page: Page): Promise<void> {
    await page.routeWebSocket(/\/api\/v1\/conference\/meetings\/[^/]+\/socket$/, (socket) => {
      socket.onMessage((text) => this.heard(page, socket, JSON.parse(String(text)) as Act));
    });
  }

  /** Says something to everybody who is there. */
  say(message: Message): void {
    for (const { socket } of this.guests) socket?.send(JSON.stringify(message));
  }

  /** Lets the browser in from the lobby. */
  admit(): void {
    this.place = 'seat';
    for (const guest of this.guests) this.welcome(guest);
  }

  /** Breaks the lines of all; the pages come back by themselves. */
  async cut(): Promise<void> {
    for (const guest of this.guests) {
      await guest.socket?.close({ code: 4005, reason: 'later' });
      guest.socket = null;
    }
  }

  /** Refuses all that was held up, and answers again. */
  refuseHeld(): void {
    this.holdsAnswers = false;
    for (const refuse of this.held.splice(0)) refuse();
  }

  end(why: Schema<'PresenceEnded'>): void {
    this.say({ message: 'ended', why });
  }

  private heard(page: Page, socket: WebSocketRoute, act: Act): void {
    this.acts.push(act);
    if (act.act === 'hello' && act.resume && this.seatsGone) {
      void socket.close({ code: 4001, reason: 'enter_again' });
      return;
    }
    if (act.act === 'hello') this.hello(page, socket, act.name ?? 'Jana Petersen');
    const guest = this.guests.find((one) => one.socket === socket);
    if (!guest) return;
    if (this.holdsAnswers) {
      const refused: Message = { message: 'refused', re: act.re ?? null, why: 'failed' };
      this.held.push(() => socket.send(JSON.stringify(refused)));
      return;
    }
    this.do(guest, act);
    if (act.re != null) socket.send(JSON.stringify({ message: 'done', re: act.re }));
  }

  private hello(page: Page, socket: WebSocketRoute, name: string): void {
    let guest = this.guests.find((one) => one.page === page);
    if (guest) guest.socket = socket;
    else {
      const seat: Seat = {
        id: randomUUID(),
        name,
        role: this.role,
        guest: this.role === 'guest',
        on_stage: false,
        away: false,
      };
      guest = { page, socket, seat };
      this.guests.push(guest);
    }
    if (this.place === 'lobby') {
      const waiting: Message = {
        message: 'waiting',
        resume: 'resume',
        meeting: this.facts,
        waiting_text: this.waitingText,
        host_present: this.hostPresent,
      };
      socket.send(JSON.stringify(waiting));
    } else this.welcome(guest);
  }

  private welcome(guest: Guest): void {
    const { seat, socket } = guest;
    const moderates = seat.role === 'host' || seat.role === 'cohost';
    const speaks = seat.role !== 'listener';
    const welcome: Message = {
      message: 'welcome',
      resume: 'resume',
      meeting: this.facts,
      own: {
        seat,
        may: {
          speak: speaks,
          show: speaks && this.rules.may_show,
          share: speaks && this.rules.may_share,
          chat: true,
          chat_to_hosts: true,
          chat_to_one: speaks,
          react: this.rules.may_react,
          moderate: moderates,
        },
      },
      roster: this.roster(),
      counts: this.counts(),
      rules: this.rules,
      hands: this.hands,
      chat: this.chat,
      more_chat: false,
      lobby: moderates ? this.lobby : null,
      waiting_text: moderates ? this.waitingText : null,
      guessed: false,
      began_at: new Date(Date.now() - HOUR_MS / 4).toISOString(),
    };
    socket?.send(JSON.stringify(welcome));
    this.say({ message: 'roster', seats: this.roster(), gone: [], counts: this.counts() });
  }

  private do(guest: Guest, act: Act): void {
    const { seat } = guest;
    switch (act.act) {
      case 'chat_send':
        this.chat.push({
          id: this.chat.length + 1,
          seat: seat.id,
          name: seat.name,
          guest: seat.guest,
          to: act.to ?? { who: 'everybody' },
          to_guest: false,
          to_name: null,
          text: act.text,
          reply_to: act.reply_to ?? null,
          at: new Date().toISOString(),
          edited_at: null,
          reactions: [],
        });
        this.sayLast();
        break;
      case 'hand_raise':
        this.hands.push({
          seat: seat.id,
          name: seat.name,
          guest: seat.guest,
          since: new Date().toISOString(),
          question: act.question ?? null,
        });
        this.say({ message: 'hands', hands: this.hands, total: this.hands.length });
        break;
      case 'hand_lower':
        this.hands = this.hands.filter((hand) => hand.seat !== (act.seat ?? seat.id));
        this.say({ message: 'hands', hands: this.hands, total: this.hands.length });
        break;
      case 'react':
        this.say({ message: 'reaction', seat: seat.id, reaction: act.reaction, count: 1 });
        break;
      case 'admit':
      case 'refuse':
        this.lobby = this.lobby.filter((waiting) => waiting.seat !== act.seat);
        this.say({ message: 'lobby', waiting: this.lobby, waiting_text: this.waitingText });
        break;
      case 'admit_all':
        this.lobby = [];
        this.say({ message: 'lobby', waiting: [], waiting_text: this.waitingText });
        break;
      case 'set_rules': {
        const { act: _, re: __, ...change } = act;
        this.rules = { ...this.rules, ...change } as Schema<'MeetingRules'>;
        this.say({ message: 'rules', ...this.rules });
        break;
      }
      case 'end_for_all':
        this.end('meeting_ended');
        break;
      default:
    }
  }

  private sayLast(): void {
    const last = this.chat.at(-1);
    if (last) this.say({ message: 'chat', ...last });
  }

  private roster(): Seat[] {
    const seated = this.guests.map(({ seat }) => seat).filter(({ role }) => role !== 'listener');
    return [...this.others, ...seated];
  }

  private counts(): Schema<'MeetingCounts'> {
    return {
      seated: this.roster().length + this.listeners,
      listeners: this.listeners,
      waiting: this.lobby.length,
      hands: this.hands.length,
    };
  }
}

/** Somebody who is only there in the stand-in. */
export const somebody = (name: string, more: Partial<Seat> = {}): Seat => ({
  id: randomUUID(),
  name,
  role: 'participant',
  guest: false,
  on_stage: false,
  away: false,
  ...more,
});
