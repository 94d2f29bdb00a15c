import { describe, expect, it } from 'vitest';
import { emptyMeeting, heard, listens, type MeetingModel } from './model.ts';
import type { ChatMessage, Message, Seat, SeatPermissions } from './wire.ts';

const seat = (id: string, more: Partial<Seat> = {}): Seat => ({
  id,
  name: id,
  role: 'participant',
  guest: false,
  on_stage: false,
  away: false,
  ...more,
});
const may = (moderate: boolean): SeatPermissions => ({
  speak: true,
  show: true,
  share: true,
  chat: true,
  chat_to_hosts: true,
  chat_to_one: true,
  react: true,
  moderate,
});
const counts = { seated: 2, listeners: 0, waiting: 1, hands: 0 };
const facts = { id: 'meeting', title: 'Runde', kind: 'meeting' } as NonNullable<
  MeetingModel['facts']
>;
const line = (id: number, text: string): ChatMessage => ({
  id,
  seat: 'a',
  name: 'a',
  guest: false,
  to: { who: 'everybody' },
  to_guest: false,
  to_name: null,
  text,
  reply_to: null,
  at: '2026-11-23T09:00:00Z',
  edited_at: null,
  reactions: [],
});
const welcome = (more: Partial<Extract<Message, { message: 'welcome' }>> = {}): Message => ({
  message: 'welcome',
  resume: 'resume',
  meeting: facts,
  own: { seat: seat('me', { role: 'host' }), may: may(true) },
  roster: [seat('me'), seat('a')],
  counts,
  rules: emptyMeeting.rules,
  hands: [],
  chat: [line(1, 'eins')],
  more_chat: false,
  lobby: [{ seat: 'w', name: 'w', guest: true, by_pin: true, since: '2026-11-23T09:00:00Z' }],
  waiting_text: '',
  guessed: false,
  began_at: '2026-11-23T09:00:00Z',
  ...more,
});
const once = (...messages: Message[]) => messages.reduce(heard, emptyMeeting);

describe('the meeting as the page knows it', () => {
  it('begins anew with each welcome: what was missed in between does not linger', () => {
    const model = once(
      welcome(),
      { message: 'chat', ...line(2, 'zwei') },
      welcome({ roster: [seat('me')], chat: [line(3, 'drei')] }),
    );
    expect([...model.roster.keys()]).toEqual(['me']);
    expect(model.chat.map(({ text }) => text)).toEqual(['drei']);
  });

  it('knows who wrote, also after they went', () => {
    const gone: Message = { message: 'roster', seats: [], gone: ['a'], counts };
    const model = once(
      welcome({ roster: [seat('a', { role: 'cohost' })] }),
      gone,
      welcome({ roster: [] }),
    );
    expect(model.met.get('a')?.role).toBe('cohost');
  });

  it('replaces who is known, adds who is new, and forgets who went', () => {
    const model = once(welcome(), {
      message: 'roster',
      seats: [seat('a', { away: true }), seat('b')],
      gone: ['me'],
      counts: { ...counts, seated: 3 },
    });
    expect([...model.roster.values()].map(({ id, away }) => [id, away])).toEqual([
      ['a', true],
      ['b', false],
    ]);
    expect(model.counts.seated).toBe(3);
  });

  it('puts a changed message where it was, and a new one at the end', () => {
    const model = once(
      welcome(),
      { message: 'chat', ...line(2, 'zwei') },
      { message: 'chat', ...line(1, 'eins, aber besser') },
    );
    expect(model.chat.map(({ text }) => text)).toEqual(['eins, aber besser', 'zwei']);
    expect(heard(model, { message: 'chat_deleted', id: 1 }).chat).toHaveLength(1);
  });

  it('shows older messages before the ones that are there', () => {
    const older: Message = { message: 'chat_page', messages: [line(0, 'null')], more: true };
    const model = once(welcome(), older);
    expect(model.chat.map(({ id }) => id)).toEqual([0, 1]);
    expect(model.moreChat).toBe(true);
    // Who pressed twice was sent them twice.
    expect(once(welcome(), older, older).chat.map(({ id }) => id)).toEqual([0, 1]);
  });

  it('no longer shows who waits to somebody who no longer runs the meeting', () => {
    const model = once(welcome(), { message: 'own', seat: seat('me'), may: may(false) });
    expect(model.lobby).toEqual([]);
    expect(once(welcome()).lobby).toHaveLength(1);
  });

  it('waits for a server that restarts, and ends for every other reason', () => {
    expect(once(welcome(), { message: 'ended', why: 'restart' }).at).toBe('seated');
    expect(once(welcome(), { message: 'ended', why: 'removed' })).toMatchObject({
      at: 'ended',
      ended: 'removed',
    });
  });

  it('takes who was brought to the stage for one who speaks', () => {
    expect(listens({ own: seat('me', { role: 'listener' }) })).toBe(true);
    expect(listens({ own: seat('me', { role: 'listener', on_stage: true }) })).toBe(false);
  });
});
