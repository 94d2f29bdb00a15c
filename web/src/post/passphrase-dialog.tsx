import { Trans, useLingui } from '@lingui/react/macro';
import { Button, ButtonAnchor } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { FieldProblem, Form, type FormState, useForm } from '../ui/form.tsx';
import { Alert } from '../ui/notice.tsx';
import { announce } from '../ui/status.tsx';
import type { PostShell } from './controller.ts';
import { PassphraseField } from './passphrase-field.tsx';
import { type NewPassphrase, useNewPassphraseRule } from './passphrase-rule.ts';
import { SIGN_IN_ANEW } from './places.ts';
import { type Refusal, Refused } from './refusal.ts';
import { ComplaintAlert, useSecondsLeft } from './screens/complaint.tsx';
import { NewPassphraseFields } from './screens/new-passphrase.tsx';
import type { Office } from './standing.ts';
import type { Complaint } from './state.ts';

type PassphraseDialogProps = {
  shell: PostShell;
  standing: Office;
  isOpen: boolean;
  onClose: () => void;
};

/** Changes the passphrase; what lies in the container stays as it is. */
export function PassphraseDialog({ isOpen, onClose, ...rest }: PassphraseDialogProps) {
  return (
    <Dialog title={<Trans>Passphrase ändern</Trans>} isOpen={isOpen} onClose={onClose}>
      <PassphraseForm {...rest} onClose={onClose} />
    </Dialog>
  );
}

type Values = NewPassphrase & { before: string };

function PassphraseForm({ shell, standing, onClose }: Omit<PassphraseDialogProps, 'isOpen'>) {
  const { t } = useLingui();
  const rule = useNewPassphraseRule(standing.minCharacters);
  const form = useForm<Values>({
    initial: { before: '', passphrase: '', again: '' },
    validate: (values) => ({
      ...(values.before === '' && { before: t`Bitte geben Sie Ihre Passphrase ein.` }),
      ...rule(values),
    }),
    submit: async ({ before, passphrase }) => {
      try {
        await shell.changePassphrase(before, passphrase);
      } catch (error) {
        if (error instanceof Refused && error.refusal.kind === 'wrong_passphrase') {
          throw new FieldProblem({ before: t`Diese Passphrase stimmt nicht.` });
        }
        throw error;
      }
      announce('success', t`Die Passphrase ist geändert`);
      onClose();
    },
  });
  return (
    <Form
      form={form}
      failure={(failure) => <Failure failure={failure} attempt={form.refusals} />}
      actions={
        <>
          <Button onPress={onClose}>
            <Trans>Abbrechen</Trans>
          </Button>
          <Button type="submit" variant="primary" pending={form.pending}>
            <Trans>Passphrase ändern</Trans>
          </Button>
        </>
      }
    >
      <PassphraseField
        label={t`Bisherige Passphrase`}
        autoComplete="off"
        autoFocus
        {...form.field('before')}
      />
      <NewPassphraseFields
        form={form as unknown as FormState<NewPassphrase>}
        standing={standing}
        label={t`Neue Passphrase`}
      />
    </Form>
  );
}

function Failure({ failure, attempt }: { failure: unknown; attempt: number }) {
  const refusal: Refusal =
    failure instanceof Refused ? failure.refusal : { kind: 'unexpected', detail: String(failure) };
  const complaint = complaintOf(refusal);
  const left = useSecondsLeft(complaint, attempt);
  if (refusal.kind === 'not_fresh' || refusal.kind === 'signed_out') {
    return (
      <Alert
        tone="warning"
        live="assertive"
        title={<Trans>Bitte melden Sie sich vorher noch einmal an</Trans>}
        actions={
          <ButtonAnchor small href={SIGN_IN_ANEW}>
            <Trans>Neu anmelden</Trans>
          </ButtonAnchor>
        }
      >
        <p>
          <Trans>Die Post wird dabei gesperrt.</Trans>
        </p>
      </Alert>
    );
  }
  return <ComplaintAlert complaint={complaint} left={left} />;
}

function complaintOf(refusal: Refusal): Complaint {
  switch (refusal.kind) {
    case 'wait':
    case 'no_line':
    case 'no_room':
    case 'no_authenticator':
    case 'too_many':
    case 'no_licence':
    case 'too_old':
    case 'unexpected':
      return refusal;
    case 'defect':
      return { kind: 'unexpected', detail: refusal.defect };
    default:
      return { kind: 'unexpected', detail: refusal.kind };
  }
}
