import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useAsk } from '../../../app/ask.tsx';
import { ProblemAlert } from '../../../app/problem-alert.tsx';
import { Button, IconButton } from '../../../ui/button.tsx';
import { CheckboxGroup } from '../../../ui/choices.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { PickOne } from '../../../ui/picker.tsx';
import { allPeopleQuery, useDeed } from '../queries.ts';
import type { Delegate, Granting, Right } from './queries.ts';
import { RIGHTS, rightOptions, rightsLine } from './words.ts';

type DelegatesProps = {
  /** The mailbox's name. */
  name: string;
  delegates: readonly Delegate[];
  granting: Granting;
  /** Whose mailbox it is: nobody stands in for themselves. */
  owner?: string;
};

/** Who may work in a mailbox, to add, change and remove. */
export function Delegates({ name, delegates, granting, owner }: DelegatesProps) {
  const { t } = useLingui();
  const [chosen, setChosen] = useState<Delegate | 'new'>();
  const { ask, dialog } = useAsk(['admin']);
  const remove = ({ person }: Delegate) =>
    ask({
      title: t`${person.display_name} den Zugang zu „${name}“ nehmen?`,
      text: (
        <p>
          <Trans>
            Das gilt sofort. Was die Person ohne Verbindung vorbereitet hat, wird nicht mehr
            übernommen; von ihren Geräten wird das Postfach gelöscht.
          </Trans>
        </p>
      ),
      action: t`Zugang nehmen`,
      danger: true,
      deed: () => granting.revoke(person.id),
      done: t`${person.display_name} hat keinen Zugang mehr.`,
    });
  return (
    <div className="fa-stack fa-stack--tight">
      {delegates.length === 0 ? (
        <p className="fa-muted">
          <Trans>Niemand hat Zugang.</Trans>
        </p>
      ) : (
        <ul className="fa-list">
          {delegates.map((one) => (
            <li key={one.person.id}>
              <Icon of={icons.iconPerson} className="fa-list__icon" />
              <span className="fa-list__text">
                {one.person.display_name}
                <span className="fa-name__more">{rightsLine(one.rights)}</span>
              </span>
              <IconButton
                label={t`Rechte von ${one.person.display_name} ändern`}
                icon={icons.iconEdit}
                onPress={() => setChosen(one)}
              />
              <IconButton
                label={t`${one.person.display_name} den Zugang nehmen`}
                icon={icons.iconPersonRemove}
                danger
                onPress={() => remove(one)}
              />
            </li>
          ))}
        </ul>
      )}
      <div>
        <Button small icon={icons.iconPersonAdd} onPress={() => setChosen('new')}>
          <Trans>Person hinzufügen</Trans>
        </Button>
      </div>
      {dialog}
      {chosen && (
        <RightsDialog
          name={name}
          first={chosen === 'new' ? null : chosen}
          without={[...delegates.map(({ person }) => person.id), owner ?? '']}
          granting={granting}
          onClose={() => setChosen(undefined)}
        />
      )}
    </div>
  );
}

type RightsDialogProps = {
  name: string;
  first: Delegate | null;
  without: readonly string[];
  granting: Granting;
  onClose: () => void;
};

function RightsDialog({ name, first, without, granting, onClose }: RightsDialogProps) {
  const { t } = useLingui();
  const people = useQuery(allPeopleQuery);
  const [person, setPerson] = useState(first?.person.id ?? '');
  const [rights, setRights] = useState<readonly Right[]>(first?.rights ?? []);
  const save = useDeed(
    () =>
      granting.grant(
        person,
        RIGHTS.filter((right) => right === 'read' || rights.includes(right)),
      ),
    { done: t`Gespeichert.`, onDone: onClose },
  );
  return (
    <Dialog
      title={
        first ? (
          <Trans>
            Rechte von {first.person.display_name} in „{name}“
          </Trans>
        ) : (
          <Trans>Zugang zu „{name}“ geben</Trans>
        )
      }
      isOpen
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>
            <Trans>Abbrechen</Trans>
          </Button>
          <Button
            variant="primary"
            isDisabled={person === ''}
            pending={save.isPending}
            onPress={() => save.mutate()}
          >
            <Trans>Rechte speichern</Trans>
          </Button>
        </>
      }
    >
      <div className="fa-stack">
        {!first && (
          <PickOne
            label={t`Wer?`}
            name="mailbox-person"
            choices={people.data
              ?.filter(({ id }) => !without.includes(id))
              .map((one) => ({ id: one.id, label: one.display_name, hint: one.name }))}
            value={person}
            onChange={setPerson}
          />
        )}
        <CheckboxGroup
          legend={t`Was darf die Person, außer zu lesen?`}
          name="mailbox-rights"
          options={rightOptions()}
          values={[...rights]}
          onChange={setRights}
        />
        {save.error && <ProblemAlert problem={save.error} />}
      </div>
    </Dialog>
  );
}
