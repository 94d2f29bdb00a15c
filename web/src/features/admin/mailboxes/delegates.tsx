import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useAsk } from '../../../app/ask.tsx';
import { QueryProblem } from '../../../app/loaded.tsx';
import { ProblemAlert } from '../../../app/problem-alert.tsx';
import { Button, IconButton } from '../../../ui/button.tsx';
import { CheckboxGroup } from '../../../ui/choices.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { SearchField } from '../../../ui/fields.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { PickOne } from '../../../ui/picker.tsx';
import { day } from '../format.ts';
import { allPeopleQuery, useDeed } from '../queries.ts';
import type { Delegate, Granting, Right } from './queries.ts';
import { RIGHTS, rightOptions, rightsLine } from './words.ts';

/** With more than this, one searches. */
const MANY = 8;
/** So many stand there until all are asked for. */
const SHOWN = 20;

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
  const [wanted, setWanted] = useState('');
  const [all, setAll] = useState(false);
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
  const words = wanted.trim().toLocaleLowerCase();
  const matching = delegates.filter(({ person }) =>
    `${person.display_name} ${person.name}`.toLocaleLowerCase().includes(words),
  );
  const shown = all || words ? matching : matching.slice(0, SHOWN);
  return (
    <div className="fa-stack">
      <div className="fa-row fa-row--between">
        <span className="fa-muted" aria-live="polite">
          <Plural
            value={delegates.length}
            _0="Niemand hat Zugang."
            one="Eine Person hat Zugang."
            other="# Personen haben Zugang."
          />
        </span>
        <Button small icon={icons.iconPersonAdd} onPress={() => setChosen('new')}>
          <Trans>Person hinzufügen</Trans>
        </Button>
      </div>
      {delegates.length > MANY && (
        <SearchField
          label={t`Unter den Personen mit Zugang suchen`}
          labelHidden
          placeholder={t`Name`}
          value={wanted}
          onChange={setWanted}
        />
      )}
      {words !== '' && matching.length === 0 && (
        <p className="fa-muted" role="status">
          <Trans>Niemand mit Zugang heißt so.</Trans>
        </p>
      )}
      {shown.length > 0 && (
        <ul className="fa-list fa-delegates" aria-label={t`Wer Zugang hat`}>
          {shown.map((one) => (
            <li key={one.person.id}>
              <Icon of={icons.iconPerson} className="fa-list__icon" />
              <span className="fa-list__text">
                <span className="fa-list__title">{one.person.display_name}</span>
                <span className="fa-name__more">{rightsLine(one.rights)}</span>
                <span className="fa-name__more">{t`seit ${day(one.granted_at)}`}</span>
              </span>
              <span className="fa-row">
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
              </span>
            </li>
          ))}
        </ul>
      )}
      {shown.length < matching.length && (
        <div>
          <Button small variant="tertiary" onPress={() => setAll(true)}>
            <Trans>Alle {matching.length} zeigen</Trans>
          </Button>
        </div>
      )}
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
        {!first && people.error && <QueryProblem query={people} />}
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
