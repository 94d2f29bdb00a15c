import { Trans, useLingui } from '@lingui/react/macro';
import { Component, lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import { leaveWriting } from '../features/mail/page/place.ts';
import { browserNet, type OpenedPost, openPost } from '../features/mail/store/index.ts';
import { loadCatalogue } from '../i18n/index.ts';
import { Button } from '../ui/button.tsx';
import { icons } from '../ui/icon.tsx';
import { Alert, Loading } from '../ui/notice.tsx';
import type { PostShell } from './controller.ts';

const MailPage = lazy(async () => {
  const [{ MailPage }] = await Promise.all([
    import('../features/mail/page/mail-page.tsx'),
    loadCatalogue('mail/page'),
  ]);
  return { default: MailPage };
});
const GuardedMail = lazy(async () => ({
  default: (await import('../features/mail/guard/guarded-mail.tsx')).GuardedMail,
}));

type MailDeskProps = {
  shell: PostShell;
  /** Whose mail it is, as it stands over it where the rules say so. */
  person: string;
};

/** The open mail: its store and its page, for as long as the container is unlocked. */
export function MailDesk({ shell, person }: MailDeskProps) {
  const { post, hasFailed } = useOpenedPost(shell);
  if (hasFailed) return <Failed />;
  if (!post) return <Opening />;
  return (
    <Caught>
      <Suspense fallback={<Opening />}>
        <GuardedMail container={shell.container} person={person}>
          <MailPage mail={post.own} />
        </GuardedMail>
      </Suspense>
    </Caught>
  );
}

function useOpenedPost(shell: PostShell): { post: OpenedPost | null; hasFailed: boolean } {
  const [post, setPost] = useState<OpenedPost | null>(null);
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    let isLeft = false;
    let opened: OpenedPost | undefined;
    // What was being written when it was locked or loaded anew lies among the drafts.
    leaveWriting();
    // The server ends a push with the session or the approval: whether it was that is to be known at once.
    const net = browserNet(fetchUnder(shell), () => void shell.contact());
    openPost(shell.container, net).then(
      (now) => {
        opened = now;
        if (isLeft) now.close();
        else setPost(now);
      },
      () => setFailed(!isLeft),
    );
    return () => {
      isLeft = true;
      opened?.close();
      setPost(null);
    };
  }, [shell]);
  return { post, hasFailed };
}

/** A refusal may be the end of the session or of the approval: the shell finds out, and closes what is open. */
function fetchUnder(shell: PostShell) {
  return async (path: string, init?: RequestInit): Promise<Response> => {
    const response = await fetch(path, init);
    if (response.status === 401 || response.status === 403) void shell.contact();
    return response;
  };
}

function Opening() {
  return (
    <Loading>
      <Trans>Die Post wird geöffnet …</Trans>
    </Loading>
  );
}

function Failed() {
  const { t } = useLingui();
  return (
    <div className="fp-failed">
      <Alert
        tone="danger"
        live="assertive"
        title={t`Die Post ließ sich nicht anzeigen`}
        actions={
          <Button small icon={icons.iconRefresh} onPress={() => location.reload()}>
            <Trans>Seite neu laden</Trans>
          </Button>
        }
      >
        <p>
          <Trans>
            Was Sie geschrieben haben, ist als Entwurf gespeichert. Beim Neuladen wird die Post
            gesperrt; danach entsperren Sie sie wieder.
          </Trans>
        </p>
      </Alert>
    </div>
  );
}

/** A part of the page that cannot be loaded or drawn does not take the lock and the menu with it. */
class Caught extends Component<{ children: ReactNode }, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override render() {
    return this.state.hasFailed ? <Failed /> : this.props.children;
  }
}
