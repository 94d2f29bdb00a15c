import type { BrowserContext, Page } from 'playwright-core';

type Watched = { peers?: RTCPeerConnection[] };

/** What has arrived by now: pictures that were decoded, and the energy of the sound that was played. */
export type Received = { frames: number; energy: number; videos: number };

/** Remembers the page's connections, so that their figures can be read. Before the page is opened. */
export async function watchConnections(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const peers: RTCPeerConnection[] = [];
    (globalThis as Watched).peers = peers;
    const Real = globalThis.RTCPeerConnection;
    globalThis.RTCPeerConnection = class extends Real {
      constructor(...options: ConstructorParameters<typeof Real>) {
        super(...options);
        peers.push(this);
      }
    };
  });
}

/** Lets a page know of no way but TCP, as behind a firewall that lets no UDP through. Before the page is opened. */
export async function withoutUdp(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const connection = RTCPeerConnection.prototype;
    const isUdp = (candidate: string) => / udp /i.test(candidate);
    const hear: (said: RTCSessionDescriptionInit) => Promise<void> =
      connection.setRemoteDescription;
    const add: (candidate?: RTCIceCandidateInit | null) => Promise<void> =
      connection.addIceCandidate;
    connection.setRemoteDescription = function (said: RTCSessionDescriptionInit) {
      const lines = said.sdp?.split('\r\n') ?? [];
      const kept = lines.filter((line) => !(line.startsWith('a=candidate:') && isUdp(line)));
      return hear.call(this, { type: said.type, sdp: kept.join('\r\n') });
    };
    connection.addIceCandidate = function (candidate?: RTCIceCandidateInit | null) {
      if (isUdp(candidate?.candidate ?? '')) return Promise.resolve();
      return add.call(this, candidate);
    };
  });
}

/** By which transport protocols the page's connections reach the media plane. */
export async function transports(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const found = new Set<string>();
    for (const peer of (globalThis as Watched).peers ?? []) {
      if (peer.connectionState !== 'connected') continue;
      const report = await peer.getStats();
      report.forEach((entry: Record<string, unknown>) => {
        if (entry.type !== 'candidate-pair' || !entry.nominated || entry.state !== 'succeeded')
          return;
        found.add(String(report.get(String(entry.localCandidateId))?.protocol));
      });
    }
    return [...found];
  });
}

export async function received(page: Page): Promise<Received> {
  return page.evaluate(async () => {
    const sum = { frames: 0, energy: 0, videos: 0 };
    for (const peer of (globalThis as Watched).peers ?? []) {
      if (peer.connectionState === 'closed') continue;
      const report = await peer.getStats();
      report.forEach((entry: Record<string, unknown>) => {
        if (entry.type !== 'inbound-rtp') return;
        sum.frames += Number(entry.framesDecoded ?? 0);
        sum.energy += Number(entry.totalAudioEnergy ?? 0);
        if (entry.kind === 'video' && Number(entry.framesDecoded ?? 0) > 0) sum.videos += 1;
      });
    }
    return sum;
  });
}

/** Waits until so many more pictures were decoded than before, or than `since`, and louder sound was heard. */
export async function hearsAndSees(page: Page, wanted: Wanted): Promise<void> {
  const { frames, timeoutMs, since } = wanted;
  const before = since ?? (await received(page));
  const end = Date.now() + timeoutMs;
  for (;;) {
    const now = await received(page);
    // After a new connection the figures begin again.
    const base = now.frames < before.frames ? { frames: 0, energy: 0 } : before;
    if (now.frames - base.frames >= frames && now.energy > base.energy) return;
    if (Date.now() > end) {
      throw new Error(`only ${JSON.stringify(now)} after ${JSON.stringify(before)}`);
    }
    await page.waitForTimeout(200);
  }
}

type Wanted = { frames: number; timeoutMs: number; since?: Received };
