// @vitest-environment node
import { beforeEach, expect, test, vi } from 'vitest';
import { TestProfile } from './browser.fixture.ts';
import { type Bytes, join, random } from './bytes.ts';
import { Container } from './container.ts';
import { Database } from './database.ts';
import { ContainerFault, type FaultKind } from './fault.ts';
import { TestFolder } from './folder.fixture.ts';
import type { Authenticator } from './prf.ts';
import { CHEAP, DEVICE, flipped, TestKeeper, TestSigner } from './secrets.fixture.ts';

// Many small steps: a busy machine takes a while for them.
vi.setConfig({ testTimeout: 60_000 });

const MINUTE_MS = 60_000;
const PASSPHRASE = 'Linde-Fluss-27';

let profile: TestProfile;
let keeper: TestKeeper;
let signer: TestSigner;
let tab: ReturnType<TestProfile['tab']>;
let container: Container;

beforeEach(async () => {
  profile = new TestProfile();
  profile.folder = new TestFolder().asHandle();
  keeper = new TestKeeper();
  signer = await TestSigner.start();
  tab = profile.tab();
  container = new Container(tab);
});

test('a container is made, filled, locked and unlocked again', async () => {
  expect(await container.state()).toBe('none');
  await create();
  expect(await container.state()).toBe('unlocked');
  await container.records.put('mails', 'm1', 'one');
  await container.blobs.write('a', new Response('Anhang').body as ReadableStream<Uint8Array>);
  await container.search.add([{ id: 'm1', text: 'Wolkenbruch', when: 1 }]);
  container.lock();
  expect(await container.state()).toBe('locked');

  await unlock();
  expect((await container.records.get('mails', 'm1'))?.value).toBe('one');
  expect(await new Response(await container.blobs.read('a')).text()).toBe('Anhang');
  expect((await container.search.search('wolken')).ids).toEqual(['m1']);
  expect(keeper.openings).toBe(2);
});

test('each reason not to open is told apart', async () => {
  await expect(unlock()).rejects.toEqual(fault('no_container'));
  await create();
  container.lock();

  await expect(unlock('Linde-Fluss-28')).rejects.toEqual(fault('wrong_passphrase'));
  keeper.refuses = 'offline';
  await expect(unlock()).rejects.toEqual(fault('offline'));
  keeper.refuses = 'no_share';
  await expect(unlock()).rejects.toEqual(fault('no_share'));
  keeper.refuses = undefined;
  const share = keeper.share;
  keeper.share = random(32);
  await expect(unlock()).rejects.toEqual(fault('no_share'));
  keeper.share = share;
  await damage('wrap');
  await expect(unlock()).rejects.toEqual(fault('damaged'));
  expect(keeper.openings).toBe(1);
  expect(await container.state()).toBe('locked');
});

test('without the share nothing of the passphrase is tried', async () => {
  await create();
  container.lock();
  const before = profile.stretched;
  keeper.refuses = 'no_share';
  await expect(unlock()).rejects.toEqual(fault('no_share'));
  expect(profile.stretched).toBe(before);
});

test('the passphrase changes without touching the records', async () => {
  await create();
  await container.records.put('mails', 'm1', 'one');
  const before = await shelf('records');
  const change = { before: PASSPHRASE, after: 'Wiese-Wolke-31', keeper, cost: CHEAP };
  await expect(container.changePassphrase({ ...change, before: 'Linde-Fluss-28' })).rejects.toEqual(
    fault('wrong_passphrase'),
  );
  await container.changePassphrase(change);
  expect(await shelf('records')).toEqual(before);
  container.lock();
  await expect(unlock()).rejects.toEqual(fault('wrong_passphrase'));
  await unlock('Wiese-Wolke-31');
  expect((await container.records.get('mails', 'm1'))?.value).toBe('one');
});

test('an altered, foreign or older policy does not unlock', async () => {
  await create();
  container.lock();
  const altered = fault('altered_policy');
  const { bytes, signature } = await signer.sign({ serial: 2 });
  for (const changed of flipped(bytes, 31)) {
    const policy = { bytes: changed, signature };
    await expect(unlock(PASSPHRASE, { policy })).rejects.toEqual(altered);
  }
  const foreign = await signer.sign({ device: 'device-2' });
  await expect(unlock(PASSPHRASE, { policy: foreign })).rejects.toEqual(altered);
  await unlock(PASSPHRASE, { policy: await signer.sign({ serial: 5 }) });
  container.lock();
  const old = await signer.sign({ serial: 4, idle_min: 600 });
  await expect(unlock(PASSPHRASE, { policy: old })).rejects.toEqual(altered);
  expect(await container.state()).toBe('locked');
  await unlock();
});

