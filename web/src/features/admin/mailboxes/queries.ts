import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, must, type Schema } from '../../../api/client.ts';

type Query = { q?: string; offset?: number; limit?: number };
export type Mailbox = Schema<'FunctionalMailbox'>;
export type Delegate = Schema<'Delegate'>;
export type Right = Delegate['rights'][number];

export const mailboxesQuery = (query: Query) =>
  queryOptions({
    queryKey: ['admin', 'mailboxes', query],
    queryFn: ({ signal }) =>
      must(api.GET('/api/v1/admin/mailboxes', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });

/** The most entries that the server returns at once. */
const MAX_PAGE = 200;

/** One mailbox as it is now, found by its address; null once it is gone. */
export const mailboxQuery = ({ id, address }: Mailbox) =>
  queryOptions({
    queryKey: ['admin', 'mailboxes', 'one', id],
    queryFn: async ({ signal }) => {
      const query = { q: address, limit: MAX_PAGE };
      const { items } = await must(
        api.GET('/api/v1/admin/mailboxes', { params: { query }, signal }),
      );
      return items.find((one) => one.id === id) ?? null;
    },
  });

export const personDelegatesQuery = (id: string) =>
  queryOptions({
    queryKey: ['admin', 'person', id, 'delegates'],
    queryFn: ({ signal }) =>
      must(
        api.GET('/api/v1/admin/people/{id}/mailbox/delegates', {
          params: { path: { id } },
          signal,
        }),
      ),
  });

/** How the delegates of a mailbox are changed, whichever kind it is of. */
export type Granting = {
  grant: (person: string, rights: Right[]) => Promise<unknown>;
  revoke: (person: string) => Promise<unknown>;
};

export const ofMailbox = (id: string): Granting => ({
  grant: (person, rights) =>
    must(
      api.PUT('/api/v1/admin/mailboxes/{id}/delegates/{person}', {
        params: { path: { id, person } },
        body: { rights },
      }),
    ),
  revoke: (person) =>
    must(
      api.DELETE('/api/v1/admin/mailboxes/{id}/delegates/{person}', {
        params: { path: { id, person } },
      }),
    ),
});

export const ofPerson = (id: string): Granting => ({
  grant: (person, rights) =>
    must(
      api.PUT('/api/v1/admin/people/{id}/mailbox/delegates/{person}', {
        params: { path: { id, person } },
        body: { rights },
      }),
    ),
  revoke: (person) =>
    must(
      api.DELETE('/api/v1/admin/people/{id}/mailbox/delegates/{person}', {
        params: { path: { id, person } },
      }),
    ),
});
