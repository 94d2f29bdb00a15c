import { i18n } from '@lingui/core';
import { I18nProvider } from '@lingui/react';
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChatPanel } from './chat-panel.tsx';
import type { MeetingView } from './controller.ts';
import { emptyMeeting } from './model.ts';
import type { ChatMessage, Seat } from './wire.ts';

const seat = (id: string, more: Partial<Seat> = {}): Seat => ({
  id,
  name: id,
  role: 'participant',
  guest: false,
  on_stage: false,
  away: false,
  ...more,
});
const line = (id: number, from: string, more: Partial<ChatMessage> = {}): ChatMessage => ({
  id,
  seat: from,
  name: from,
  guest: false,
  to: { who: 'everybody' },
  to_guest: false,
  to_name: null,
  text: 'Guten Tag',
  reply_to: null,
  at: '2026-11-23T09:00:00Z',
  edited_at: null,
  reactions: [],
  ...more,
});

// The menus of the messages come with much code, and the first to render pays for it.
vi.setConfig({ testTimeout: 30_000 });

const PANE = 300;
const ONE = 1_000;
const place = document.body.appendChild(document.createElement('div'));
let root: Root;

const onAct = async () => true;

function show(chat: readonly ChatMessage[], seats: readonly Seat[] = []) {
  const view = {
    ...emptyMeeting,
    own: seat('me'),
    may: { ...emptyMeeting.may, chat: true, chat_to_one: true },
    roster: new Map(seats.map((one) => [one.id, one])),
    met: new Map(seats.map((one) => [one.id, one])),
    chat,
    seal: 'open',
  } as unknown as MeetingView;
  act(() =>
    root.render(
      <I18nProvider i18n={i18n}>
        <ChatPanel view={view} onAct={onAct} />
      </I18nProvider>,
    ),
  );
}
const log = () => place.querySelector('[role=log]') as HTMLElement;
const down = () =>
  [...place.querySelectorAll('button')].find(
    ({ textContent }) => textContent === 'Neue Nachrichten',
  );
const scrollTo = (top: number) =>
  act(() => {
    log().scrollTop = top;
    log().dispatchEvent(new Event('scroll'));
  });

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  i18n.loadAndActivate({ locale: 'de', messages: {} });
  root = createRoot(place);
  // Each message is taller than the pane.
  vi.spyOn(Element.prototype, 'clientHeight', 'get').mockReturnValue(PANE);
  vi.spyOn(Element.prototype, 'scrollHeight', 'get').mockImplementation(function (this: Element) {
    return Math.max(PANE, ONE * this.querySelectorAll('article').length);
  });
});
afterEach(() => {
  act(() => root.unmount());
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe('the chat', () => {
  it('follows a message that is taller than its pane', () => {
    show([line(1, 'a')]);
    scrollTo(ONE - PANE);
    show([line(1, 'a'), line(2, 'a')]);
    expect(log().scrollTop).toBe(2 * ONE);
    expect(down()).toBeUndefined();
  });

  it('leaves who reads older ones where they are, and leads down when asked', () => {
    show([line(1, 'a'), line(2, 'a')]);
    scrollTo(100);
    show([line(1, 'a'), line(2, 'a'), line(3, 'a')]);
    expect(log().scrollTop).toBe(100);
    act(() => down()?.click());
    expect(log().scrollTop).toBe(3 * ONE);
    expect(down()).toBeUndefined();
    expect(document.activeElement).toBe(log());
  });

  it("shows one's own message, wherever one read", () => {
    show([line(1, 'a'), line(2, 'a')]);
    scrollTo(100);
    show([line(1, 'a'), line(2, 'a'), line(3, 'me'), line(4, 'a')]);
    expect(log().scrollTop).toBe(4 * ONE);
  });

  it('draws a message once, however many are written below it', () => {
    const drawn = vi.fn(() => '2026-11-23T09:00:00Z');
    const first: ChatMessage = {
      ...line(1, 'a'),
      get at() {
        return drawn();
      },
    };
    const second = line(2, 'me', { reply_to: 1 });
    show([first, second]);
    const once = drawn.mock.calls.length;
    show([first, second, line(3, 'a')]);
    expect(drawn).toHaveBeenCalledTimes(once);
  });

  it('marks guests and hosts beside their names, where nothing cuts it', () => {
    const guest = seat('g', { name: 'Erika (Moderation)', role: 'guest', guest: true });
    const host = seat('h', { role: 'host' });
    const left = { name: 'Jana (Moderation)', guest: true };
    const chat = [
      line(1, 'g', { guest: true }),
      line(2, 'h', { reply_to: 1 }),
      line(3, 'a'),
      line(4, 'left before one came', left),
      line(5, 'me', { to: { who: 'one', seat: 'left' }, to_name: 'Ole', to_guest: true }),
    ];
    show(chat, [guest, host, seat('a')]);
    const marks = [...place.querySelectorAll('.fa-message__head')].map((head) =>
      [...head.querySelectorAll(':scope > .fa-mark')].map(({ textContent }) => textContent),
    );
    expect(marks).toEqual([['Gast'], ['Gastgeber/in'], [], ['Gast'], []]);
    expect(place.querySelector('.fa-message__private')?.textContent).toBe('nur Ole (Gast)');
    expect(place.querySelector('blockquote')?.textContent).toMatch(/^Gast g: /);
    const options = [...place.querySelectorAll('option')].map(({ textContent }) => textContent);
    expect(options).toContain('Gast: Erika (Moderation)');
  });

  it('leads to the addresses in a message', () => {
    show([line(1, 'a', { text: 'Siehe https://amt.example/a.' })]);
    const link = place.querySelector('.fa-message__text a');
    expect([link?.textContent, link?.getAttribute('target')]).toEqual([
      'https://amt.example/a',
      '_blank',
    ]);
  });
});
