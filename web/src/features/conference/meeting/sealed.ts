import type { MeetingModel } from './model.ts';
import { sealable, TextSeal } from './sealed-text.ts';
import { ActRefused } from './socket.ts';
import { type Act, type ChatMessage, type Hand, limits, type Message } from './wire.ts';

/** Not encrypted from device to device; encrypted, without the key; encrypted, with it. */
export type SealState = 'open' | 'missing' | 'held';

type Then = (message: Message) => void;
type Texts = Pick<MeetingModel, 'chat' | 'hands'>;

/** Without the key nothing can be written: it would go in clear. */
export class KeyMissing extends Error {
  constructor() {
    super('the key is missing');
    this.name = 'KeyMissing';
  }
}

/**
 * What people write in one meeting, encrypted from device to device where that was promised. Once promised, and whenever
 * the link brought a key, it stays so, whatever the server says later.
 */
export class Sealed {
  private seal: Promise<TextSeal> | null = null;
  private order: Promise<void> = Promise.resolve();

  constructor(
    private readonly meeting: string,
    public key: string | null,
    private promised: boolean,
  ) {
    if (key) this.use(key);
  }

  get state(): SealState {
    if (this.key) return 'held';
    return this.promised ? 'missing' : 'open';
  }

  /** From now on with this key. */
  use(key: string): void {
    this.key = key;
    this.seal = TextSeal.of(key, this.meeting);
  }

  /** What is asked of the server, with its text encrypted. */
  async close(act: Act, seat: string): Promise<Act> {
    if (this.state === 'open') return act;
    if (act.act === 'chat_send' || act.act === 'chat_edit') {
      return { ...act, text: await this.closeText(act.text, seat, limits.chat) };
    }
    if (act.act === 'hand_raise' && act.question) {
      return { ...act, question: await this.closeText(act.question, seat, limits.question) };
    }
    return act;
  }

  /** Hands on what the server said, with its texts decrypted, in the order in which it was said. */
  open(message: Message, then: Then): void {
    if (message.message === 'welcome' || message.message === 'waiting') {
      this.promised ||= message.meeting.safeguards.encryption === 'end_to_end';
    }
    if (this.state === 'open') {
      then(message);
      return;
    }
    this.next(async () => then(await this.openMessage(message)));
  }

  /** Hands on what could not be read before, with the key of now, after all that was said until now. */
  openAgain(read: () => MeetingModel, then: (opened: Texts) => void): void {
    this.next(async () => {
      const { chat, hands } = read();
      then({
        chat: await Promise.all(chat.map((one) => this.openChat(one))),
        hands: await Promise.all(hands.map((one) => this.openHand(one))),
      });
    });
  }

  private next(deed: () => Promise<void>): void {
    this.order = this.order.then(deed).catch((fault: unknown) => {
      // One message that fails must not hold up all that follow, and must not vanish either.
      queueMicrotask(() => {
        throw fault;
      });
    });
  }

  private async openMessage(message: Message): Promise<Message> {
    switch (message.message) {
      case 'welcome':
        return {
          ...message,
          chat: await Promise.all(message.chat.map((one) => this.openChat(one))),
          hands: await Promise.all(message.hands.map((one) => this.openHand(one))),
        };
      case 'chat':
        return { ...message, ...(await this.openChat(message)) };
      case 'chat_page':
        return {
          ...message,
          messages: await Promise.all(message.messages.map((one) => this.openChat(one))),
        };
      case 'hands':
        return {
          ...message,
          hands: await Promise.all(message.hands.map((one) => this.openHand(one))),
        };
      default:
        return message;
    }
  }

  private async openChat(message: ChatMessage): Promise<ChatMessage> {
    const sealed = message.sealed ?? message.text;
    const text = (await (await this.seal)?.open(sealed, message.seat)) ?? null;
    return text === null ? { ...message, text: '', sealed } : { ...message, text, sealed: null };
  }

  private async openHand(hand: Hand): Promise<Hand> {
    const sealed = hand.sealed ?? hand.question;
    if (!sealed) return hand;
    const question = (await (await this.seal)?.open(sealed, hand.seat)) ?? null;
    return question === null ? { ...hand, question, sealed } : { ...hand, question, sealed: null };
  }

  private async closeText(text: string, seat: string, limit: number): Promise<string> {
    if (!this.seal) throw new KeyMissing();
    if (new TextEncoder().encode(text).length > sealable(limit)) throw new ActRefused('bad_text');
    return (await this.seal).seal(text, seat);
  }
}
