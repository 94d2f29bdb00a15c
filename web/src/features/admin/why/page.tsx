import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { api, must, type Schema } from '../../../api/client.ts';
import {
  DEVICE_KINDS,
  DEVICE_STATES,
  deviceKindName,
  deviceState,
  METHODS,
  methodName,
} from '../../../app/device-words.ts';
import { fieldProblems, showProblem } from '../../../app/problem-alert.tsx';
import { useSession } from '../../../app/queries.ts';
import { WordBadge } from '../../../app/word.tsx';
import { Button } from '../../../ui/button.tsx';
import { CheckboxGroup, Select } from '../../../ui/choices.tsx';
import { TextField } from '../../../ui/fields.tsx';
import { Form, useForm } from '../../../ui/form.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Badge } from '../../../ui/notice.tsx';
import { Card, Page } from '../../../ui/page.tsx';
import { PickOne } from '../../../ui/picker.tsx';
import { dateTime, instantIn } from '../format.ts';
import { useUrlState } from '../parts/url-state.ts';
import {
  allPeopleQuery,
  allTargetsQuery,
  healthQuery,
  settingsQuery,
  useDeed,
} from '../queries.ts';
import { effectWord, optionsOf, targetKindName } from '../words.ts';
import { conditionText, reasonText } from './words.ts';

type Values = {
  person: string;
  target: string;
  device_kind: Schema<'DeviceKind'>;
  device_state: Schema<'DeviceState'>;
  methods: Schema<'Method'>[];
  zone: string;
  address: string;
  at: string;
};

type Asked = { answer: Schema<'WhyAnswer'>; person: string; target: string };

/** Why may somebody reach something, or why not: any person, target and situation. */
export function WhyPage() {
  const { t } = useLingui();
  const [search, change] = useUrlState();
  const people = useQuery(allPeopleQuery);
  const targets = useQuery(allTargetsQuery);
  const zones = useQuery(healthQuery).data?.zones ?? [];
  const ownZone = useSession().zone;
  const client = useQueryClient();
  const elsewhere = useClockElsewhere();
  const ask = useDeed((body: Schema<'WhyRequest'>) =>
    must(api.POST('/api/v1/admin/why', { body })),
  );
  const form = useForm<Values>({
    initial: {
      person: search.person ?? '',
      target: search.ziel ?? '',
      device_kind: 'browser',
      device_state: 'approved',
      methods: ['password', 'totp'],
      zone: ownZone,
      address: '203.0.113.7',
      at: '',
    },
    validate: ({ person, target, address, zone }) => ({
      ...(!person && { person: t`Wählen Sie eine Person.` }),
      ...(!target && { target: t`Wählen Sie ein Ziel.` }),
      ...(!address.trim() && { address: t`Geben Sie eine Adresse ein.` }),
      ...(!zone && { zone: t`Wählen Sie einen Zugang.` }),
    }),
    submit: async (values) => {
      change({ person: values.person, ziel: values.target });
      try {
        const { settings } = await client.ensureQueryData(settingsQuery);
        const at = instantIn(values.at, settings.time_zone);
        await ask.mutateAsync({
          person_id: values.person,
          target_id: values.target,
          device_kind: values.device_kind,
          device_state: values.device_state,
          methods: values.methods,
          zone: values.zone,
          address: values.address.trim(),
          ...(at && { at }),
        });
      } catch (error) {
        throw fieldProblems(error, { person_id: 'person', target_id: 'target' });
      }
    },
  });
  const asked: Asked | undefined = ask.data && {
    answer: ask.data,
    person: people.data?.find(({ id }) => id === ask.variables?.person_id)?.display_name ?? '',
    target: targets.data?.find(({ id }) => id === ask.variables?.target_id)?.name ?? '',
  };
  return (
    <Page
      title={t`Warum?`}
      lead={
        <Trans>
          Warum jemand etwas erreicht oder nicht, für jede Lage, ohne es auszuprobieren.
        </Trans>
      }
    >
      <div className="fa-split fa-split--even">
        <Card title={<Trans>Die Lage</Trans>}>
          <Form
            form={form}
            failure={showProblem}
            actions={
              <Button type="submit" variant="primary" pending={form.pending} icon={icons.iconRule}>
                <Trans>Entscheidung ansehen</Trans>
              </Button>
            }
          >
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
            <PickOne
              label={t`Ziel`}
              name="target"
              error={form.errors.target}
              choices={targets.data?.map((target) => ({
                id: target.id,
                label: target.name,
                hint: targetKindName(target.settings.kind),
              }))}
              value={form.values.target}
              onChange={(id) => form.set('target', id)}
            />
            <div className="fa-columns">
              <Select
                label={t`Gerät`}
                options={optionsOf(DEVICE_KINDS, deviceKindName)}
                {...form.field('device_kind')}
              />
              <Select
                label={t`Zustand des Geräts`}
                options={optionsOf(DEVICE_STATES, (state) => deviceState(state).label)}
                {...form.field('device_state')}
              />
            </div>
            <CheckboxGroup
              legend={t`Angemeldet mit`}
              name="methods"
              options={optionsOf(METHODS, methodName)}
              values={form.values.methods}
              onChange={(methods) => form.set('methods', methods)}
            />
            <div className="fa-columns">
              <Select
                label={t`Zugang über`}
                options={[...new Set([ownZone, ...zones])].map((zone) => ({
                  value: zone,
                  label: zone,
                }))}
                {...form.field('zone')}
              />
              <TextField label={t`Von der Adresse`} spellCheck={false} {...form.field('address')} />
            </div>
            <TextField
              label={t`Zeitpunkt`}
              hint={
                elsewhere
                  ? t`Leer heißt: jetzt. Es gilt die Uhr des Hauses (${elsewhere}).`
                  : t`Leer heißt: jetzt.`
              }
              optional
              type="datetime-local"
              {...form.field('at')}
            />
          </Form>
        </Card>
        <div className="fa-stack fa-split__aside">
          {asked ? (
            <Verdict asked={asked} />
          ) : (
            <p className="fa-sentence fa-sentence--open">
              <Trans>
                Hier steht die Entscheidung mit den Regeln, die dazu geführt haben. Es wird nichts
                geöffnet; die Frage selbst steht im Prüfprotokoll.
              </Trans>
            </p>
          )}
        </div>
      </div>
    </Page>
  );
}

