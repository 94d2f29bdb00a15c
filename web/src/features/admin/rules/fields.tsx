import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { DEVICE_KINDS, deviceKindName } from '../../../app/device-words.ts';
import { Checkbox, CheckboxGroup, RadioGroup } from '../../../ui/choices.tsx';
import { TextAreaField, TextField } from '../../../ui/fields.tsx';
import type { FormState } from '../../../ui/form.tsx';
import { PickMany } from '../../../ui/picker.tsx';
import {
  allBundlesQuery,
  allGroupsQuery,
  allPeopleQuery,
  allTargetsQuery,
  healthQuery,
} from '../queries.ts';
import { optionsOf, sourceName, TARGET_KINDS, targetKindName } from '../words.ts';
import { faultsOf, networksOf, type RuleErrors, type RuleValues } from './form-values.ts';
import type { RuleForm } from './sentence.ts';
import { TimeWindows } from './time-windows.tsx';

type FieldsProps = { form: FormState<RuleValues> };

/** The form of a rule, in the order of its sentence: who, what, on what, how, when, from where. */
export function RuleFormFields({ form }: FieldsProps) {
  const { t } = useLingui();
  const rule = form.values.form;
  const change = (part: Partial<RuleForm>) => form.set('form', { ...rule, ...part });
  const error = useCurrentErrors(form);
  const deny = rule.effect === 'deny';
  return (
    <>
      <RadioGroup
        legend={t`Was tut die Regel?`}
        name="effect"
        value={rule.effect}
        onChange={(effect) =>
          // A refusal that spares unapproved devices would invite them.
          change(
            effect === 'deny' && isUntouched(rule)
              ? { effect, device_states: [], second_factor: false }
              : { effect },
          )
        }
        options={[
          { value: 'allow', label: t`Sie erlaubt` },
          { value: 'deny', label: t`Sie verweigert`, hint: t`Das gilt vor jeder Erlaubnis.` },
        ]}
      />
      <Subject rule={rule} change={change} error={error} />
      <Targets rule={rule} change={change} error={error} />
      <CheckboxGroup
        legend={t`Auf welchen Geräten?`}
        hint={t`Nichts angekreuzt heißt: auf jedem.`}
        name="device_kinds"
        options={optionsOf(
          DEVICE_KINDS.filter((kind) => OFFERED.has(kind) || rule.device_kinds?.includes(kind)),
          deviceKindName,
        )}
        values={rule.device_kinds ?? []}
        onChange={(device_kinds) => change({ device_kinds })}
      />
      <CheckboxGroup
        legend={t`In welchem Zustand?`}
        hint={t`Nichts angekreuzt heißt: in jedem. Gesperrte Geräte erreichen nie etwas.`}
        name="device_states"
        options={[
          { value: 'approved', label: t`freigegeben` },
          { value: 'pending', label: t`wartet noch auf Freigabe` },
        ]}
        values={rule.device_states ?? []}
        onChange={(device_states) => change({ device_states })}
      />
      <Checkbox
        label={t`Nur mit zweitem Faktor`}
        hint={
          deny
            ? t`Dann verweigert die Regel nur, wenn ein zweiter Faktor benutzt wurde. Das ist selten gemeint.`
            : t`Einmalcode, Passkey oder SSH-Schlüssel. Empfohlen für alles.`
        }
        name="second_factor"
        checked={rule.second_factor ?? false}
        onChange={(second_factor) => change({ second_factor })}
      />
      <TimeWindows
        windows={rule.times ?? []}
        error={error('times')}
        onChange={(times) => change({ times })}
      />
      <Further form={form} change={change} error={error} />
    </>
  );
}

/** Kinds that this version can enrol; others show only where a rule names them already. */
const OFFERED: ReadonlySet<string> = new Set(['browser', 'ssh_key', 'ssh_password']);

type Change = (part: Partial<RuleForm>) => void;
type PartProps = { rule: RuleForm; change: Change; error: (name: string) => string | undefined };

function Subject({ rule, change, error }: PartProps) {
  const { t } = useLingui();
  const groups = useQuery(allGroupsQuery);
  const people = useQuery(allPeopleQuery);
  return (
    <>
      <RadioGroup
        legend={t`Für wen?`}
        name="subject"
        error={error('subject')}
        value={rule.everybody ? 'everybody' : 'some'}
        onChange={(value) => change({ everybody: value === 'everybody' })}
        options={[
          { value: 'some', label: t`für bestimmte Gruppen oder Personen` },
          { value: 'everybody', label: t`für alle Personen` },
        ]}
      />
      {!rule.everybody && (
        <Inset>
          <PickMany
            label={t`Gruppen`}
            name="groups"
            optional
            error={error('groups')}
            choices={groups.data?.map((group) => ({
              id: group.id,
              label: group.name,
              hint: sourceName(group.source),
            }))}
            values={rule.groups ?? []}
            onChange={(ids) => change({ groups: ids })}
          />
          <PickMany
            label={t`Einzelne Personen`}
            name="people"
            optional
            error={error('people')}
            choices={people.data?.map((person) => ({
              id: person.id,
              label: person.display_name,
              hint: person.name,
            }))}
            values={rule.people ?? []}
            onChange={(ids) => change({ people: ids })}
          />
        </Inset>
      )}
    </>
  );
}

