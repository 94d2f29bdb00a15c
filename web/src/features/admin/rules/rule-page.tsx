import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { type ReactNode, useDeferredValue, useState } from 'react';
import { api, must, type Schema } from '../../../api/client.ts';
import { useAsk } from '../../../app/ask.tsx';
import { settling } from '../../../app/conflict.tsx';
import { type Held, useHeld, useTyped } from '../../../app/held.ts';
import { Loaded } from '../../../app/loaded.tsx';
import { fieldProblems, showProblem } from '../../../app/problem-alert.tsx';
import { Button, ButtonLink } from '../../../ui/button.tsx';
import { Checkbox, RadioGroup } from '../../../ui/choices.tsx';
import { TextAreaField, TextField } from '../../../ui/fields.tsx';
import { Form, type FormState, useForm } from '../../../ui/form.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Alert } from '../../../ui/notice.tsx';
import { Card, Page } from '../../../ui/page.tsx';
import { announce } from '../../../ui/status.tsx';
import { rulePreviewQuery, ruleQuery } from '../queries.ts';
import { RuleFormFields } from './fields.tsx';
import {
  bodyOf,
  EMPTY_RULE,
  faultsOf,
  fieldsOf,
  namesOf,
  type RuleValues,
  valuesOf,
} from './form-values.ts';
import { useNames } from './names.ts';
import { SentenceBox } from './sentence-box.tsx';
import { flat, folded, ruleParts } from './summary.ts';

type Rule = Schema<'Rule'>;

/** A new rule. */
export function NewRulePage() {
  const { t } = useLingui();
  const client = useQueryClient();
  const navigate = useNavigate();
  const form = useForm<RuleValues>({
    initial: EMPTY_RULE,
    validate: faultsOf,
    submit: async (values) => {
      try {
        const rule = await must(api.POST('/api/v1/admin/rules', { body: fieldsOf(values) }));
        void client.invalidateQueries({ queryKey: ['admin'] });
        announce('success', t`Die Regel „${rule.name}“ gilt jetzt.`);
        await navigate({ to: '/verwaltung/regeln' });
      } catch (error) {
        throw fieldProblems(error, namesOf(error));
      }
    },
  });
  return (
    <Page title={t`Regel schreiben`} back={{ to: '/verwaltung/regeln', label: t`Regeln` }}>
      <RuleEditor
        form={form}
        failure={showProblem}
        actions={
          <>
            <Button type="submit" variant="primary" pending={form.pending}>
              <Trans>Regel speichern</Trans>
            </Button>
            <ButtonLink to="/verwaltung/regeln">
              <Trans>Abbrechen</Trans>
            </ButtonLink>
          </>
        }
      />
    </Page>
  );
}

/** One rule. */
export function RulePage() {
  const { t } = useLingui();
  const { id } = useParams({ strict: false });
  const rule = useQuery(ruleQuery(id ?? ''));
  const held = useHeld(rule);
  return (
    <Page
      title={rule.data?.name ?? t`Regel`}
      back={{ to: '/verwaltung/regeln', label: t`Regeln` }}
      actions={rule.data && <Removal rule={rule.data} />}
    >
      <Loaded query={rule}>{() => held && <EditRule key={held.filling} held={held} />}</Loaded>
    </Page>
  );
}

function EditRule({ held }: { held: Held<Rule> }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const rule = held.data;
  const initial = valuesOf(rule);
  const form = useForm<RuleValues>({
    initial,
    validate: faultsOf,
    submit: async (values) => {
      try {
        const next = await must(
          api.PUT('/api/v1/admin/rules/{id}', {
            params: { path: { id: rule.id } },
            body: { version: rule.version, ...fieldsOf(values) },
          }),
        );
        client.setQueryData(ruleQuery(rule.id).queryKey, next);
        held.take(next);
        void client.invalidateQueries({ queryKey: ['admin'] });
        announce('success', t`Gespeichert. Die Regel gilt sofort, auch für laufende Verbindungen.`);
      } catch (error) {
        throw fieldProblems(error, namesOf(error));
      }
    },
  });
  const typed = useTyped(held, form.values, initial);
  const failure = settling({
    held,
    form: { values: flat(form.values), reset: (values) => form.reset(folded(values)) },
    valuesOf: (from) => flat(valuesOf(from)),
    parts: ruleParts(useNames()),
  });
  return (
    <RuleEditor
      form={form}
      failure={failure}
      saved={rule.cedar}
      actions={
        <Button type="submit" variant="primary" pending={form.pending} isDisabled={!typed}>
          <Trans>Änderungen speichern</Trans>
        </Button>
      }
    />
  );
}

type EditorProps = {
  form: FormState<RuleValues>;
  failure: (failure: unknown) => ReactNode;
  actions: ReactNode;
  /** The Cedar text in force; the expert's text starts from it. */
  saved?: string;
};

