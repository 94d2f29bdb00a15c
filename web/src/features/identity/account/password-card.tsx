import { Trans, useLingui } from '@lingui/react/macro';
import { api, must } from '../../../api/client.ts';
import { isProblem } from '../../../api/problem.ts';
import { fieldProblems, showProblem } from '../../../app/problem-alert.tsx';
import { Button } from '../../../ui/button.tsx';
import { PasswordField } from '../../../ui/fields.tsx';
import { FieldProblem, Form, useForm } from '../../../ui/form.tsx';
import { Card } from '../../../ui/page.tsx';
import { announce } from '../../../ui/status.tsx';
import { MIN_PASSWORD_LENGTH } from '../password-rule.ts';

const EMPTY = { current: '', new: '', again: '' };

/** Changing the password, where it is kept here. */
export function PasswordCard({ here }: { here: boolean }) {
  const { t } = useLingui();
  const form = useForm({
    initial: EMPTY,
    validate: (values) => ({
      ...(!values.current && { current: t`Geben Sie Ihr bisheriges Passwort ein.` }),
      ...(values.new.length < MIN_PASSWORD_LENGTH && {
        new: t`Wählen Sie ein Passwort mit mindestens ${MIN_PASSWORD_LENGTH} Zeichen.`,
      }),
      ...(values.new !== values.again && { again: t`Die beiden Passwörter sind verschieden.` }),
    }),
    submit: async (values) => {
      try {
        const body = { current: values.current, new: values.new };
        await must(api.POST('/api/v1/me/password', { body }));
      } catch (error) {
        if (isProblem(error, 'sign_in_failed', 'wrong_password')) {
          throw new FieldProblem({ current: t`Das bisherige Passwort stimmt nicht.` });
        }
        throw fieldProblems(error);
      }
      form.reset(EMPTY);
      announce('success', t`Ihr Passwort ist geändert.`);
    },
  });
  if (!here) {
    return (
      <Card title={<Trans>Passwort</Trans>}>
        <p>
          <Trans>
            Ihr Passwort liegt im Verzeichnis Ihrer Behörde. Ändern Sie es an Ihrem Arbeitsplatz mit
            Strg+Alt+Entf; es gilt dann auch hier.
          </Trans>
        </p>
      </Card>
    );
  }
  return (
    <Card title={<Trans>Passwort ändern</Trans>}>
      <Form
        form={form}
        failure={showProblem}
        actions={
          <Button type="submit" variant="primary" pending={form.pending}>
            <Trans>Passwort ändern</Trans>
          </Button>
        }
      >
        <PasswordField
          label={t`Bisheriges Passwort`}
          autoComplete="current-password"
          {...form.field('current')}
        />
        <PasswordField
          label={t`Neues Passwort`}
          hint={t`Mindestens ${MIN_PASSWORD_LENGTH} Zeichen. Ein kurzer Satz ist besser als ein kompliziertes Wort.`}
          autoComplete="new-password"
          {...form.field('new')}
        />
        <PasswordField
          label={t`Neues Passwort wiederholen`}
          autoComplete="new-password"
          {...form.field('again')}
        />
      </Form>
    </Card>
  );
}
