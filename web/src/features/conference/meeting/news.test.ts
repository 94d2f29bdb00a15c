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
});