test('a policy that was kept and changed on the disk does not unlock', async () => {
  await create();
  container.lock();
  const kept = await signer.sign();
  await header('policy', { ...kept, signature: random(64) });
  await expect(unlock()).rejects.toEqual(fault('altered_policy'));
  await header('policy', undefined);
  await expect(unlock()).rejects.toEqual(fault('altered_policy'));
});

test('a page of another build, or with a file that somebody changed, does not unlock', async () => {
  const until = profile.clock.now() + 60 * MINUTE_MS;
  const [page, part] = [random(64), random(64)];
  profile.build = await signer.signBuild({ '/assets/a.js': page, '/assets/b.js': part });
  profile.kept.set('/assets/a.js', page);
  await create({ offline_until_ms: until });
  await container.allowOffline(keeper, random(16), authenticator);
  container.lock();
  const altered = fault('altered_page');
  const opens = [() => unlock(), () => offline()];

  // One bit of a file that the browser keeps.
  profile.kept.set('/assets/b.js', flipped(part).next().value as Bytes);
  for (const open of opens) await expect(open()).rejects.toEqual(altered);
  profile.kept.set('/assets/b.js', part);
  // A list that nobody signed, a signature of somebody else, and one of another list.
  const { list, signature } = profile.build;
  const other = await (await TestSigner.start()).signBuild({ '/assets/a.js': page });
  const foreign = await signer.signBuild({});
  for (const build of [other, { list: other.list, signature }, { ...foreign, list }]) {
    profile.build = build;
    for (const open of opens) await expect(open()).rejects.toEqual(altered);
  }
  expect(await container.state()).toBe('locked');
  profile.build = { list, signature };
  for (const open of opens) {
    await open();
    expect(await container.state()).toBe('unlocked');
    container.lock();
  }
});

test('no container is made by a page that nobody signed', async () => {
  profile.build = await (await TestSigner.start()).signBuild({});
  await expect(create()).rejects.toEqual(fault('altered_page'));
  expect([keeper.asked, await container.state()]).toEqual([0, 'none']);
});

test("somebody's own key for policies does not open the container", async () => {
  await create();
  container.lock();
  const wrapped = (await shelf('header')).find((value) => value instanceof Uint8Array) as Bytes;
  const forger = await TestSigner.start();
  const swapped = wrapped.slice(0, -32);
  swapped.set(forger.publicKey, Buffer.from(wrapped).indexOf(Buffer.from(signer.publicKey)));
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', swapped));
  await header('wrap', join(swapped, sum));
  await expect(unlock(PASSPHRASE, { policy: await forger.sign() })).rejects.toEqual(
    fault('wrong_passphrase'),
  );
});

test('an older copy of the disk is noticed by what the server was told', async () => {
  await create();
  const before = await shelf('records', true);
  await container.records.put('mails', 'm1', 'one');
  const { generation } = await container.records.state();
  container.lock();
  await unlock(PASSPHRASE, { lastGeneration: generation });
  container.lock();
  await restore(before);
  await expect(unlock(PASSPHRASE, { lastGeneration: generation })).rejects.toEqual(
    fault('rolled_back'),
  );
  await unlock();
});

test('records that the browser evicted do not pass for an empty container', async () => {
  await create();
  container.lock();
  await restore([]);
  await expect(unlock()).rejects.toEqual(fault('damaged'));
});

test('it locks when nobody touched it for as long as the policy says, in all tabs', async () => {
  const other = new Container(profile.tab());
  await create({ idle_min: 5 });
  await other.unlock({ passphrase: PASSPHRASE, keeper });
  profile.clock.advance(4 * MINUTE_MS);
  container.touch();
  profile.clock.advance(4 * MINUTE_MS);
  expect([await container.state(), await other.state()]).toEqual(['unlocked', 'unlocked']);
  // Reading and writing by itself is no touch.
  await other.records.put('mails', 'm1', 'one');
  profile.clock.advance(MINUTE_MS);
  expect([await container.state(), await other.state()]).toEqual(['locked', 'locked']);
  expect([container.lockCause, other.lockCause]).toEqual(['idle', 'idle']);
  await expect(other.records.get('mails', 'm1')).rejects.toEqual(fault('locked'));
});

