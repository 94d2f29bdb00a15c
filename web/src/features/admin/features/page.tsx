import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, must, type Schema } from '../../../api/client.ts';
import { settling } from '../../../app/conflict.tsx';
import { type Held, useHeld, useTyped } from '../../../app/held.ts';
import { Loaded } from '../../../app/loaded.tsx';
import type { Part } from '../../../app/merge.ts';
import { Button } from '../../../ui/button.tsx';
import { type Column, DataTable } from '../../../ui/data-table.tsx';
import { ConfirmDialog } from '../../../ui/dialog.tsx';
import { Form, useForm } from '../../../ui/form.tsx';
import { Badge } from '../../../ui/notice.tsx';
import { Card, Page } from '../../../ui/page.tsx';
import { PickOne } from '../../../ui/picker.tsx';
import { announce } from '../../../ui/status.tsx';
import { allGroupsQuery } from '../queries.ts';
import { strengthWords } from '../settings/guard-words.ts';
import { TONES } from '../settings/guards.tsx';
import { featuresQuery } from './queries.ts';
import {
  groupsIn,
  type Mark,
  marked,
  markOf,
  type Setting,
  switchesOf,
  takesAway,
  type Values,
  valuesOf,
} from './table.ts';
import { type Feature, featureWords } from './words.ts';
import './features.css';

type Table = Schema<'FeatureTable'>;

/** What of mail people have, for everybody and by group. */
export function FeaturesPage() {
  const { t } = useLingui();
  const table = useQuery(featuresQuery);
  const held = useHeld(table);
  return (
    <Page
      title={t`Funktionen der Post`}
      lead={
        <Trans>
          Was alle können und was einzelne Gruppen. Es gilt sofort, auch für Personen, die gerade
          angemeldet sind.
        </Trans>
      }
    >
      <Loaded query={table}>{() => held && <TableForm key={held.filling} held={held} />}</Loaded>
    </Page>
  );
}

function TableForm({ held }: { held: Held<Table> }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const groups = useQuery(allGroupsQuery).data;
  const nameOf = (id: string) => groups?.find((group) => group.id === id)?.name ?? '…';
  const { version, max_groups: most } = held.data;
  const first = valuesOf(held.data);
  const [asked, setAsked] = useState<((isSure: boolean) => void) | null>(null);
  const form = useForm<Values>({
    initial: first,
    submit: async (values) => {
      const isTaken = takesAway(first.delegation, values.delegation);
      if (isTaken && !(await new Promise<boolean>((answer) => setAsked(() => answer)))) return;
      const next = await must(
        api.PUT('/api/v1/admin/features', { body: { version, switches: switchesOf(values) } }),
      );
      client.setQueryData(featuresQuery.queryKey, next);
      held.take(next);
      void client.invalidateQueries({ queryKey: ['admin'] });
      announce('success', t`Die Funktionen gelten ab jetzt so; das steht im Prüfprotokoll.`);
    },
  });
  const answer = (isSure: boolean) => {
    asked?.(isSure);
    setAsked(null);
  };
  useTyped(held, form.values, first);
  const features = Object.keys(form.values) as Feature[];
  const [added, setAdded] = useState<readonly string[]>([]);
  // A column stays while somebody is in it, also when its last field becomes as everybody's.
  const shown = [...new Set([...groupsIn(first), ...groupsIn(form.values), ...added])].sort(
    (one, other) => nameOf(one).localeCompare(nameOf(other)),
  );
  const columns = useColumns({
    values: form.values,
    groups: shown,
    nameOf,
    set: (feature, setting) => {
      form.set(feature, setting);
      setAdded((before) => [...new Set([...before, ...groupsIn(form.values)])]);
    },
  });
  const left = groups?.filter(({ id }) => !shown.includes(id));
  const words = (setting: Setting) =>
    [
      setting.everybody ? t`alle an` : t`alle aus`,
      ...setting.on.map((id) => t`${nameOf(id)} an`),
      ...setting.off.map((id) => t`${nameOf(id)} aus`),
    ].join(', ');
  const parts = features.map(
    (feature): Part<Values> => ({
      label: featureWords(feature).label,
      fields: [feature],
      text: (values) => words(values[feature]),
    }),
  );
  return (
    <Form
      form={form}
      failure={settling({ held, form, valuesOf, parts })}
      actions={
        <Button type="submit" variant="primary" pending={form.pending}>
          <Trans>Funktionen speichern</Trans>
        </Button>
      }
    >
      <Card
        title={<Trans>Wer was hat</Trans>}
        lead={
          <Trans>
            „Aus“ bei einer Gruppe gilt für alle darin, auch wenn eine andere Gruppe „an“ sagt. Was
            die Einstellungen dem ganzen Haus nicht erlauben, öffnet sich hier nicht.
          </Trans>
        }
      >
        <div className="fa-feature-table">
          <DataTable
            label={t`Funktionen nach Gruppen`}
            rows={features}
            rowKey={(feature) => feature}
            columns={columns}
            empty={null}
          />
        </div>
        {shown.length < most && (
          <PickOne
            label={t`Gruppe in die Tabelle nehmen`}
            name="group"
            choices={left?.map(({ id, name }) => ({ id, label: name }))}
            value=""
            onChange={(id) => id && setAdded((before) => [...before, id])}
            hint={t`Sie bleibt darin, wenn Sie ihr etwas anderes geben als allen.`}
            optional
          />
        )}
      </Card>
      <ConfirmDialog
        title={t`Postfächer anderer schließen?`}
        action={t`Schließen und speichern`}
        danger
        isOpen={asked !== null}
        onClose={() => answer(false)}
        onConfirm={() => answer(true)}
      >
        <p>
          <Trans>
            Wem „In Postfächern anderer arbeiten“ fehlt, verliert sofort, was er dort geschrieben
            und noch nicht gesendet hat, auf allen Geräten. Bekommt er es wieder, wird alles neu
            geladen. Die Freigaben bleiben bestehen.
          </Trans>
        </p>
      </ConfirmDialog>
    </Form>
  );
}

