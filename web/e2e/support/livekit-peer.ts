import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Where a LiveKit listens, and how it is told that we may give orders. */
export type LiveKitFacts = { url: string; key: string; secret: string; pid: number };

/** A real LiveKit server, run by the tests' program for peers. */
export class LiveKitPeer {
  private constructor(
    private readonly peer: ChildProcess,
    readonly facts: LiveKitFacts,
  ) {}

  /** Starts one, or says why there is none on this machine. */
  static async start(program: string, more: string[] = []): Promise<LiveKitPeer | string> {
    const peer = spawn(program, ['livekit', ...more], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: peer.stdout });
    const line = await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve);
      peer.once('exit', (code) => reject(new Error(`the LiveKit server ended with ${code}`)));
    });
    const told = JSON.parse(line) as LiveKitFacts | { missing: string };
    return 'missing' in told ? told.missing : new LiveKitPeer(peer, told);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.peer.once('exit', resolve));
    this.peer.stdin?.end();
    await ended;
  }
}
