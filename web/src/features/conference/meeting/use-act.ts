import { useCallback } from 'react';
import { announce } from '../../../ui/status.tsx';
import type { Meeting } from './controller.ts';
import type { Act } from './wire.ts';
import { refusalText } from './words.ts';

/** Asks the server and says so when it did not work. True when it did. */
export function useAct(meeting: Meeting): (act: Act) => Promise<boolean> {
  return useCallback(
    async (act: Act) => {
      try {
        await meeting.act(act);
        return true;
      } catch (error) {
        announce('warning', ...refusalText(error, 'text' in act ? act.text : ''));
        return false;
      }
    },
    [meeting],
  );
}