type CellProps<Value extends string> = {
  /** Says the feature and whom it is about: a table's headers are not heard with a list. */
  label: string;
  name: string;
  value: Value;
  options: readonly { value: Value; label: string }[];
  onChange: (value: Value) => void;
};

function Cell<Value extends string>({ label, name, value, options, onChange }: CellProps<Value>) {
  return (
    <span className="kern-form-input__select-wrapper fa-feature-cell">
      <select
        className="kern-form-input__select"
        aria-label={label}
        name={name}
        value={value}
        onChange={(event) => onChange(event.target.value as Value)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </span>
  );
}

function Name({ feature }: { feature: Feature }) {
  const { label, hint, strength } = featureWords(feature);
  return (
    <span className="fa-feature-name">
      {label} <Badge tone={TONES[strength]}>{strengthWords(strength)}</Badge>
      <span className="fa-name__more">{hint}</span>
    </span>
  );
}

type Columns = {
  values: Values;
  groups: readonly string[];
  nameOf: (id: string) => string;
  set: (feature: Feature, setting: Setting) => void;
};

/** A column for all, and one for each group. */
function useColumns({ values, groups, nameOf, set }: Columns): Column<Feature>[] {
  const { t } = useLingui();
  const label = (feature: Feature) => featureWords(feature).label;
  const [on, off] = [
    { value: 'on', label: t`an` },
    { value: 'off', label: t`aus` },
  ] as const;
  return [
    {
      id: 'feature',
      header: t`Funktion`,
      isRowHeader: true,
      cell: (feature) => <Name feature={feature} />,
    },
    {
      id: 'everybody',
      header: t`Alle`,
      cell: (feature) => (
        <Cell
          label={t`${label(feature)}: alle`}
          name={`${feature}-everybody`}
          value={values[feature].everybody ? 'on' : 'off'}
          options={[on, off]}
          onChange={(mark) => set(feature, { ...values[feature], everybody: mark === 'on' })}
        />
      ),
    },
    ...groups.map(
      (group): Column<Feature> => ({
        id: group,
        header: nameOf(group),
        cell: (feature) => (
          <Cell<Mark>
            label={t`${label(feature)}: ${nameOf(group)}`}
            name={`${feature}-${group}`}
            value={markOf(values[feature], group)}
            options={[{ value: 'as_all', label: t`wie alle` }, on, off]}
            onChange={(mark) => set(feature, marked(values[feature], group, mark))}
          />
        ),
      }),
    ),
  ];
}
