import { lazy, Suspense } from 'react';
import { useMailPage } from '../context.ts';
import { useTeam } from './use-team.ts';

const TeamView = lazy(async () => ({ default: (await import('./team-view.tsx')).TeamView }));

type TeamBarProps = {
  threadId: string;
  /** Somebody else may have the mailbox open. */
  isShared: boolean;
};

/** Who works on the thread and what is noted about it, where several people have the mailbox. */
export function TeamBar({ threadId, isShared }: TeamBarProps) {
  const { mail } = useMailPage();
  const team = useTeam(mail, threadId);
  if (!team) return null;
  const hasWork = team.work !== null || team.conflicts.length > 0;
  if (!isShared && team.people.length < 2 && !hasWork) return null;
  return (
    <Suspense fallback={<div className="fa-team fa-team--coming" />}>
      <TeamView threadId={threadId} team={team} />
    </Suspense>
  );
}
