import { expect, it } from 'vitest';
import { Jmap, type Obj } from './jmap.ts';
import { readEmail } from './read-email.ts';

it('says who wrote an attached message in the stead of whom it is from', async () => {
  const told = {
    sender: [{ name: null, email: 'ada@amt.example' }],
    from: [{ name: 'Bürgerbüro', email: 'buergerbuero@amt.example' }],
    subject: 'Bescheid',
  };
  const jmap = Object.create(Jmap.prototype) as Jmap;
  jmap.one = async (_name: string, { properties }: Obj) => {
    const asked = Object.entries(told).filter(([name]) => (properties as string[]).includes(name));
    return { parsed: { blob: Object.fromEntries(asked) } };
  };
  const email = await readEmail(jmap, 'blob');
  expect(email.sender).toEqual(told.sender);
  expect(email.from).toEqual(told.from);
});