function RuleEditor({ form, failure, actions, saved }: EditorProps) {
  const { t } = useLingui();
  const { values } = form;
  const preview = useQuery({
    ...rulePreviewQuery(useDeferredValue(bodyOf(values))),
    enabled: Object.keys(faultsOf({ ...values, name: 'x' })).length === 0,
    retry: false,
  });
  const changeMode = (mode: RuleValues['mode']) => {
    if (mode === 'expert' && !values.cedar.trim()) {
      form.set('cedar', preview.data?.cedar ?? saved ?? '');
    }
    form.set('mode', mode);
  };
  const isForm = values.mode === 'form';
  return (
    <div className="fa-split">
      <Card>
        <Form form={form} failure={failure} actions={actions}>
          <TextField
            label={t`Name der Regel`}
            hint={t`Steht im Protokoll und bei „Warum?“, etwa „Bauamt zu Bürozeiten“.`}
            maxLength={200}
            {...form.field('name')}
          />
          {isForm ? (
            <RuleFormFields form={form} />
          ) : (
            <ExpertField form={form} faults={preview.data?.faults ?? []} />
          )}
          <Checkbox
            label={t`Eingeschaltet`}
            hint={t`Ausgeschaltet bleibt die Regel erhalten, gilt aber nicht.`}
            name="enabled"
            checked={values.enabled}
            onChange={(checked) => form.set('enabled', checked)}
          />
          <details className="fa-details" open={!isForm || undefined}>
            <summary>
              <Trans>Für Fachleute</Trans>
            </summary>
            <div>
              <RadioGroup
                legend={t`Wie schreiben Sie die Regel?`}
                name="mode"
                value={values.mode}
                onChange={changeMode}
                options={[
                  { value: 'form', label: t`Als Formular` },
                  {
                    value: 'expert',
                    label: t`Als Cedar-Text`,
                    hint: t`Kann alles, was Cedar kann. Ein Formular wird daraus nicht wieder.`,
                  },
                ]}
              />
            </div>
          </details>
        </Form>
      </Card>
      <div className="fa-stack fa-split__aside">
        {isForm && (
          <Card title={<Trans>Das bedeutet die Regel</Trans>}>
            <SentenceBox form={values.form} live />
          </Card>
        )}
        <CedarPreview
          cedar={preview.data?.cedar}
          faults={preview.data?.faults ?? []}
          isForm={isForm}
        />
      </div>
    </div>
  );
}

type CedarPreviewProps = {
  cedar: string | undefined;
  faults: Schema<'RuleFault'>[];
  isForm: boolean;
};

function CedarPreview({ cedar, faults, isForm }: CedarPreviewProps) {
  const [open, setOpen] = useState(false);
  if (!isForm) {
    return (
      <Card title={<Trans>Prüfung</Trans>}>
        {cedar === undefined ? (
          <p className="fa-muted">
            <Trans>Schreiben Sie die Regel; geprüft wird von selbst.</Trans>
          </p>
        ) : faults.length === 0 ? (
          <Alert tone="success" live="polite" title={<Trans>Der Text ist in Ordnung</Trans>} />
        ) : (
          <FaultList faults={faults} />
        )}
        <p className="fa-muted fa-small">
          <Trans>
            Personen, Gruppen und Ziele stehen im Text mit ihrer Kennung. Am einfachsten füllen Sie
            zuerst das Formular aus und wechseln dann hierher.
          </Trans>
        </p>
      </Card>
    );
  }
  return (
    <details
      className="fa-details"
      open={open}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        <Trans>Als Cedar-Text ansehen</Trans>
      </summary>
      <div>
        {cedar === undefined ? (
          <p className="fa-muted">
            <Trans>Erscheint, sobald die Regel vollständig ist.</Trans>
          </p>
        ) : (
          <pre className="fa-code-block">{cedar}</pre>
        )}
      </div>
    </details>
  );
}

function FaultList({ faults }: { faults: Schema<'RuleFault'>[] }) {
  return (
    <Alert tone="danger" live="polite" title={<Trans>So kann der Text nicht gelten</Trans>}>
      <ul className="fa-summary-list">
        {faults.map((fault) => (
          <li key={`${fault.line}-${fault.column}-${fault.detail}`}>
            <Trans>
              Zeile {fault.line}, Spalte {fault.column}: <span lang="en">{fault.detail}</span>
            </Trans>
          </li>
        ))}
      </ul>
    </Alert>
  );
}

function ExpertField({
  form,
  faults,
}: {
  form: FormState<RuleValues>;
  faults: Schema<'RuleFault'>[];
}) {
  const { t } = useLingui();
  return (
    <div className="fa-stack fa-stack--tight fa-editor">
      <TextAreaField
        label={t`Cedar-Text`}
        rows={18}
        mono
        spellCheck={false}
        {...form.field('cedar')}
      />
      {form.errors.cedar && faults.length > 0 && <FaultList faults={faults} />}
    </div>
  );
}

function Removal({ rule }: { rule: Rule }) {
  const { t } = useLingui();
  const navigate = useNavigate();
  const { ask, dialog } = useAsk(['admin']);
  const remove = () =>
    ask({
      title: t`Regel „${rule.name}“ entfernen?`,
      text: (
        <p>
          <Trans>
            Was nur diese Regel erlaubt, ist danach nicht mehr erreichbar; laufende Verbindungen
            enden innerhalb von fünf Sekunden. Was nur sie verweigert, kann erreichbar werden. Das
            lässt sich nicht rückgängig machen. Ausschalten genügt oft.
          </Trans>
        </p>
      ),
      action: t`Regel entfernen`,
      danger: true,
      deed: () =>
        must(api.DELETE('/api/v1/admin/rules/{id}', { params: { path: { id: rule.id } } })),
      done: t`„${rule.name}“ ist entfernt.`,
      onDone: () => void navigate({ to: '/verwaltung/regeln' }),
    });
  return (
    <>
      <Button icon={icons.iconDelete} danger onPress={remove}>
        <Trans>Regel entfernen</Trans>
      </Button>
      {dialog}
    </>
  );
}
