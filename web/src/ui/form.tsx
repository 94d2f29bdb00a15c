import { Trans } from '@lingui/react/macro';
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { fieldId } from './fields.tsx';
import { Alert } from './notice.tsx';

export type FieldErrors<Values> = Partial<Record<keyof Values & string, string>>;

type FormOptions<Values> = {
  initial: Values;
  /** What is wrong, by field; nothing when all is well. */
  validate?: (values: Values) => FieldErrors<Values>;
  /** Sends the form. Throw `FieldProblem` to put an error of the server beside its field. */
  submit: (values: Values) => Promise<void>;
};

/** Errors the server found, by field. */
export class FieldProblem extends Error {
  constructor(readonly fields: Record<string, string>) {
    super('fields refused');
  }
}

export type FormState<Values> = {
  values: Values;
  errors: FieldErrors<Values>;
  failure: unknown;
  pending: boolean;
  /** Counts the refused attempts, so that the summary takes the focus each time. */
  refusals: number;
  set: <Name extends keyof Values & string>(name: Name, value: Values[Name]) => void;
  reset: (values: Values) => void;
  submit: () => Promise<void>;
  /** What a text field needs: `<TextField label=… {...form.field('name')} />`. */
  field: <Name extends keyof Values & string>(
    name: Name,
  ) => {
    name: Name;
    value: Values[Name];
    onChange: (value: Values[Name]) => void;
    error: string | undefined;
  };
};

/** The state of a form: values, errors by field, sending. */
export function useForm<Values extends object>(options: FormOptions<Values>): FormState<Values> {
  const [values, setValues] = useState(options.initial);
  const [errors, setErrors] = useState<FieldErrors<Values>>({});
  const [failure, setFailure] = useState<unknown>();
  const [pending, setPending] = useState(false);
  const [refusals, setRefusals] = useState(0);

  const set: FormState<Values>['set'] = (name, value) => {
    setValues((before) => ({ ...before, [name]: value }));
    setErrors(({ [name]: _, ...rest }) => rest as FieldErrors<Values>);
  };
  const refuse = (found: FieldErrors<Values>) => {
    setErrors(found);
    setRefusals((count) => count + 1);
  };
  const submit = async () => {
    if (pending) return;
    setFailure(undefined);
    const found = options.validate?.(values) ?? {};
    if (Object.values(found).some(Boolean)) {
      refuse(found);
      return;
    }
    setErrors({});
    setPending(true);
    try {
      await options.submit(values);
    } catch (error) {
      if (error instanceof FieldProblem) {
        refuse(error.fields as FieldErrors<Values>);
      } else {
        setFailure(error);
        setRefusals((count) => count + 1);
      }
    } finally {
      setPending(false);
    }
  };
  return {
    values,
    errors,
    failure,
    pending,
    refusals,
    set,
    submit,
    reset: (next) => {
      setValues(next);
      setErrors({});
      setFailure(undefined);
    },
    field: (name) => ({
      name,
      value: values[name],
      onChange: (value) => set(name, value),
      error: errors[name],
    }),
  };
}

type FormProps<Values> = {
  form: FormState<Values>;
  children: ReactNode;
  /** The buttons at its foot. */
  actions?: ReactNode;
  /** How a failure of the whole is shown; see `ProblemAlert`. */
  failure?: (failure: unknown) => ReactNode;
};

/** A form with its error summary on top: focused when it appears, with links to the fields. */
export function Form<Values extends object>({
  form,
  children,
  actions,
  failure,
}: FormProps<Values>) {
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    void form.submit();
  };
  return (
    <form className="fa-form" noValidate onSubmit={onSubmit}>
      <ErrorSummary errors={form.errors} appearances={form.refusals} />
      {form.failure !== undefined && failure?.(form.failure)}
      {children}
      {actions && <div className="fa-form__actions">{actions}</div>}
    </form>
  );
}

type ErrorSummaryProps = { errors: Record<string, string | undefined>; appearances: number };

/** All errors of a form in one place, each a link to its field. */
export function ErrorSummary({ errors, appearances }: ErrorSummaryProps) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (appearances > 0) ref.current?.focus();
  }, [appearances]);
  const entries = Object.entries(errors).filter(([, error]) => error);
  if (entries.length === 0) return null;
  return (
    <Alert
      ref={ref}
      tabIndex={-1}
      tone="danger"
      live="assertive"
      title={<Trans>Bitte prüfen Sie Ihre Angaben</Trans>}
    >
      <ul className="fa-summary-list">
        {entries.map(([name, error]) => (
          <li key={name}>
            <a
              href={`#${fieldId(name)}`}
              onClick={(event) => {
                event.preventDefault();
                document.getElementById(fieldId(name))?.focus();
              }}
            >
              {error}
            </a>
          </li>
        ))}
      </ul>
    </Alert>
  );
}
