import { MAIL_RIGHTS, type Sharing } from '../model.ts';
import { told } from './faults.ts';
import { ask, askJson, Jmap } from './jmap.ts';
import type { MailNet } from './net.ts';
import { list, object, resultOf, text } from './obj.ts';
import type { Sessions } from './sessions.ts';
import { personOf } from './work-shapes.ts';

/** Who is found at once when somebody searches for people. */
const MAX_FOUND = 20;
const MAX_WORDS_CHARS = 200;

/** Who else may do what in a mailbox: asked and changed at the server, kept nowhere. */
export function sharingOf(net: MailNet, sessions: Sessions): Sharing {
  const address = (account: string, ...more: string[]) =>
    ['/api/v1/mail/accounts', ...[account, 'delegates', ...more].map(encodeURIComponent)].join('/');
  return {
    delegates: (account) =>
      told(async () => {
        const { items } = await askJson(net, address(account));
        return list(items).map((item) => {
          const { id, name, display_name } = object(item.person);
          const said = list<string>(item.rights);
          const person = {
            id: text(id),
            name: text(display_name) || text(name),
            email: text(name),
          };
          return { person, rights: MAIL_RIGHTS.filter((right) => said.includes(right)) };
        });
      }),
    search: (account, words) =>
      told(async () => {
        const wanted = words.trim().slice(0, MAX_WORDS_CHARS);
        if (wanted === '') return [];
        const answers = await new Jmap(net, sessions, account).call([
          ['Principal/query', { filter: { text: wanted }, limit: MAX_FOUND }],
          ['Principal/get', { '#ids': resultOf(0, 'Principal/query', '/ids') }],
        ]);
        return list(answers.of(1).list).map(personOf);
      }),
    grant: (account, person, rights) =>
      told(async () => {
        await ask(net, address(account, person), {
          method: 'PUT',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ rights: MAIL_RIGHTS.filter((one) => rights.includes(one)) }),
        });
      }),
    revoke: (account, person) =>
      told(async () => {
        await ask(net, address(account, person), { method: 'DELETE' });
      }),
  };
}
