import { lazy, Suspense } from 'react';
import type { Post } from '../../model.ts';
import { useKnown, usePost } from './context.ts';

// Seldom needed: it is loaded when there is something to say.
const UndoneList = lazy(async () => ({ default: (await import('./undone.tsx')).UndoneList }));

/** Says which changes came to nothing, whichever mailbox they were for. */
export function UndoneNotice() {
  const post = usePost();
  return post && <Shown post={post} />;
}

function Shown({ post }: { post: Post }) {
  const { undone } = useKnown(post);
  if (undone.length === 0) return null;
  return (
    <Suspense fallback={null}>
      <UndoneList post={post} undone={undone} />
    </Suspense>
  );
}
