// @vitest-environment node
import { describe, expect, it, vi } from 'vitest';
import { base64url } from '../end-to-end.ts';
import { emptyMeeting } from './model.ts';
import { KeyMissing, Sealed } from './sealed.ts';
import type { ChatMessage, Message } from './wire.ts';

// It listens to the browser's window; the tests of what is encrypted need the crypto of Node.
vi.mock('../../../api/line.ts', () => ({
  lineAnswered: () => undefined,
  lineFailed: () => undefined,
}));

const key = base64url(new Uint8Array(32).fill(7));
const welcome = (encryption: string) =>
  ({
    message: 'welcome',
    meeting: { safeguards: { encryption } },
    chat: [],
    hands: [],
  }) as unknown as Message;
const chat = (text: string): Message =>
  ({ message: 'chat', id: 1, seat: 'ada', name: 'Ada', text }) as unknown as Message;

async function heard(sealed: Sealed, ...messages: Message[]): Promise<Message[]> {
  const opened: Message[] = [];
  for (const message of messages) sealed.open(message, (one) => opened.push(one));
  await vi.waitFor(() => expect(opened).toHaveLength(messages.length));
  return opened;
}

describe('a sealed meeting', () => {
  it('closes what is written, and opens it in the order in which it was said', async () => {
    const sealed = new Sealed('meeting', key, true);
    const sent = await sealed.close(
      { act: 'chat_send', to: { who: 'everybody' }, text: 'Ä' },
      'ada',
    );
    const asked = await sealed.close({ act: 'hand_raise', question: 'Wann?' }, 'ada');
    expect(JSON.stringify([sent, asked])).not.toMatch(/Ä|Wann/);
    const closed = 'text' in sent ? String(sent.text) : '';
    const said = await heard(sealed, welcome('end_to_end'), chat(closed), {
      message: 'done',
      re: 1,
    });
    expect(said.map(({ message }) => message)).toEqual(['welcome', 'chat', 'done']);
    expect(said[1]).toMatchObject({ text: 'Ä', sealed: null });
  });

  it('stays sealed although the server says that it is not, and shows nothing that came in clear', async () => {
    for (const sealed of [new Sealed('meeting', key, false), new Sealed('meeting', null, true)]) {
      const [, said] = await heard(sealed, welcome('transport'), chat('forged'));
      expect(sealed.state).not.toBe('open');
      expect(said).toMatchObject({ text: '', sealed: 'forged' });
    }
  });

  it('writes nothing without the key, and opens with it what was closed before', async () => {
    const other = new Sealed('meeting', key, true);
    const act = { act: 'chat_send', to: { who: 'everybody' }, text: 'geheim' } as const;
    const sent = await other.close(act, 'ada');
    const sealed = new Sealed('meeting', null, false);
    expect(sealed.state).toBe('open');
    const said = await heard(sealed, welcome('end_to_end'), chat('text' in sent ? sent.text : ''));
    expect(sealed.state).toBe('missing');
    await expect(sealed.close(act, 'ole')).rejects.toBeInstanceOf(KeyMissing);
    sealed.use(key);
    const model = { ...emptyMeeting, chat: [said[1] as unknown as ChatMessage] };
    const opened = await new Promise<{ chat: readonly ChatMessage[] }>((resolve) =>
      sealed.openAgain(() => model, resolve),
    );
    expect(opened.chat[0]).toMatchObject({ text: 'geheim', sealed: null });
  });

  it('refuses what is longer than the server takes once it is sealed', async () => {
    const sealed = new Sealed('meeting', key, true);
    const text = 'ä'.repeat(1_000);
    await expect(sealed.close({ act: 'chat_edit', id: 1, text }, 'ada')).rejects.toThrow(
      'bad_text',
    );
  });

  it('leaves an open meeting as it is', async () => {
    const sealed = new Sealed('meeting', null, false);
    const act = { act: 'chat_edit', id: 1, text: 'offen' } as const;
    expect(await sealed.close(act, 'ada')).toEqual(act);
    expect((await heard(sealed, welcome('transport'), chat('offen')))[1]).toEqual(chat('offen'));
  });
});
