import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';

type PeerLine = { address: string; user: string; password: string; desk: string };

/** A real xrdp with a terminal on its desktop, run by the tests' program for peers. */
export class TerminalServer {
  private constructor(
    private readonly peer: ChildProcess,
    private readonly lines: Interface,
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
    const facts = await nextLine<PeerLine>(peer, lines);
    return new TerminalServer(peer, lines, facts.address, facts.user, facts.password, facts.desk);
  }

  /** What a demo is told, so that it shows this desktop and signs people on to it. */
  demoOptions(): string[] {
    const options = { address: this.address, user: this.user, password: this.password };
    return Object.entries(options).flatMap(([name, value]) => [`--rdp-${name}`, value]);
  }

  /** Gives the server another certificate, and returns its fingerprint: SHA-256 in lower-case hex. */
  async renewCertificate(): Promise<string> {
    const answer = nextLine<{ certificate_sha256: string }>(this.peer, this.lines);
    this.peer.stdin?.write('renew-certificate\n');
    return (await answer).certificate_sha256;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.peer.once('exit', resolve));
    this.peer.stdin?.end();
    await ended;
  }
}

async function nextLine<Facts>(peer: ChildProcess, lines: Interface): Promise<Facts> {
  const line = await new Promise<string>((resolve, reject) => {
    lines.once('line', resolve);
    peer.once('exit', (code) => reject(new Error(`the terminal server ended with ${code}`)));
  });
  return JSON.parse(line) as Facts;
}