/** The zone by whose clock the rules go, where the browser's is another one. */
function useClockElsewhere(): string | undefined {
  const zone = useQuery(settingsQuery).data?.settings.time_zone;
  return zone === Intl.DateTimeFormat().resolvedOptions().timeZone ? undefined : zone;
}

function Verdict({ asked: { answer, person, target } }: { asked: Asked }) {
  const heading = useRef<HTMLHeadingElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each answer takes the focus
  useEffect(() => {
    heading.current?.focus();
    heading.current?.scrollIntoView({ block: 'nearest' });
  }, [answer]);
  const { what, next } = reasonText(answer);
  const elsewhere = useClockElsewhere();
  const tone = answer.allowed ? 'success' : 'danger';
  return (
    <>
      <div className={`fa-verdict fa-tone--${tone}`}>
        <Icon of={answer.allowed ? icons.iconCheckCircle : icons.iconBlock} />
        <h2 ref={heading} tabIndex={-1}>
          {answer.allowed ? (
            <Trans>
              {person} darf „{target}“ nutzen
            </Trans>
          ) : (
            <Trans>
              {person} darf „{target}“ nicht nutzen
            </Trans>
          )}
        </h2>
        <p>
          {what} {next}{' '}
          {answer.next_change && (
            <Trans>Das ändert sich von selbst am {dateTime(answer.next_change, elsewhere)}.</Trans>
          )}
        </p>
        {elsewhere && (
          <p className="fa-muted fa-small">
            <Trans>Alle Zeiten nach der Uhr des Hauses ({elsewhere}).</Trans>
          </p>
        )}
      </div>
      {answer.rules.map((rule) => (
        <RulePart key={rule.id} rule={rule} />
      ))}
    </>
  );
}

function RulePart({ rule }: { rule: Schema<'WhyRule'> }) {
  const { t } = useLingui();
  return (
    <Card
      level={3}
      title={
        <Link to="/verwaltung/regeln/$id" params={{ id: rule.id }}>
          {rule.name}
        </Link>
      }
      actions={
        <>
          {rule.effect && <WordBadge word={effectWord(rule.effect)} />}
          {rule.decided && (
            <Badge tone="info" icon={icons.iconGavel}>
              <Trans>hat entschieden</Trans>
            </Badge>
          )}
        </>
      }
    >
      <ul className="fa-ticks">
        {rule.conditions.map((condition) => (
          <li
            key={`${condition.code}-${conditionText(condition)}`}
            className={`fa-tone--${condition.holds ? 'success' : 'danger'}`}
          >
            <Icon
              of={condition.holds ? icons.iconCheckCircle : icons.iconCancel}
              label={condition.holds ? t`Erfüllt:` : t`Nicht erfüllt:`}
            />
            <span>{conditionText(condition)}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