test('a machine that slept too long is locked when it wakes, whatever its timers say', async () => {
  await create();
  profile.clock.sleep(11 * MINUTE_MS);
  container.touch();
  await expect(container.records.getAll('mails')).rejects.toEqual(fault('locked'));
  expect(await container.state()).toBe('locked');
});

test('locking in one tab locks the others, leaving a page locks that page', async () => {
  const other = new Container(profile.tab());
  await create();
  await other.unlock({ passphrase: PASSPHRASE, keeper });
  const told: string[] = [];
  other.onChange(() => told.push('changed'));
  tab.leave();
  expect([await container.state(), await other.state()]).toEqual(['locked', 'unlocked']);
  expect([container.lockCause, other.lockCause]).toEqual(['left', null]);
  await unlock();
  expect(container.lockCause).toBeNull();
  container.lock();
  expect([await container.state(), await other.state()]).toEqual(['locked', 'locked']);
  expect([container.lockCause, other.lockCause]).toEqual(['asked', 'elsewhere']);
  expect(told).not.toEqual([]);
  expect(container.policy).toBeUndefined();
});

test('wiping leaves nothing, in no tab', async () => {
  const other = new Container(profile.tab());
  await create();
  await other.unlock({ passphrase: PASSPHRASE, keeper });
  await container.blobs.write('a', new Response('Anhang').body as ReadableStream<Uint8Array>);
  await other.records.put('mails', 'm1', 'one');
  await container.wipe();
  expect(await profile.indexedDB.databases()).toEqual([]);
  expect((profile.folder as unknown as TestFolder).folders.size).toBe(0);
  expect(profile.cachesCleared).toBe(1);
  await expect(other.records.get('mails', 'm1')).rejects.toEqual(fault('locked'));
  expect([await container.state(), await other.state()]).toEqual(['none', 'none']);
  await expect(unlock()).rejects.toEqual(fault('no_container'));
});

test('a profile that was copied stays closed once the server forgot the share', async () => {
  await create();
  container.lock();
  keeper.refuses = 'no_share';
  const copy = new Container(profile.tab());
  await expect(copy.unlock({ passphrase: PASSPHRASE, keeper })).rejects.toEqual(fault('no_share'));
});

test('offline it opens with authenticator and passphrase, until the period ends', async () => {
  const until = profile.clock.now() + 60 * MINUTE_MS;
  await create({ offline_until_ms: until });
  await expect(offline()).rejects.toEqual(fault('expired'));
  await container.allowOffline(keeper, random(16), authenticator);
  container.lock();
  keeper.refuses = 'offline';
  await expect(offline('Linde-Fluss-28')).rejects.toEqual(fault('wrong_passphrase'));
  await offline();
  expect(await container.state()).toBe('unlocked');
  container.lock();
  profile.clock.advance(60 * MINUTE_MS);
  await expect(offline()).rejects.toEqual(fault('expired'));
  // Set back again.
  keeper.refuses = undefined;
  await unlock();
  container.lock();
  profile.clock.advance(-30 * MINUTE_MS);
  await expect(offline()).rejects.toEqual(fault('clock_behind'));
});

test('whether it opens offline is known before: never set up, over, or ready', async () => {
  await create({ offline_until_ms: profile.clock.now() + MINUTE_MS });
  expect([await container.offline(), container.grantsOffline]).toEqual(['none', true]);
  await container.allowOffline(keeper, random(16), authenticator);
  expect(keeper.openings).toBe(2);
  container.lock();
  expect([await container.offline(), container.grantsOffline]).toEqual(['ready', false]);
  profile.clock.advance(MINUTE_MS);
  expect(await container.offline()).toBe('over');
});

