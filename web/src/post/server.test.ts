import { afterEach, expect, test, vi } from 'vitest';
import { wordsInCalls } from '../testing/server-codes.ts';
import type { Refusal } from './refusal.ts';
import { containerServer, keeperOf } from './server.ts';

const ANSWER = {
  person: { id: 'p1', name: 'j.petersen', display_name: 'Jana Petersen', language: 'de' },
  device: 'd1',
  main_origin: 'https://fernamt.example',
  policy: { bytes: 'e30', signature: 'AAEC' },
  policy_key: '_-8',
  passphrase: { min_characters: 12 },
  share: { exists: true, generation: null },
  sign_in_fresh: true,
};

afterEach(() => vi.unstubAllGlobals());

test('the standing is read in its form, and only so', async () => {
  answers(200, ANSWER);
  expect(await containerServer.standing()).toMatchObject({
    office: 'fernamt.example',
    policyKey: new Uint8Array([0xff, 0xef]),
    minCharacters: 12,
    share: { exists: true, generation: 0 },
    signInFresh: true,
  });
  answers(200, { ...ANSWER, tenant_name: 'Stadt Auenbrück' });
  expect(await containerServer.standing()).toMatchObject({ office: 'Stadt Auenbrück' });
  for (const broken of [
    { main_origin: 'javascript:alert(1)' },
    { policy_key: 'a b' },
    { policy: null },
    { share: { exists: 'yes', generation: 0 } },
    { share: { exists: true, generation: -1 } },
    { passphrase: {} },
    { person: { name: 'j.petersen' } },
    { device: 7 },
    { policy_key: 'A'.repeat(40_000) },
  ]) {
    answers(200, { ...ANSWER, ...broken });
    await expect(containerServer.standing()).rejects.toMatchObject({
      refusal: { kind: 'unexpected' },
    });
  }
});

test('each refusal of the server has its own meaning', async () => {
  const cases: [number, string, Refusal][] = [
    [401, 'not_signed_in', { kind: 'signed_out' }],
    [403, 'device_pending', { kind: 'device', is: 'pending' }],
    [403, 'device_blocked', { kind: 'device', is: 'blocked' }],
    [403, 'phones_refused', { kind: 'device', is: 'phone' }],
    [403, 'sign_in_not_fresh', { kind: 'not_fresh' }],
    [404, 'container_share_missing', { kind: 'no_share' }],
    [409, 'container_share_exists', { kind: 'share_exists' }],
    [409, 'container_disk_older', { kind: 'defect', defect: 'older_disk' }],
    [503, 'busy', { kind: 'no_line' }],
    [500, 'internal', { kind: 'unexpected', detail: 'internal' }],
    [404, 'not_found', { kind: 'unexpected', detail: 'not_found' }],
  ];
  for (const [status, code, refusal] of cases) {
    answers(status, { code });
    await expect(containerServer.releaseShare()).rejects.toMatchObject({ refusal });
  }
});

test('no refusal that the server has for containers is unexpected', async () => {
  const where = /^identity\/src\/(container\/|licence\.rs)/;
  const codes = [
    ...wordsInCalls(['ApiError::forbidden', 'ApiError::conflict'], 0, where),
    ...wordsInCalls(['ApiError::new'], 1, where),
  ];
  expect(codes).toEqual(expect.arrayContaining(['sign_in_not_fresh', 'too_many_attempts']));
  for (const code of codes) {
    answers(code === 'too_many_attempts' ? 429 : 403, { code });
    const refused = await containerServer.releaseShare().catch((fault) => fault);
    expect(refused.refusal.kind, code).not.toBe('unexpected');
  }
});

test('the pause that the server wants is read from its header, within reason', async () => {
  for (const [said, seconds] of [
    ['8', 8],
    ['0.5', 1],
    ['999999', 3_600],
    ['soon', 5],
    ['-1', 5],
  ] as const) {
    answers(429, { code: 'too_many_attempts' }, { 'retry-after': said });
    await expect(containerServer.releaseShare()).rejects.toMatchObject({
      refusal: { kind: 'wait', seconds },
    });
  }
});

test('nobody to ask is no line', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('failed')));
  await expect(containerServer.standing()).rejects.toMatchObject({ refusal: { kind: 'no_line' } });
});

test('the keeper takes a whole share only, and tells the generation after opening', async () => {
  const asked = answers(200, { share: 'A'.repeat(43) });
  const keeper = keeperOf(containerServer, async () => 7);
  expect(await keeper.release()).toEqual(new Uint8Array(32));
  answers(200, { share: 'A'.repeat(22) });
  await expect(keeper.release()).rejects.toMatchObject({ refusal: { kind: 'unexpected' } });
  expect(asked).toHaveBeenCalledWith(
    '/api/v1/container/share/release',
    expect.objectContaining({ method: 'POST', redirect: 'error', cache: 'no-store' }),
  );
  const told = answers(204, null);
  await keeper.opened();
  expect(told).toHaveBeenCalledWith(
    '/api/v1/container/opened',
    expect.objectContaining({ body: '{"generation":7}' }),
  );
});

function answers(status: number, body: unknown, headers: Record<string, string> = {}) {
  const answer = vi.fn(async () => {
    return new Response(body === null ? null : JSON.stringify(body), { status, headers });
  });
  vi.stubGlobal('fetch', answer);
  return answer;
}
