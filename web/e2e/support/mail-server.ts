import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';

type PeerLine = {
  imap_port: number;
  sieve_port: number;
  operator: string;
  operator_password: string;
  authority_file: string;
};

/** What its people's addresses end in. */
export const DOMAIN = 'amt.test';

/** What every script may use beside `m`, `q` and `send`. Asking the server again and again is how a program hears of it. */
const WORDS = `
import glob, time
end = time.monotonic() + 60
def until(look, what):
    while not look():
        assert time.monotonic() < end, what
        q(m.noop())
def found(folder, subject, more='ALL'):
    q(m.select(folder, True))
    return q(m.uid('SEARCH', 'SUBJECT', '"' + subject + '"', more))[0].decode().split()
def letter(sender, to, subject, text):
    head = f'From: {sender}\\r\\nTo: {to}\\r\\nSubject: {subject}\\r\\n'
    head += 'MIME-Version: 1.0\\r\\nContent-Type: text/plain; charset=utf-8\\r\\n'
    return head + f'Message-ID: <{subject.replace(" ", "-")}@elsewhere.test>\\r\\n\\r\\n{text}\\r\\n'
`;

/** A real Cyrus behind Exim, run by the tests' program for peers. */
export class MailServer {
  private constructor(
    private readonly peer: ChildProcess,
    private readonly lines: Interface,
    private readonly folder: string,
    /** The section of a configuration by which people's mailboxes lie on it. */
    readonly section: string,
  ) {}

  /** With a mailbox for each of these people. */
  static async start(program: string, people: string[]): Promise<MailServer> {
    const users = people.flatMap((name) => ['--user', `${name}:Linde-Fluss-27`]);
    const peer = spawn(program, ['cyrus', ...users], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: peer.stdout });
    const facts = await nextLine<PeerLine>(peer, lines);
    const folder = await mkdtemp(join(tmpdir(), 'fernamt-e2e-'));
    const password = join(folder, 'password');
    await writeFile(password, facts.operator_password);
    const section = `[mail.server]
domain = "${DOMAIN}"
host = "localhost"
port = ${facts.imap_port}
sieve_port = ${facts.sieve_port}
operator = "${facts.operator}"
password_file = "${password}"
authority_file = "${facts.authority_file}"
`;
    return new MailServer(peer, lines, folder, section);
  }

  /** What somebody's mail program does and prints: Python's `imaplib`, signed in as `m`. */
  async program(person: string, script: string): Promise<string> {
    const answer = nextLine<{ printed?: string; fault?: string }>(this.peer, this.lines);
    this.peer.stdin?.write(`${JSON.stringify({ person, script: `${WORDS}\n${script}` })}\n`);
    const { printed, fault } = await answer;
    if (printed === undefined) throw new Error(fault);
    return printed;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.peer.once('exit', resolve));
    this.peer.stdin?.end();
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function nextLine<Facts>(peer: ChildProcess, lines: Interface): Promise<Facts> {
  const line = await new Promise<string>((resolve, reject) => {
    const fail = (code: number | null) => reject(new Error(`the mail server ended with ${code}`));
    peer.once('exit', fail);
    lines.once('line', (line) => {
      peer.off('exit', fail);
      resolve(line);
    });
  });
  return JSON.parse(line) as Facts;
}
