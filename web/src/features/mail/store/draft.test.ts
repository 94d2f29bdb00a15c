// @vitest-environment node
import { expect, test } from 'vitest';
import { emailToCreate } from './draft.ts';
import type { WriteOp } from './queue.ts';

const IDENTITY = { id: 'i', name: 'Ada', email: 'ada@amt.example', textSignature: '' };

test('of what has a name inside the text only pictures, sounds and films stand there', () => {
  const types = ['image/png', 'Audio/ogg', 'video/mp4', 'text/plain', 'message/rfc822', 'text/csv'];
  const attachments = types.map((type, at) => {
    const attachment = { blobId: `b${at}`, name: `n${at}`, type, sizeBytes: 1, cid: `c${at}` };
    return { kind: 'kept' as const, attachment };
  });
  const draft: WriteOp['draft'] = {
    id: null,
    identityId: 'i',
    to: [],
    cc: [],
    bcc: [],
    subject: 'WG: Plan',
    text: 'Anbei',
    html: null,
    attachments,
    inReplyTo: null,
    references: [],
    answers: null,
  };
  const op: WriteOp = {
    kind: 'write',
    localId: 'l',
    replaces: null,
    draft,
    atMs: 0,
    messageId: 'm@amt.example',
    sendingId: null,
    attempt: null,
    emailId: null,
    parked: false,
  };
  const email = emailToCreate(op, IDENTITY, 'drafts', new Map());
  expect(email.attachments).toEqual(
    types.map((type, at) => ({
      blobId: `b${at}`,
      type,
      name: `n${at}`,
      disposition: at < 3 ? 'inline' : 'attachment',
      cid: `c${at}`,
    })),
  );
});
