import { useLingui } from '@lingui/react/macro';
import { type QueryKey, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/fields.tsx';
import { announce } from '../ui/status.tsx';
import { ProblemAlert } from './problem-alert.tsx';

type Question = {
  title: string;
  /** What will happen and what will be lost. */
  text: ReactNode;
  /** The deed in words: "Gerät sperren". */
  action: string;
  danger?: boolean;
  /** What must be typed before, where more is lost than a press should take: the address of a mailbox. */
  typed?: { label: string; word: string };
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
  const [typed, setTyped] = useState('');
  const isTyped = !question?.typed || typed.trim() === question.typed.word;
  const ask = (next: Question) => {
    setTyped('');
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
          <Button onPress={close} autoFocus={!question.typed}>{t`Abbrechen`}</Button>
          <Button
            variant="primary"
            danger={question.danger ?? false}
            isDisabled={!isTyped}
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
        {question.typed && (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              if (isTyped && !pending) void confirm(question);
            }}
          >
            <TextField
              label={question.typed.label}
              name="question-word"
              hint={<span className="fa-mono">{question.typed.word}</span>}
              autoFocus
              autoComplete="off"
              spellCheck={false}
              value={typed}
              onChange={setTyped}
            />
          </form>
        )}
        {problem !== undefined && <ProblemAlert problem={problem} />}
      </div>
    </Dialog>
  );
  return { ask, dialog };
}
