import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

type PeerLine = { address: string; user: string; password: string; desk: string };

/** A real xrdp with a terminal on its desktop, run by the tests' program for peers. */
export class TerminalServer {
  private constructor(
    private readonly peer: ChildProcess,
    /** Host and port. */
    readonly address: string,
    readonly user: string,
    readonly password: string,
    /** The folder that is `/share/desk` on the desktop. */
    readonly desk: string,
  ) {}

  static async start(program: string, user: string, password: string): Promise<TerminalServer> {
    const peer = spawn(program, ['xrdp', '--user', user, '--password', password], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: peer.stdout });
    const line = await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve);
      peer.once('exit', (code) => reject(new Error(`the terminal server ended with ${code}`)));
    });
    const facts = JSON.parse(line) as PeerLine;
    return new TerminalServer(peer, facts.address, facts.user, facts.password, facts.desk);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.peer.once('exit', resolve));
    this.peer.stdin?.end();
    await ended;
  }
}
