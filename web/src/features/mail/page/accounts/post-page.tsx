import { Trans } from '@lingui/react/macro';
import { useEffect, useState } from 'react';
import { Button } from '../../../../ui/button.tsx';
import { icons } from '../../../../ui/icon.tsx';
import { Alert, Loading } from '../../../../ui/notice.tsx';
import type { Mail, Post } from '../../model.ts';
import { tamed } from '../bidi.ts';
import { MailPage } from '../mail-page.tsx';
import { go, NOWHERE, usePlace } from '../place.ts';
import { faultText } from '../words.ts';
import { PostContext, useKnown } from './context.ts';

/** All mailboxes of a person, one of them to work in. */
export function PostPage({ post }: { post: Post }) {
  const place = usePlace();
  const { accounts } = useKnown(post);
  const number = place.account ?? 0;
  const account = accounts.find((one) => one.number === number);
  const [last, setLast] = useState<{ number: number; name: string } | null>(null);
  const [closed, setClosed] = useState<string | null>(null);
  if (account && last?.number !== number) setLast({ number, name: account.name });
  const isGone = account === undefined;
  useEffect(() => {
    if (!isGone) return;
    // It was closed to the person while they looked at it, or the address is an old one.
    setClosed(last?.number === number ? last.name : '');
    go({ ...NOWHERE, account: 0 }, { replace: true });
  }, [isGone, last, number]);

  if (!account) return null;
  return (
    <PostContext value={post}>
      {closed !== null && (
        <div className="fa-accounts__closed">
          <Alert
            tone="warning"
            live="assertive"
            title={
              closed === '' ? (
                <Trans>Dieses Postfach ist für Sie nicht geöffnet.</Trans>
              ) : (
                <Trans>
                  Das Postfach „<bdi>{tamed(closed)}</bdi>“ ist für Sie nicht mehr geöffnet.
                </Trans>
              )
            }
            actions={
              <Button small onPress={() => setClosed(null)}>
                <Trans>Hinweis entfernen</Trans>
              </Button>
            }
          >
            <p>
              <Trans>
                Was davon auf diesem Gerät lag, ist gelöscht. Sie sehen jetzt Ihr eigenes Postfach.
              </Trans>
            </p>
          </Alert>
        </div>
      )}
      {account.kind === 'own' ? (
        <MailPage key="own" mail={post.own} />
      ) : (
        <Other key={account.id} post={post} id={account.id} />
      )}
    </PostContext>
  );
}

function Other({ post, id }: { post: Post; id: string }) {
  const [mail, setMail] = useState<Mail | null>(null);
  const [fault, setFault] = useState<unknown>(null);
  const [tries, setTries] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each try opens it anew
  useEffect(() => {
    let isOver = false;
    setFault(null);
    post.open(id).then(
      (opened) => !isOver && setMail(opened),
      (error: unknown) => !isOver && setFault(error),
    );
    return () => {
      isOver = true;
    };
  }, [post, id, tries]);
  if (mail) return <MailPage mail={mail} />;
  if (fault === null) {
    return (
      <Loading>
        <Trans>Das Postfach wird geöffnet …</Trans>
      </Loading>
    );
  }
  const { what, next } = faultText(fault);
  return (
    <div className="fa-mail__pad">
      <Alert
        tone="danger"
        live="assertive"
        title={what}
        actions={
          <>
            <Button small icon={icons.iconRefresh} onPress={() => setTries(tries + 1)}>
              <Trans>Noch einmal versuchen</Trans>
            </Button>
            <Button small variant="tertiary" onPress={() => go({ ...NOWHERE, account: 0 })}>
              <Trans>Zum eigenen Postfach</Trans>
            </Button>
          </>
        }
      >
        <p>{next}</p>
      </Alert>
    </div>
  );
}
