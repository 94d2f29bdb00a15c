import { useLingui } from '@lingui/react/macro';
import { type QueryKey, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { announce } from '../ui/status.tsx';
import { ProblemAlert } from './problem-alert.tsx';

type Question = {
  title: string;
  /** What will happen and what will be lost. */
  text: ReactNode;
  /** The deed in words: "Gerät sperren". */
  action: string;
  danger?: boolean;
  deed: () => Promise<unknown>;
  /** What the status region says afterwards. */
  done: string;
  onDone?: () => void;
};

/**
 * Asks before a deed, does it, and says what became of it; then everything under this key is asked for
 * again. Render `dialog` once on the page.
 */
export function useAsk(refreshed: QueryKey) {
  const { t } = useLingui();
  const client = useQueryClient();
  const [question, setQuestion] = useState<Question>();
  const [open, setOpen] = useState(false);
  const [pending, setPending] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const ask = (next: Question) => {
    setProblem(undefined);
    setQuestion(next);
    setOpen(true);
  };
  const close = () => setOpen(false);
  const confirm = async ({ deed, done, onDone }: Question) => {
    setProblem(undefined);
    setPending(true);
    try {
      await deed();
      close();
      announce('success', done);
      onDone?.();
    } catch (error) {
      setProblem(error);
    } finally {
      setPending(false);
      // Also after a refusal: most often what is shown was out of date.
      void client.invalidateQueries({ queryKey: refreshed });
    }
  };
  const dialog = question && (
    <Dialog
      title={question.title}
      isOpen={open}
      onClose={close}
      role="alertdialog"
      footer={
        <>
          <Button onPress={close} autoFocus>{t`Abbrechen`}</Button>
          <Button
            variant="primary"
            danger={question.danger ?? false}
            pending={pending}
            onPress={() => void confirm(question)}
          >
            {question.action}
          </Button>
        </>
      }
    >
      <div className="fa-stack fa-stack--tight">
        {question.text}
        {problem !== undefined && <ProblemAlert problem={problem} />}
      </div>
    </Dialog>
  );
  return { ask, dialog };
}
