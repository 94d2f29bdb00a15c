import { Trans } from '@lingui/react/macro';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Schema } from '../../../api/client.ts';
import { Card } from '../../../ui/page.tsx';

type UsedByProps = { rules: readonly Schema<'RuleRef'>[]; none: ReactNode };

/** The rules that name an entry: what a change of it touches. */
export function UsedBy({ rules, none }: UsedByProps) {
  return (
    <Card title={<Trans>Regeln, die das nennen</Trans>}>
      {rules.length === 0 ? (
        <p className="fa-muted">{none}</p>
      ) : (
        <ul className="fa-plain-list">
          {rules.map(({ id, name }) => (
            <li key={id}>
              <Link to="/verwaltung/regeln/$id" params={{ id }}>
                {name}
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
