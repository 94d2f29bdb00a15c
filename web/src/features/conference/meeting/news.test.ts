import { i18n } from '@lingui/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { emptyMeeting, heard } from './model.ts';
import { newsOf } from './news.ts';
import type { Message, Seat } from './wire.ts';

const ole: Seat = {
  id: 'ole',
  name: 'Ole',
  role: 'participant',
  guest: false,
  on_stage: false,
  away: false,
};
const counts = { seated: 2, listeners: 0, waiting: 0, hands: 0 };

describe('what a reader hears', () => {
  beforeAll(() => i18n.loadAndActivate({ locale: 'de', messages: {} }));

  it('tells whose line broke, and that they are back', () => {
    let model = emptyMeeting;
    const said = [false, true, true, false].map((away) => {
      const message: Message = { message: 'roster', seats: [{ ...ole, away }], gone: [], counts };
      const before = model;
      model = heard(model, message);
      return newsOf(message, before, model);
    });
    expect(said).toEqual([
      'Ole ist da.',
      'Die Verbindung zu Ole ist unterbrochen.',
      null,
      'Ole ist wieder da.',
    ]);
  });

  it('says of a guest that they are one, whatever they call themselves', () => {
    const guest: Seat = { ...ole, name: 'Erika (Moderation)', role: 'guest', guest: true };
    const came: Message = { message: 'roster', seats: [guest], gone: [], counts };
    const there = heard(emptyMeeting, came);
    expect(newsOf(came, emptyMeeting, there)).toBe('Erika (Moderation) (Gast) ist da.');
    const hand = { seat: 'x', name: guest.name, guest: true, since: '2026-11-23T09:00:00Z' };
    const raised: Message = { message: 'hands', hands: [hand], total: 1 };
    expect(newsOf(raised, there, heard(there, raised))).toBe(
      'Erika (Moderation) (Gast) hebt die Hand.',
    );
  });
});
