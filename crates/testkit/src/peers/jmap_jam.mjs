// Drives jmap-jam: commands come in as JSON, one a line, and each is answered by one line.

import dns from 'node:dns';
import { createInterface } from 'node:readline';
import JamClient from 'jmap-jam';

// Browsers know that names under .localhost are this machine; Node asks the system, which may not.
dns.lookup = (_name, options, done) => {
  if (options.all) done(null, [{ address: '127.0.0.1', family: 4 }]);
  else done(null, '127.0.0.1', 4);
};

class Program {
  known = {};
  state = null;

  constructor(host, token) {
    this.client = new JamClient({ bearerToken: token, sessionUrl: `http://${host}/jmap/session` });
  }

  async open() {
    this.accountId = await this.client.getPrimaryAccount();
    return (await this.client.session).username;
  }

  async call(method, given) {
    const [answer] = await this.client.request([method, { accountId: this.accountId, ...given }]);
    return answer;
  }

  async folders() {
    const { list } = await this.call('Mailbox/get', { ids: null });
    return Object.fromEntries(list.map((one) => [one.role, [one.totalEmails, one.unreadEmails]]));
  }

  async folder(role) {
    return (await this.call('Mailbox/query', { filter: { role } })).ids[0];
  }

  async found(filter, properties, more = {}) {
    const { accountId } = this;
    const [{ emails }] = await this.client.requestMany((draft) => {
      const query = draft.Email.query({ accountId, filter });
      const emails = draft.Email.get({ accountId, ids: query.$ref('/ids'), properties, ...more });
      return { query, emails };
    });
    return emails.list;
  }

  async search({ text }) {
    return (await this.found({ text }, ['subject'])).map(({ subject }) => subject);
  }

  async read({ subject }) {
    const list = await this.found({ subject }, ['textBody', 'bodyValues'], { fetchTextBodyValues: true });
    return list.map(({ textBody, bodyValues }) => bodyValues[textBody[0].partId].value);
  }

  async send({ to, subject, text }) {
    const { accountId } = this;
    const identity = (await this.call('Identity/get', {})).list[0];
    const [drafts, sent] = [await this.folder('drafts'), await this.folder('sent')];
    const draft = {
      from: [{ name: identity.name, email: identity.email }],
      to: [{ email: to }],
      subject,
      keywords: { $draft: true },
      mailboxIds: { [drafts]: true },
      bodyValues: { text: { value: text } },
      textBody: [{ partId: 'text', type: 'text/plain' }],
    };
    const [{ written, submitted }] = await this.client.requestMany((draftOf) => ({
      written: draftOf.Email.set({ accountId, create: { draft } }),
      submitted: draftOf.EmailSubmission.set({
        accountId,
        create: { send: { emailId: '#draft', identityId: identity.id } },
      }),
    }));
    // Not by onSuccessUpdateEmail: this client takes the answer that comes with it for that of the submission.
    const moved = { mailboxIds: { [sent]: true }, 'keywords/$draft': null };
    await this.call('Email/set', { update: { [written.created.draft.id]: moved } });
    return Object.keys(submitted.created);
  }

  /** Brings what is known up to date, and tells all of it. */
  async sync() {
    if (this.state === null) {
      this.state = (await this.call('Email/get', { ids: [] })).state;
      await this.take((await this.call('Email/query', {})).ids);
    }
    for (let more = true; more; ) {
      const changes = await this.call('Email/changes', { sinceState: this.state, maxChanges: 50 });
      await this.take([...changes.created, ...changes.updated]);
      for (const gone of changes.destroyed) delete this.known[gone];
      this.state = changes.newState;
      more = changes.hasMoreChanges;
    }
    return this.known;
  }

  async take(ids) {
    for (let start = 0; start < ids.length; start += 100) {
      const part = ids.slice(start, start + 100);
      const { list } = await this.call('Email/get', { ids: part, properties: ['mailboxIds', 'keywords'] });
      for (const { id, mailboxIds, keywords } of list) {
        this.known[id] = [Object.keys(mailboxIds).sort(), Object.keys(keywords).sort()];
      }
    }
  }
}

let program;
for await (const line of createInterface({ input: process.stdin })) {
  const { do: action, ...given } = JSON.parse(line);
  try {
    if (action === 'open') program = new Program(given.host, given.token);
    console.log(JSON.stringify({ answer: await program[action](given) }));
  } catch (error) {
    console.log(JSON.stringify({ fault: error instanceof Error ? String(error) : JSON.stringify(error) }));
  }
}
