import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Media } from './mock-meeting.ts';

/** A real LiveKit server, run by the tests' program for peers. */
export class LiveKitPeer {
  private constructor(
    private readonly peer: ChildProcess,
    readonly media: Media,
  ) {}

  static async start(program: string): Promise<LiveKitPeer> {
    const peer = spawn(program, ['livekit'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: peer.stdout });
    const line = await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve);
      peer.once('exit', (code) => reject(new Error(`the LiveKit server ended with ${code}`)));
    });
    return new LiveKitPeer(peer, JSON.parse(line) as Media);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.peer.once('exit', resolve));
    this.peer.stdin?.end();
    await ended;
  }
}
