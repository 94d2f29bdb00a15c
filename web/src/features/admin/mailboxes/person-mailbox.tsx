import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import type { Schema } from '../../../api/client.ts';
import { Loaded } from '../../../app/loaded.tsx';
import { Card } from '../../../ui/page.tsx';
import { Delegates } from './delegates.tsx';
import { ofPerson, personDelegatesQuery } from './queries.ts';

/** Who may work in a person's mailbox. */
export function PersonMailbox({ person }: { person: Schema<'PersonDetail'> }) {
  const { t } = useLingui();
  const delegates = useQuery(personDelegatesQuery(person.id));
  return (
    <Card
      title={<Trans>Vertretungen im Postfach</Trans>}
      lead={
        <Trans>
          Wer das Postfach dieser Person öffnen darf. Sie kann das auch selbst festlegen.
        </Trans>
      }
    >
      <Loaded query={delegates}>
        {({ items }) => (
          <Delegates
            name={t`Postfach von ${person.display_name}`}
            delegates={items}
            granting={ofPerson(person.id)}
            owner={person.id}
          />
        )}
      </Loaded>
    </Card>
  );
}
