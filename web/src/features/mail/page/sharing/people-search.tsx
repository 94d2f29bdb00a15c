import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useState } from 'react';
import { SearchField } from '../../../../ui/fields.tsx';
import { Icon, icons } from '../../../../ui/icon.tsx';
import type { Person } from '../../model.ts';
import { faultText } from '../words.ts';

/** Whoever types is not searched for with every key. */
const TYPING_MS = 300;
const MAX_WORDS_CHARS = 200;

type PeopleSearchProps = {
  search: (words: string) => Promise<Person[]>;
  onChoose: (person: Person) => void;
};

/** People of the house, by the beginning of their names. */
export function PeopleSearch({ search, onChoose }: PeopleSearchProps) {
  const { t } = useLingui();
  const [words, setWords] = useState('');
  const [found, setFound] = useState<{ words: string; people: Person[] } | null>(null);
  const [fault, setFault] = useState<unknown>(null);
  const wanted = words.trim();
  // biome-ignore lint/correctness/useExhaustiveDependencies: only typing starts the wait anew
  useEffect(() => {
    setFault(null);
    if (wanted === '') return setFound(null);
    let isOver = false;
    const timer = setTimeout(() => {
      search(wanted).then(
        (people) => !isOver && setFound({ words: wanted, people }),
        (error: unknown) => !isOver && setFault(error),
      );
    }, TYPING_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [wanted]);
  return (
    <div className="fa-sharing__search">
      <SearchField
        label={t`Person hinzufügen`}
        placeholder={t`Name oder Adresse`}
        value={words}
        onChange={(value) => setWords(value.slice(0, MAX_WORDS_CHARS))}
        onSubmit={() => {
          const [first, ...more] = found?.people ?? [];
          if (first && more.length === 0) onChoose(first);
        }}
      />
      <p className="fa-muted fa-small" role="status">
        {fault !== null ? (
          faultText(fault).what
        ) : found ? (
          <Plural
            value={found.people.length}
            _0="Niemand heißt so. Gesucht wird nach dem Anfang von Namen und Adressen."
            one="Eine Person gefunden"
            other="# Personen gefunden"
          />
        ) : (
          <Trans>Gesucht wird nach dem Anfang von Namen und Adressen.</Trans>
        )}
      </p>
      {found && found.people.length > 0 && (
        <ul className="fa-sharing__found">
          {found.people.map((person) => (
            <li key={person.id}>
              <button type="button" onClick={() => onChoose(person)}>
                <Icon of={icons.iconPersonAdd} size="small" />
                <span className="fa-sharing__person">
                  <strong>{person.name}</strong>
                  <span className="fa-muted fa-small">{person.email}</span>
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
