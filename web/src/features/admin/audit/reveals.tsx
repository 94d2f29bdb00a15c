import { t as now } from '@lingui/core/macro';
import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, must, type Schema } from '../../../api/client.ts';
import type { Word } from '../../../app/device-words.ts';
import { fieldProblems, ProblemAlert, showProblem } from '../../../app/problem-alert.tsx';
import { WordBadge } from '../../../app/word.tsx';
import { Button } from '../../../ui/button.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { TextAreaField } from '../../../ui/fields.tsx';
import { Form, useForm } from '../../../ui/form.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Card, Facts } from '../../../ui/page.tsx';
import { PickOne } from '../../../ui/picker.tsx';
import { announce } from '../../../ui/status.tsx';
import { dateTime } from '../format.ts';
import { useUrlState } from '../parts/url-state.ts';
import { allPeopleQuery, revealsQuery, useDeed } from '../queries.ts';
import { shortPseudonym } from './pseudonym.ts';

type Reveal = Schema<'Reveal'>;

const LEAST_REASON = 10;
const MOST_REASON = 500;

type AskProps = {
  /** The pseudonym to reveal; `null` to look for a person; `undefined` keeps the dialog closed. */
  wanted: string | null | undefined;
  onClose: () => void;
};

/** Asks to learn who stands behind a pseudonym, or under which one somebody stands in the log. */
export function AskReveal({ wanted, onClose }: AskProps) {
  return (
    <Dialog
      title={
        wanted === null ? (
          <Trans>Person im Protokoll suchen</Trans>
        ) : (
          <Trans>Pseudonym aufdecken</Trans>
        )
      }
      isOpen={wanted !== undefined}
      onClose={onClose}
    >
      {wanted !== undefined && <AskForm wanted={wanted} onClose={onClose} />}
    </Dialog>
  );
}

function AskForm({ wanted, onClose }: { wanted: string | null; onClose: () => void }) {
  const { t } = useLingui();
  const people = useQuery({ ...allPeopleQuery, enabled: wanted === null });
  const ask = useDeed((body: Schema<'AskReveal'>) =>
    must(api.POST('/api/v1/admin/audit/reveals', { body })),
  );
  const form = useForm({
    initial: { person: '', reason: '' },
    validate: ({ person, reason }) => ({
      ...(wanted === null && !person && { person: t`Wählen Sie, um wen es geht.` }),
      ...(reason.trim().length < LEAST_REASON && {
        reason: t`Schreiben Sie mit mindestens ${LEAST_REASON} Zeichen, warum.`,
      }),
    }),
    submit: async ({ person, reason }) => {
      try {
        await ask.mutateAsync({
          wanted:
            wanted === null
              ? { kind: 'pseudonym', person_id: person }
              : { kind: 'person', pseudonym: wanted },
          reason: reason.trim(),
        });
      } catch (error) {
        throw fieldProblems(error, { 'wanted.person_id': 'person' });
      }
      announce('success', t`Die Anfrage ist gestellt.`, t`Sie sehen hier, wann entschieden ist.`);
      onClose();
    },
  });
  return (
    <>
      <p>
        <Trans>
          Dazu gehören zwei: Fragt die Administration, entscheidet der Datenschutz, und umgekehrt.
          Anfrage, Entscheidung und jeder Blick stehen im Protokoll.
        </Trans>
      </p>
      <Form
        form={form}
        failure={showProblem}
        actions={
          <>
            <Button type="submit" variant="primary" pending={form.pending}>
              <Trans>Anfragen</Trans>
            </Button>
            <Button onPress={onClose}>
              <Trans>Abbrechen</Trans>
            </Button>
          </>
        }
      >
        {wanted === null ? (
          <PickOne
            label={t`Person`}
            name="person"
            error={form.errors.person}
            choices={people.data?.map((person) => ({
              id: person.id,
              label: person.display_name,
              hint: person.name,
            }))}
            value={form.values.person}
            onChange={(id) => form.set('person', id)}
          />
        ) : (
          <p className="fa-mono fa-break fa-small">{wanted}</p>
        )}
        <TextAreaField
          label={t`Warum?`}
          hint={t`Für alle, die entscheiden oder später nachsehen. Nennen Sie keine Namen.`}
          rows={3}
          maxLength={MOST_REASON}
          {...form.field('reason')}
        />
      </Form>
    </>
  );
}