function Targets({ rule, change, error }: PartProps) {
  const { t } = useLingui();
  const targets = useQuery(allTargetsQuery);
  const bundles = useQuery(allBundlesQuery);
  return (
    <>
      <RadioGroup
        legend={t`Welche Ziele?`}
        name="target"
        error={error('target')}
        value={rule.all_targets ? 'all' : 'some'}
        onChange={(value) => change({ all_targets: value === 'all' })}
        options={[
          { value: 'some', label: t`bestimmte Bündel, Ziele oder Arten` },
          { value: 'all', label: t`alle Ziele, auch künftige` },
        ]}
      />
      {!rule.all_targets && (
        <Inset>
          <PickMany
            label={t`Bündel`}
            name="bundles"
            optional
            error={error('bundles')}
            choices={bundles.data?.map((bundle) => ({ id: bundle.id, label: bundle.name }))}
            values={rule.bundles ?? []}
            onChange={(ids) => change({ bundles: ids })}
          />
          <PickMany
            label={t`Einzelne Ziele`}
            name="targets"
            optional
            error={error('targets')}
            choices={targets.data?.map((target) => ({
              id: target.id,
              label: target.name,
              hint: targetKindName(target.settings.kind),
            }))}
            values={rule.targets ?? []}
            onChange={(ids) => change({ targets: ids })}
          />
          <CheckboxGroup
            legend={t`Alle Ziele dieser Arten`}
            name="target_kinds"
            options={optionsOf(TARGET_KINDS, targetKindName)}
            values={rule.target_kinds ?? []}
            onChange={(target_kinds) => change({ target_kinds })}
          />
        </Inset>
      )}
    </>
  );
}

type FurtherProps = FieldsProps & Omit<PartProps, 'rule'>;

function Further({ form, change, error }: FurtherProps) {
  const { t } = useLingui();
  const rule = form.values.form;
  const zones = useQuery(healthQuery).data?.zones ?? [];
  const known = [...new Set([...zones, ...(rule.zones ?? [])])];
  const used =
    (rule.zones?.length ?? 0) > 0 ||
    form.values.networks !== '' ||
    Boolean(rule.valid_from ?? rule.valid_until);
  return (
    <details className="fa-details" open={used || Boolean(error('networks')) || undefined}>
      <summary>
        <Trans>Weitere Bedingungen: Netz und Zeitraum</Trans>
      </summary>
      <div className="fa-stack">
        {known.length > 0 && (
          <CheckboxGroup
            legend={t`Über welchen Zugang?`}
            hint={t`Nichts angekreuzt heißt: über jeden. Die Zonen stehen in der Konfiguration.`}
            name="zones"
            options={known.map((zone) => ({ value: zone, label: zone }))}
            values={rule.zones ?? []}
            onChange={(values) => change({ zones: values })}
          />
        )}
        <TextAreaField
          label={t`Aus welchen Netzen?`}
          hint={t`Eines je Zeile, etwa 10.20.0.0/16. Leer heißt: aus jedem.`}
          optional
          rows={3}
          mono
          spellCheck={false}
          name="networks"
          error={error('networks')}
          value={form.values.networks}
          onChange={(text) => {
            form.set('networks', text);
            change({ networks: networksOf(text) });
          }}
        />
        <div className="fa-columns">
          <TextField
            label={t`Erster Tag`}
            optional
            type="date"
            name="valid_from"
            value={rule.valid_from ?? ''}
            error={error('valid_from')}
            onChange={(day) => change({ valid_from: day || null })}
          />
          <TextField
            label={t`Letzter Tag`}
            optional
            type="date"
            name="valid_until"
            value={rule.valid_until ?? ''}
            error={error('valid_until')}
            onChange={(day) => change({ valid_until: day || null })}
          />
        </div>
      </div>
    </details>
  );
}

function Inset({ children }: { children: ReactNode }) {
  return <div className="fa-inset fa-stack">{children}</div>;
}

function isUntouched(rule: RuleForm): boolean {
  return rule.second_factor === true && rule.device_states?.join() === 'approved';
}

/** What was refused and is still wrong: an error goes when its cause does, not with the next attempt. */
function useCurrentErrors(form: FormState<RuleValues>): (name: string) => string | undefined {
  const refused = form.errors as Record<string, string | undefined>;
  const now = faultsOf(form.values) as Record<string, string | undefined>;
  return (name) => {
    if (!refused[name]) return undefined;
    return OWN_CHECKS.has(name as keyof RuleErrors) ? now[name] : refused[name];
  };
}

const OWN_CHECKS: ReadonlySet<keyof RuleErrors> = new Set([
  'subject',
  'target',
  'times',
  'networks',
  'valid_until',
]);
