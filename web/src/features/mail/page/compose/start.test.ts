import { i18n } from '@lingui/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { FakeMail } from '../mail.fixture.ts';
import { answeredSince, doubtsOf, obstacleOf } from './checks.ts';
import { draftFor, emptyDraft, isEmptyDraft, resigned } from './start.ts';

const own = { name: 'Erika Linde', email: 'erika.linde@stadt.example' };
const office = { name: 'Bauamt', email: 'bauamt@stadt.example' };
const jens = { name: 'Jens', email: 'jens@stadt.example' };
const ines = { name: 'Ines', email: 'ines@kreis.example' };

const HOUSE = { from: own.email, leaves: true };

beforeAll(() => i18n.loadAndActivate({ locale: 'de', messages: {} }));

async function begun(
  kind: 'reply' | 'reply_all' | 'forward',
  given: Parameters<FakeMail['add']>[0],
) {
  const mail = new FakeMail(0);
  const email = mail.add(given);
  return draftFor(mail, await mail.identities(), { kind, email });
}

describe('an answer', () => {
  it('goes to whom the sender says, and quotes', async () => {
    const body = { text: 'Eins\r\n> Zwei', messageId: 'm2', references: ['m1'] };
    const draft = await begun('reply', { from: [jens], replyTo: [ines], subject: 'Plan', body });
    expect(draft).toMatchObject({
      to: [ines],
      cc: [],
      subject: 'Re: Plan',
      inReplyTo: 'm2',
      references: ['m1', 'm2'],
      answers: { how: 'reply' },
    });
    expect(draft.text).toContain('\n-- \nErika Linde\n');
    expect(draft.text).toContain('> Eins\n>> Zwei');
  });

  it('to all leaves oneself out, names nobody twice, and comes from where it was sent to', async () => {
    const draft = await begun('reply_all', { from: [jens], to: [office, jens], cc: [ines, own] });
    expect(draft).toMatchObject({ identityId: 'office', to: [jens], cc: [ines] });
  });

  it('to what one sent oneself goes to the same people again', async () => {
    const draft = await begun('reply_all', { from: [own], to: [jens], cc: [ines] });
    expect(draft).toMatchObject({ to: [jens], cc: [ines] });
  });

  it('does not pile up prefixes', async () => {
    expect((await begun('reply', { subject: 'AW: Plan' })).subject).toBe('AW: Plan');
    expect((await begun('forward', { subject: 'Re: Plan' })).subject).toBe('Fwd: Re: Plan');
  });

  it('that is passed on keeps what is attached', async () => {
    const attachment = {
      blobId: 'b',
      name: 'a.pdf',
      type: 'application/pdf',
      sizeBytes: 1,
      cid: null,
    };
    const draft = await begun('forward', { body: { html: '<p>Text', attachments: [attachment] } });
    expect(draft.attachments).toEqual([{ kind: 'kept', attachment }]);
    expect(draft.to).toEqual([]);
  });
});

describe('a message', () => {
  const identity = { id: 'own', ...own, textSignature: 'Erika' };
  const draft = {
    ...emptyDraft(identity),
    to: [jens],
    subject: 'Plan',
    text: 'Guten Tag\n\n-- \nErika',
  };

  it('changes its signature with its sender, but not what was changed by hand', () => {
    const other = { id: 'office', ...office, textSignature: 'Bauamt' };
    expect(resigned(draft.text, identity, other)).toBe('Guten Tag\n\n-- \nBauamt');
    expect(resigned('Guten Tag\nE.', identity, other)).toBe('Guten Tag\nE.');
  });

  it('is empty while there is only its signature', () => {
    expect(isEmptyDraft(emptyDraft(identity), identity)).toBe(true);
    expect(isEmptyDraft(draft, identity)).toBe(false);
  });

  it('is looked at before it leaves', () => {
    const kinds = (change: object) =>
      doubtsOf({ ...draft, ...change }, HOUSE).map(({ kind }) => kind);
    expect(kinds({})).toEqual([]);
    expect(kinds({ bcc: [ines] })).toEqual(['outside']);
    expect(kinds({ text: 'Anbei der Plan.' })).toEqual(['no_attachment']);
    expect(kinds({ text: 'Gut.\n> Anbei der Plan.' })).toEqual([]);
    expect(kinds({ subject: ' ' })).toEqual(['no_subject']);
    expect(kinds({ text: '\n\n-- \nErika' })).toEqual(['no_text']);
  });

  it('is answered already where something was sent since, also when it is opened again', async () => {
    const mail = new FakeMail(Date.now());
    const asked = mail.add({ threadId: 't', receivedAtMs: 1_000 });
    mail.add({ threadId: 't', receivedAtMs: 500, mailboxIds: ['sent'] });
    mail.add({ threadId: 't', receivedAtMs: 3_000, mailboxIds: ['sent'], draft: true });
    const answer = await draftFor(mail, [identity], { kind: 'reply', email: asked });
    const since = (given: Partial<typeof answer> = {}) =>
      answeredSince(mail, { ...answer, ...given }, 't');
    expect(await since()).toBeNull();
    const sent = mail.add({
      ...{ threadId: 't', receivedAtMs: 2_000, mailboxIds: ['sent'], from: [jens] },
    });
    const doubt = { kind: 'answered', by: jens, atMs: 2_000 };
    expect(await since()).toEqual(doubt);
    expect(await since({ answers: null })).toEqual(doubt);
    expect(await since({ answers: { emailId: asked.id, how: 'forward' } })).toBeNull();
    expect(await since({ answers: { emailId: sent.id, how: 'reply' } })).toBeNull();
  });

  it('has what keeps it from being sent', () => {
    const big = { kind: 'new' as const, name: 'x', type: 'x', bytes: new Uint8Array(25_000_001) };
    const many = Array.from({ length: 501 }, (_, id) => ({ name: null, email: `p${id}@x.de` }));
    expect(obstacleOf(draft, HOUSE)).toBeNull();
    expect(obstacleOf({ ...draft, to: [] }, HOUSE)).toBe('nobody');
    expect(obstacleOf({ ...draft, cc: [{ name: null, email: 'x' }] }, HOUSE)).toBe('no_address');
    expect(obstacleOf({ ...draft, bcc: many }, HOUSE)).toBe('too_many');
    const shut = { ...HOUSE, leaves: false };
    expect(obstacleOf({ ...draft, bcc: [ines] }, shut)).toBe('not_delivered');
    expect(obstacleOf({ ...draft, bcc: [jens] }, shut)).toBeNull();
    expect(obstacleOf({ ...draft, attachments: [big] }, HOUSE)).toBe('too_large');
  });
});
