import { Trans } from '@lingui/react/macro';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { problemText } from '../api/problem-text.ts';
import { Button } from '../ui/button.tsx';
import { icons } from '../ui/icon.tsx';
import { Alert, Loading } from '../ui/notice.tsx';

type Asked = Pick<UseQueryResult, 'error' | 'refetch' | 'isFetching'>;

/** Why something could not be shown, and the way to try again. */
export function QueryProblem({ query }: { query: Asked }) {
  const { what, next } = problemText(query.error);
  return (
    <Alert
      tone="danger"
      live="assertive"
      title={what}
      actions={
        <Button
          small
          icon={icons.iconRefresh}
          pending={query.isFetching}
          onPress={() => void query.refetch()}
        >
          <Trans>Noch einmal versuchen</Trans>
        </Button>
      }
    >
      <p>{next}</p>
    </Alert>
  );
}

/** For `DataTable problem={…}`: nothing while all is well. */
export function problemOfQuery(query: Asked): ReactNode {
  return query.error ? <QueryProblem query={query} /> : undefined;
}

type LoadedProps<Data> = {
  query: Asked & { data: Data | undefined };
  children: (data: Data) => ReactNode;
};

/** Shows what a query brought, or that it is on its way, or why it failed. */
export function Loaded<Data>({ query, children }: LoadedProps<Data>) {
  if (query.data !== undefined) return children(query.data);
  return query.error ? <QueryProblem query={query} /> : <Loading />;
}