/** What was asked in the last days, what awaits a decision and what may be looked at. */
export function Reveals() {
  const reveals = useQuery(revealsQuery);
  const [seen, setSeen] = useState<Schema<'Revealed'>>();
  const [, change] = useUrlState();
  if (reveals.error) return <ProblemAlert problem={reveals.error} />;
  if (!reveals.data || reveals.data.length === 0) return null;
  return (
    <Card
      title={<Trans>Anfragen, ein Pseudonym aufzudecken</Trans>}
      lead={<Trans>Sie gelten sieben Tage.</Trans>}
    >
      <ul className="fa-list">
        {reveals.data.map((reveal) => (
          <RevealLine key={reveal.id} reveal={reveal} onSeen={setSeen} />
        ))}
      </ul>
      <SeenDialog
        seen={seen}
        onClose={() => setSeen(undefined)}
        onFilter={(pseudonym) => {
          setSeen(undefined);
          change({ person: pseudonym });
        }}
      />
    </Card>
  );
}

type LineProps = { reveal: Reveal; onSeen: (seen: Schema<'Revealed'>) => void };

function RevealLine({ reveal, onSeen }: LineProps) {
  const { t } = useLingui();
  const path = { params: { path: { id: reveal.id } } };
  const approve = useDeed(() => must(api.POST('/api/v1/admin/audit/reveals/{id}/approve', path)), {
    done: t`Zugestimmt. Ansehen kann es nur, wer gefragt hat.`,
  });
  const refuse = useDeed(() => must(api.POST('/api/v1/admin/audit/reveals/{id}/refuse', path)), {
    done: t`Die Anfrage ist abgelehnt.`,
  });
  const look = useDeed(() => must(api.POST('/api/v1/admin/audit/reveals/{id}/look', path)), {
    onDone: onSeen,
  });
  const problem = approve.error ?? refuse.error ?? look.error;
  return (
    <li>
      <Icon of={icons.iconVisibility} className="fa-list__icon" />
      <div className="fa-list__text">
        <div className="fa-list__title">
          {reveal.wanted.kind === 'person' ? (
            <Trans>Wer steht hinter {shortPseudonym(reveal.wanted.pseudonym)}?</Trans>
          ) : (
            <Trans>Unter welchem Pseudonym steht {reveal.person_name ?? '…'}?</Trans>
          )}
          <WordBadge word={stateWord(reveal.state)} />
        </div>
        <div>„{reveal.reason}“</div>
        <div className="fa-muted fa-small">
          {reveal.asked_by?.display_name} · {dateTime(reveal.asked_at)}
          {reveal.decided_by && reveal.decided_at && (
            <>
              {' · '}
              <Trans>
                entschieden von {reveal.decided_by.display_name}, {dateTime(reveal.decided_at)}
              </Trans>
            </>
          )}
        </div>
        {problem && <ProblemAlert problem={problem} />}
      </div>
      <span className="fa-row">
        {reveal.may_decide && (
          <>
            <Button
              small
              variant="primary"
              pending={approve.isPending}
              onPress={() => approve.mutate()}
            >
              <Trans>Zustimmen</Trans>
            </Button>
            <Button small pending={refuse.isPending} onPress={() => refuse.mutate()}>
              <Trans>Ablehnen</Trans>
            </Button>
          </>
        )}
        {reveal.may_look && (
          <Button
            small
            variant="primary"
            icon={icons.iconVisibility}
            pending={look.isPending}
            onPress={() => look.mutate()}
          >
            <Trans>Ansehen</Trans>
          </Button>
        )}
      </span>
    </li>
  );
}

function stateWord(state: Reveal['state']): Word {
  switch (state) {
    case 'asked':
      return { label: now`wartet auf Entscheidung`, tone: 'warning', icon: icons.iconHourglassTop };
    case 'approved':
      return { label: now`zugestimmt`, tone: 'success' };
    case 'refused':
      return { label: now`abgelehnt`, tone: 'neutral', icon: icons.iconBlock };
  }
}

type SeenProps = {
  seen: Schema<'Revealed'> | undefined;
  onClose: () => void;
  onFilter: (pseudonym: string) => void;
};

function SeenDialog({ seen, onClose, onFilter }: SeenProps) {
  const { t } = useLingui();
  const pseudonym = seen?.pseudonym;
  return (
    <Dialog
      title={<Trans>Person und Pseudonym</Trans>}
      isOpen={seen !== undefined}
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>
            <Trans>Schließen</Trans>
          </Button>
          {pseudonym && (
            <Button variant="primary" onPress={() => onFilter(pseudonym)}>
              <Trans>Einträge dazu zeigen</Trans>
            </Button>
          )}
        </>
      }
    >
      <Facts
        items={[
          [
            t`Person`,
            seen?.person?.display_name ?? t`Die Zuordnung ist nach ihrer Frist gelöscht.`,
          ],
          [
            t`Pseudonym`,
            pseudonym ? (
              <span key="pseudonym" className="fa-mono fa-break">
                {pseudonym}
              </span>
            ) : (
              t`Die Person steht nicht im Protokoll.`
            ),
          ],
        ]}
      />
    </Dialog>
  );
}