test('an open container takes a newer policy: what is not granted any more is forgotten', async () => {
  const until = profile.clock.now() + 60 * MINUTE_MS;
  await create({ offline_until_ms: until, serial: 5 });
  await container.allowOffline(keeper, random(16), authenticator);
  // An older one does not come back.
  await container.renew(await signer.sign({ serial: 4 }));
  expect(container.policy?.serial).toBe(5);
  await expect(
    container.renew(await (await TestSigner.start()).sign({ serial: 9 })),
  ).rejects.toEqual(fault('altered_policy'));

  await container.renew(await signer.sign({ serial: 6, idle_min: 2 }));
  expect([await container.offline(), container.policy?.idle_min]).toEqual(['none', 2]);
  profile.clock.advance(2 * MINUTE_MS);
  expect(await container.state()).toBe('locked');
  await expect(
    unlock(PASSPHRASE, { policy: await signer.sign({ serial: 5, offline_until_ms: until }) }),
  ).rejects.toEqual(fault('altered_policy'));
});

test('a longer period that nobody signed is none', async () => {
  await create({ offline_until_ms: profile.clock.now() });
  await container.allowOffline(keeper, random(16), authenticator);
  container.lock();
  await expect(offline()).rejects.toEqual(fault('expired'));
  const forged = await (await TestSigner.start()).sign({ offline_until_ms: 9e12 });
  await header('policy', forged);
  await expect(offline()).rejects.toEqual(fault('altered_policy'));
});

test('once offline is forbidden, the authenticator alone helps nobody', async () => {
  await create({ offline_until_ms: profile.clock.now() + MINUTE_MS });
  await container.allowOffline(keeper, random(16), authenticator);
  await container.forbidOffline();
  container.lock();
  await expect(offline()).rejects.toEqual(fault('expired'));
});

test('neither passphrase nor share nor content stands in what is kept', async () => {
  await create();
  await container.records.put('mails', 'm1', 'Wolkenbruch');
  await container.allowOffline(keeper, random(16), authenticator);
  const disk = Buffer.from(
    JSON.stringify([...(await shelf('header')), ...(await shelf('records'))], (_, value) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
    ),
  );
  for (const secret of [Buffer.from(PASSPHRASE), Buffer.from('Wolkenbruch'), keeper.share]) {
    expect(disk.includes(Buffer.from(secret).toString('hex'))).toBe(false);
    expect(disk.includes(Buffer.from(secret))).toBe(false);
  }
});

/** An authenticator as WebAuthn describes it. */
const secret = random(32);
const authenticator: Authenticator = {
  async evaluate(credential, salt) {
    const bytes = join(secret, credential, salt);
    return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  },
};

async function create(policy: Parameters<TestSigner['sign']>[0] = {}): Promise<void> {
  await container.create({
    passphrase: PASSPHRASE,
    keeper,
    device: DEVICE,
    policyKey: signer.publicKey,
    policy: await signer.sign(policy),
    cost: CHEAP,
  });
}

function unlock(
  passphrase = PASSPHRASE,
  more: Partial<Parameters<Container['unlock']>[0]> = {},
): Promise<void> {
  return container.unlock({ passphrase, keeper, ...more });
}

function offline(passphrase = PASSPHRASE): Promise<void> {
  return container.unlockOffline({ passphrase, authenticator });
}

function fault(kind: FaultKind): ContainerFault {
  return new ContainerFault(kind);
}

async function shelf(name: 'header' | 'records', keys = false): Promise<unknown[]> {
  const database = new Database(profile.indexedDB);
  const all = await database.keys(name);
  const values = await database.getEach(name, all);
  await database.close();
  return keys ? all.map((key, index) => [key, values[index]]) : values;
}

async function restore(rows: unknown[]): Promise<void> {
  const database = new Database(profile.indexedDB);
  await database.change('records', 'strict', (store) => {
    store.clear();
    for (const [key, value] of rows as [IDBValidKey, unknown][]) store.put(value, key);
  });
  await database.close();
}

async function header(name: string, value: unknown): Promise<void> {
  const database = new Database(profile.indexedDB);
  await database.change('header', 'strict', (store) =>
    value === undefined ? store.delete(name) : store.put(value, name),
  );
  await database.close();
}

async function damage(name: string): Promise<void> {
  const database = new Database(profile.indexedDB);
  const bytes = ((await database.get('header', name)) as Bytes).slice();
  bytes[40] = (bytes[40] ?? 0) ^ 1;
  await database.change('header', 'strict', (store) => store.put(bytes, name));
  await database.close();
}
