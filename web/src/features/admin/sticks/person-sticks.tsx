import { Trans } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Schema } from '../../../api/client.ts';
import { Loaded } from '../../../app/loaded.tsx';
import { WordText } from '../../../app/word.tsx';
import { ButtonLink } from '../../../ui/button.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Card } from '../../../ui/page.tsx';
import { sticksQuery } from './queries.ts';
import { stickState } from './words.ts';

type PersonSticksProps = { person: Pick<Schema<'PersonDetail'>, 'id' | 'state' | 'deleted_on'> };

/** The sticks of one person. */
export function PersonSticks({ person }: PersonSticksProps) {
  const sticks = useQuery(sticksQuery({ person: person.id }));
  return (
    <Card
      title={<Trans>Sticks</Trans>}
      {...(person.state === 'active' &&
        !person.deleted_on && {
          actions: (
            <ButtonLink
              to="/verwaltung/sticks/neu"
              search={{ person: person.id }}
              small
              icon={icons.iconAdd}
            >
              <Trans>Stick anlegen</Trans>
            </ButtonLink>
          ),
        })}
    >
      <Loaded query={sticks}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="fa-muted">
              <Trans>Keiner.</Trans>
            </p>
          ) : (
            <ul className="fa-list">
              {items.map((stick) => (
                <li key={stick.id}>
                  <Icon of={icons.iconUsb} className="fa-list__icon" />
                  <span className="fa-list__text">
                    <Link to="/verwaltung/sticks/$id" params={{ id: stick.id }}>
                      {stick.name}
                    </Link>{' '}
                    <span className="fa-small">
                      <WordText word={stickState(stick)} />
                    </span>
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}
