import { Trans, useLingui } from '@lingui/react/macro';
import { type QueryKey, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { ComponentProps, ReactNode } from 'react';
import { useAsk } from '../../../app/ask.tsx';
import { type Settling, settling } from '../../../app/conflict.tsx';
import { type Held, useTyped } from '../../../app/held.ts';
import { fieldProblems, showProblem } from '../../../app/problem-alert.tsx';
import { Button, ButtonLink } from '../../../ui/button.tsx';
import { Form, type FormState } from '../../../ui/form.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Card, Page } from '../../../ui/page.tsx';
import { announce } from '../../../ui/status.tsx';

type NewEntryProps<Values> = {
  title: string;
  back: { to: string; label: string };
  lead?: ReactNode;
  form: FormState<Values>;
  children: ReactNode;
};

/** The page that makes a new entry. Its button says what the page's title says. */
export function NewEntryPage<Values extends object>(props: NewEntryProps<Values>) {
  const { title, back, lead, form, children } = props;
  return (
    <Page title={title} back={back} lead={lead} narrow>
      <Card>
        <Form
          form={form}
          failure={showProblem}
          actions={
            <>
              <Button type="submit" variant="primary" pending={form.pending}>
                {title}
              </Button>
              <ButtonLink to={back.to}>
                <Trans>Abbrechen</Trans>
              </ButtonLink>
            </>
          }
        >
          {children}
        </Form>
      </Card>
    </Page>
  );
}

type EditCardProps<Data, Values> = Settling<Data, Values> & {
  title?: ReactNode;
  form: FormState<Values>;
  /** What the button says, where it is not simply the changes that are saved. */
  action?: string;
  children: ReactNode;
};

/** The form of an entry that others may change too. Its key is `held.filling`. */
export function EditCard<Data, Values extends object>(props: EditCardProps<Data, Values>) {
  const { title, held, valuesOf, parts, form, action, children } = props;
  const { t } = useLingui();
  const typed = useTyped(held, form.values, valuesOf(held.data));
  return (
    <Card {...(title && { title })}>
      <Form
        form={form}
        failure={settling({ held, form, valuesOf, parts })}
        actions={
          <Button type="submit" variant="primary" pending={form.pending} isDisabled={!typed}>
            {action ?? t`Änderungen speichern`}
          </Button>
        }
      >
        {children}
      </Form>
    </Card>
  );
}

type SaveOptions<Data, Values> = {
  held: Held<Data>;
  queryKey: QueryKey;
  put: (values: Values) => Promise<Data>;
  done: string;
  /** The page's names for the server's paths. */
  names?: Record<string, string>;
};

/** Saves an entry and goes on from what the server made of it. */
export function useSave<Data, Values>(options: SaveOptions<Data, Values>) {
  const client = useQueryClient();
  return async (values: Values) => {
    try {
      const next = await options.put(values);
      client.setQueryData(options.queryKey, next);
      options.held.take(next);
      void client.invalidateQueries({ queryKey: ['admin'] });
      announce('success', options.done);
    } catch (error) {
      throw fieldProblems(error, options.names);
    }
  };
}

type RemovalProps = {
  title: string;
  /** What will be lost. */
  text: ReactNode;
  action: string;
  deed: () => Promise<unknown>;
  done: string;
  /** The list it was in. */
  to: ComponentProps<typeof ButtonLink>['to'];
  isDisabled?: boolean;
};

/** Removes an entry after a question, and goes back to the list. */
export function Removal({ title, text, action, deed, done, to, isDisabled }: RemovalProps) {
  const navigate = useNavigate();
  const { ask, dialog } = useAsk(['admin']);
  const onDone = () => void navigate({ to: to ?? '/verwaltung' });
  return (
    <>
      <Button
        icon={icons.iconDelete}
        danger
        isDisabled={isDisabled ?? false}
        onPress={() =>
          ask({ title, text: <p>{text}</p>, action, danger: true, deed, done, onDone })
        }
      >
        {action}
      </Button>
      {dialog}
    </>
  );
}
