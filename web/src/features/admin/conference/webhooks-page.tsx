import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { problemOfQuery } from '../../../app/loaded.tsx';
import { WordText } from '../../../app/word.tsx';
import { ButtonLink } from '../../../ui/button.tsx';
import { type Column, DataTable } from '../../../ui/data-table.tsx';
import { icons } from '../../../ui/icon.tsx';
import { EmptyState } from '../../../ui/notice.tsx';
import { Page } from '../../../ui/page.tsx';
import { number } from '../format.ts';
import { type Webhook, webhooksQuery } from './queries.ts';
import { webhookState } from './words.ts';

/** Addresses that are told what happens to meetings. */
export function WebhooksPage() {
  const { t } = useLingui();
  const webhooks = useQuery(webhooksQuery);
  const columns: Column<Webhook>[] = [
    {
      id: 'name',
      header: t`Name`,
      isRowHeader: true,
      cell: (webhook) => (
        <span className="fa-name">
          <span>
            <Link to="/verwaltung/webhooks/$id" params={{ id: webhook.id }}>
              {webhook.name}
            </Link>
            <span className="fa-name__more fa-break">{webhook.url}</span>
          </span>
        </span>
      ),
    },
    {
      id: 'state',
      header: t`Zustand`,
      cell: (webhook) => <WordText word={webhookState(webhook)} />,
    },
    {
      id: 'waiting',
      header: t`Wartende Meldungen`,
      align: 'end',
      cell: (webhook) => number(webhook.waiting),
    },
  ];
  return (
    <Page
      title={t`Webhooks`}
      lead={
        <Trans>
          Andere Programme erfahren, wenn Besprechungen gebucht werden, beginnen und enden. Personen
          nennt Fernamt ihnen nicht.
        </Trans>
      }
      actions={
        <ButtonLink to="/verwaltung/webhooks/neu" variant="primary" icon={icons.iconAdd}>
          <Trans>Webhook anlegen</Trans>
        </ButtonLink>
      }
    >
      <DataTable
        label={t`Webhooks`}
        columns={columns}
        rows={webhooks.data}
        rowKey={({ id }) => id}
        problem={problemOfQuery(webhooks)}
        empty={
          <EmptyState icon={icons.iconHub} title={<Trans>Noch kein Webhook</Trans>}>
            <p>
              <Trans>
                Legen Sie einen an, wenn etwa eine Raumverwaltung oder ein Kalender Bescheid wissen
                soll.
              </Trans>
            </p>
          </EmptyState>
        }
      />
    </Page>
  );
}
