//! Waiting until something happens in the selected folder (RFC 2177).

use std::{pin::pin, time::Duration};

use super::{Answer, Imap, connection::ended};
use crate::Error;

/// Servers end a connection that is silent for half an hour.
const MAX_WAIT: Duration = Duration::from_secs(25 * 60);

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// Something happened in the folder.
    Changed,
    /// Nothing happened for as long as it waited.
    Quiet,
    /// Whoever waits wants to do something else.
    Called,
}

impl Imap {
    /// Waits until something happens in the selected folder, `limit` (25 minutes at most) is over, or `call` is.
    pub async fn wait(&mut self, limit: Duration, call: impl Future<Output = ()> + Send) -> Result<Woken, Error> {
        if !self.offers("IDLE") {
            return Err(Error::Missing("waiting for changes (IDLE)"));
        }
        if !self.is_usable() {
            return Err(Error::Ended);
        }
        self.set_broken(true);
        let woken = self.idle(limit.min(MAX_WAIT), call).await?;
        self.set_broken(false);
        Ok(woken)
    }

    async fn idle(&mut self, limit: Duration, call: impl Future<Output = ()> + Send) -> Result<Woken, Error> {
        let tag = self.next_tag();
        self.line.send(format!("{tag} IDLE\r\n").as_bytes()).await?;
        let mut changed = false;
        loop {
            match self.next_answer().await? {
                Answer::Continue(_) => break,
                Answer::Done { said, .. } => return ended(said).map(|_| Woken::Quiet),
                other => changed |= is_change(&other),
            }
        }
        let (mut call, mut over) = (pin!(call), pin!(tokio::time::sleep(limit)));
        let mut woken = Woken::Changed;
        while !changed {
            tokio::select! {
                () = &mut call => { woken = Woken::Called; break }
                () = &mut over => { woken = Woken::Quiet; break }
                heard = self.line.hears_within(limit) => if heard? {
                    changed = is_change(&self.next_answer().await?);
                }
            }
        }
        self.line.send(b"DONE\r\n").await?;
        loop {
            match self.next_answer().await? {
                Answer::Done { tag: done, said } if done == tag => return ended(said).map(|_| woken),
                Answer::Done { .. } => return Err(Error::Unreadable("the end of another command")),
                other if is_change(&other) => woken = Woken::Changed,
                _ => {}
            }
        }
    }
}

fn is_change(answer: &Answer) -> bool {
    match answer {
        Answer::Numbered { name, .. } => ["EXISTS", "EXPUNGE", "FETCH"].contains(&name.as_str()),
        Answer::Data { name, .. } => name == "VANISHED",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::{super::connection::tests::scripted, *};

    #[tokio::test]
    async fn a_change_wakes_and_other_words_do_not() {
        let answers = &["+ idling\r\n* OK still here\r\n* 4 EXISTS\r\n", "f1 OK\r\n"];
        let (mut imap, server) = scripted(&["IDLE"], answers);
        assert_eq!(imap.wait(Duration::from_secs(9), pending()).await.expect("woken"), Woken::Changed);
        assert!(imap.is_usable());
        drop(imap);
        assert_eq!(server.await.expect("said"), "f1 IDLE\r\nDONE\r\n");
    }

    #[tokio::test]
    async fn a_call_and_the_limit_end_the_wait() {
        let (mut imap, _server) = scripted(&["IDLE"], &["+\r\n", "f1 OK\r\n", "+\r\n", "* 3 EXPUNGE\r\nf2 OK\r\n"]);
        assert_eq!(imap.wait(Duration::from_millis(1), pending()).await.expect("woken"), Woken::Quiet);
        assert_eq!(imap.wait(Duration::from_secs(9), ready(())).await.expect("woken"), Woken::Changed);
    }

    #[tokio::test]
    async fn a_server_that_cannot_wait_is_not_asked_to() {
        let (mut imap, _server) = scripted(&[], &[]);
        assert!(matches!(imap.wait(Duration::from_secs(9), pending()).await, Err(Error::Missing(_))));
    }
}
