import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { type UseQueryResult, useQueryClient } from '@tanstack/react-query';
import { api, must, type Schema } from '../../../api/client.ts';
import { settling } from '../../../app/conflict.tsx';
import { type Held, useHeld, useTyped } from '../../../app/held.ts';
import type { Part } from '../../../app/merge.ts';
import { fieldProblems } from '../../../app/problem-alert.tsx';
import { Button } from '../../../ui/button.tsx';
import { RadioGroup } from '../../../ui/choices.tsx';
import { TextAreaField } from '../../../ui/fields.tsx';
import { Form, useForm } from '../../../ui/form.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Alert, StateText } from '../../../ui/notice.tsx';
import { Card, Facts } from '../../../ui/page.tsx';
import { announce } from '../../../ui/status.tsx';
import { dateTime, list } from '../format.ts';
import { decisionQuery } from './queries.ts';

type OwnTargetsDecision = Schema<'OwnTargetsDecision'>;
type Values = { may: 'yes' | 'no'; networks: string; reason: string };

const LEAST_REASON_CHARS = 10;
const MOST_REASON_CHARS = 500;
/** A network or a single address: `10.20.0.0/16`, `fd00:20::/64`, `10.20.0.7`. */
const NETWORK = /^[0-9a-f.:]+(\/\d{1,3})?$/i;
const MOST_NETWORKS = 50;

/** The decision in force, and the form to decide anew. */
export function Decision({ query }: { query: UseQueryResult<OwnTargetsDecision> }) {
  const held = useHeld(query);
  return (
    <>
      {query.data && <InForce decision={query.data} />}
      {held && <DecideAnew key={held.filling} held={held} />}
    </>
  );
}

function InForce({ decision }: { decision: OwnTargetsDecision }) {
  const { t } = useLingui();
  const { enabled, networks, reason, decided_by: by, decided_at: at } = decision;
  const state = enabled ? (
    <StateText tone="success">{t`eingeschaltet`}</StateText>
  ) : (
    <StateText tone="neutral" icon={icons.iconStopCircle}>{t`ausgeschaltet`}</StateText>
  );
  if (!at) {
    return (
      <Card title={<Trans>Was gilt</Trans>}>
        <Facts items={[[t`Eigene Ziele`, state]]} />
        <p className="fa-muted">
          <Trans>Darüber hat noch niemand entschieden.</Trans>
        </p>
      </Card>
    );
  }
  return (
    <Card title={<Trans>Was gilt</Trans>}>
      <Facts
        items={[
          [t`Eigene Ziele`, state],
          [t`Netze`, networks.length > 0 ? list(networks) : '–'],
          [t`Begründung`, reason],
          [t`Entschieden von`, by?.display_name ?? t`nicht mehr bekannt`],
          [t`Entschieden am`, dateTime(at)],
          [t`Höchstens je Person`, String(decision.most_per_person)],
        ]}
      />
    </Card>
  );
}

/** Each decision has a reason of its own. */
const valuesOf = ({ enabled, networks }: OwnTargetsDecision): Values => ({
  may: enabled ? 'yes' : 'no',
  networks: networks.join('\n'),
  reason: '',
});

function DecideAnew({ held }: { held: Held<OwnTargetsDecision> }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const decision = held.data;
  const form = useForm<Values>({
    initial: valuesOf(decision),
    validate: ({ may, networks, reason }) => {
      const wrong = linesOf(networks).find((line) => !NETWORK.test(line));
      return {
        ...(may === 'yes' &&
          linesOf(networks).length === 0 && {
            networks: t`Nennen Sie mindestens ein Netz. Sonst wäre das ganze Haus erreichbar.`,
          }),
        ...(wrong && { networks: t`„${wrong}“ ist kein Netz. Richtig wäre etwa 10.20.0.0/16.` }),
        ...(reason.trim().length < LEAST_REASON_CHARS && {
          reason: t`Schreiben Sie in ein, zwei Sätzen, warum.`,
        }),
      };
    },
    submit: async ({ may, networks, reason }) => {
      try {
        const next = await must(
          api.PUT('/api/v1/admin/own-targets/decision', {
            body: {
              version: decision.version,
              enabled: may === 'yes',
              networks: linesOf(networks),
              reason: reason.trim(),
            },
          }),
        );
        client.setQueryData(decisionQuery.queryKey, next);
        held.take(next);
        void client.invalidateQueries({ queryKey: ['admin'] });
        announce('success', t`Die Entscheidung gilt ab jetzt und steht im Prüfprotokoll.`);
      } catch (error) {
        throw fieldProblems(error, NETWORK_PATHS);
      }
    },
  });
  useTyped(held, form.values, valuesOf(decision));
  const parts: Part<Values>[] = [
    {
      label: t`Dürfen Personen eigene Ziele eintragen?`,
      fields: ['may'],
      text: ({ may }) => (may === 'yes' ? t`ja` : t`nein`),
    },
    { label: t`Netze`, fields: ['networks'], text: ({ networks }) => list(linesOf(networks)) },
  ];
  return (
    <Card
      title={<Trans>Neu entscheiden</Trans>}
      lead={
        <Trans>
          Für ein eigenes Ziel braucht die Person keine Regel, die es erlaubt; nur Verbote gelten
          auch dort. Deshalb bleibt es in den Netzen, die Sie nennen, und Ihre Begründung wird
          aufbewahrt.
        </Trans>
      }
    >
      <Form
        form={form}
        failure={settling({ held, form, valuesOf, parts })}
        actions={
          <Button type="submit" variant="primary" pending={form.pending}>
            <Trans>Entscheidung festhalten</Trans>
          </Button>
        }
      >
        <RadioGroup
          legend={t`Dürfen Personen eigene Ziele eintragen?`}
          options={[
            {
              value: 'yes',
              label: t`Ja, in diesen Netzen`,
              hint: t`Arbeitsplätze (RDP) und SSH-Zugänge, höchstens ${decision.most_per_person} je Person.`,
            },
            { value: 'no', label: t`Nein` },
          ]}
          {...form.field('may')}
        />
        {form.values.may === 'yes' && (
          <TextAreaField
            label={t`Netze`}
            hint={t`Eines je Zeile, etwa 10.20.0.0/16: dort, wo die Rechner der Büros stehen.`}
            rows={3}
            mono
            spellCheck={false}
            {...form.field('networks')}
          />
        )}
        <TextAreaField
          label={t`Begründung`}
          hint={t`Für das Prüfprotokoll. Nennen Sie keine Personen.`}
          rows={3}
          maxLength={MOST_REASON_CHARS}
          {...form.field('reason')}
        />
        {form.values.may === 'no' && decision.enabled && decision.targets > 0 && (
          <Alert tone="warning" title={<Trans>Das nimmt Personen etwas weg</Trans>}>
            <p>
              <Plural
                value={decision.targets}
                one="# eigenes Ziel lässt sich dann nicht mehr öffnen."
                other="# eigene Ziele lassen sich dann nicht mehr öffnen."
              />{' '}
              <Trans>Laufende Verbindungen dorthin enden. Eingetragen bleiben die Ziele.</Trans>
            </p>
          </Alert>
        )}
      </Form>
    </Card>
  );
}

/** The server counts the lines; the form has one field for all of them. */
const NETWORK_PATHS = Object.fromEntries(
  Array.from({ length: MOST_NETWORKS }, (_, line) => [`networks.${line}`, 'networks']),
);

function linesOf(text: string): string[] {
  return text
    .split(/[\n,;]+/)
    .map((line) => line.trim())
    .filter(Boolean);
}
