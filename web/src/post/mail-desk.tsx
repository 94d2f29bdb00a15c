import { t } from '@lingui/core/macro';
import { Trans, useLingui } from '@lingui/react/macro';
import { Component, lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import { leaveWriting } from '../features/mail/page/place.ts';
import { browserNet, KeptTimes, type OpenedPost, openPost } from '../features/mail/store/index.ts';
import { loadCatalogue } from '../i18n/index.ts';
import { Button } from '../ui/button.tsx';
import { icons } from '../ui/icon.tsx';
import { Alert, Loading } from '../ui/notice.tsx';
import type { PostShell } from './controller.ts';
import { notify, watchNotices } from './notices.ts';
import { Push } from './push/push.ts';

const PostPage = lazy(async () => {
  const [{ PostPage }] = await Promise.all([
    import('../features/mail/page/accounts/post-page.tsx'),
    loadCatalogue('mail/page'),
  ]);
  return { default: PostPage };
});
const GuardedMail = lazy(async () => {
  const [{ GuardedMail }] = await Promise.all([
    import('../features/mail/guard/guarded-mail.tsx'),
    loadCatalogue('mail/page'),
  ]);
  return { default: GuardedMail };
});

const TimesDialog = lazy(() => import('./times-dialog.tsx'));

type MailDeskProps = {
  shell: PostShell;
  /** Closes the dialog about times; none where it is not open. */
  onTimesClose: (() => void) | null;
  /** Whose mail it is, as it stands over it where the rules say so. */
  person: string;
};

/** The open mail: its store and its page, for as long as the container is unlocked. */
export function MailDesk({ shell, person, onTimesClose }: MailDeskProps) {
  const { opened, hasFailed } = useOpenedPost(shell);
  if (hasFailed) return <Failed />;
  if (!opened) return <Opening />;
  const { post, times, push } = opened;
  return (
    <Caught>
      <Suspense fallback={<Opening />}>
        <GuardedMail container={shell.container} person={person}>
          <PostPage post={post} />
        </GuardedMail>
      </Suspense>
      {onTimesClose && (
        <Suspense>
          <TimesDialog
            times={times}
            push={push}
            mail={post.own}
            mayNotice={shell.container.policy?.notices === true}
            onClose={onTimesClose}
          />
        </Suspense>
      )}
    </Caught>
  );
}

type Opened = { post: OpenedPost; times: KeptTimes; push: Push; close(): void };

function useOpenedPost(shell: PostShell): { opened: Opened | null; hasFailed: boolean } {
  const [opened, setOpened] = useState<Opened | null>(null);
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    let isLeft = false;
    let now: Opened | undefined;
    // What was being written when it was locked or loaded anew lies among the drafts.
    leaveWriting();
    // The server ends a push with the session or the approval: whether it was that is to be known at once.
    const net = browserNet(fetchUnder(shell), () => void shell.contact());
    open(shell, net).then(
      (made) => {
        now = made;
        if (isLeft) made.close();
        else setOpened(made);
      },
      () => setFailed(!isLeft),
    );
    return () => {
      isLeft = true;
      now?.close();
      setOpened(null);
    };
  }, [shell]);
  return { opened, hasFailed };
}

/** The mail, brought here when the person wants it, and told of where they want that. */
async function open({ container }: PostShell, net: ReturnType<typeof browserNet>): Promise<Opened> {
  const times = await KeptTimes.open({ container, clock: net.clock, line: net.line });
  const onWake = (call: () => void) => {
    const stops = [net.onWake(call), times.onChange(call)];
    return () => {
      for (const stop of stops) stop();
    };
  };
  try {
    const post = await openPost(container, { ...net, onWake, wish: times });
    const stop = watchNotices({
      mail: post.own,
      isWanted: () => times.times.notices && container.policy?.notices === true,
      isSeen: () => document.visibilityState === 'visible' && document.hasFocus(),
      show: () => void notify(t`Neue Nachricht`),
    });
    const push = new Push();
    // Each sign-in has it told anew, and a browser may have found another place meanwhile.
    const stopKeeping = push.keepOn(() => times.times, net.onWake);
    const close = () => {
      stop();
      stopKeeping();
      post.close();
      times.close();
    };
    return { post, times, push, close };
  } catch (error) {
    times.close();
    throw error;
  }
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
