//! What a mirror waits for between two rounds.

use std::time::Duration;

use fernamt_domain::{DomainEvent, event::TenantEvent};
use fernamt_mailhost::imap::Woken;
use fernamt_store::{Notice, Subscription};
use tokio_util::sync::CancellationToken;

use super::{MirrorError, mirrors::Key, round::Mirror};

/// How long the other folders than INBOX are not looked at, at most.
const LONGEST_REST: Duration = Duration::from_secs(60);
/// How long nothing is looked at where the server cannot say by itself that something happened.
const REST_WITHOUT_IDLE: Duration = Duration::from_secs(20);
/// How soon something is tried again that could not be done yet.
const SHORT_REST: Duration = Duration::from_secs(5);
/// How long the rest is at least before an absence is carried again, or rights are looked at.
const SHORTEST_REST: Duration = Duration::from_secs(1);

/// Waits until there may be something to do. `false` once the store is gone.
pub(super) async fn rest(
    mirror: &mut Mirror,
    bus: &mut Subscription,
    key: Key,
    leave: &CancellationToken,
) -> Result<bool, MirrorError> {
    let Some((mut imap, is_known)) = mirror.settle_down().await? else { return Ok(true) };
    let mut alive = true;
    // What is held or left out is not as it was left either, and another look at once would find no more.
    let is_known = is_known || mirror.is_held || !mirror.left_out.is_empty();
    if let Some(limit) = limit_of(mirror.is_waiting(), is_known, &mut mirror.was_unknown) {
        let soonest = [mirror.absence_rest(), mirror.rights_rest()].into_iter().flatten().min();
        let limit = soonest.map_or(limit, |rest| limit.min(rest.max(SHORTEST_REST)));
        let called = async {
            tokio::select! {
                is_alive = changed(bus, key) => alive = is_alive,
                () = leave.cancelled() => {}
            }
        };
        if imap.offers("IDLE") {
            let _: Woken = imap.wait(limit, called).await?;
        } else {
            tokio::select! {
                () = called => {}
                () = tokio::time::sleep(limit.min(REST_WITHOUT_IDLE)) => {}
            }
        }
    }
    mirror.keep(imap);
    Ok(alive)
}

/// Waits for a change of the account, or of what others may do in it. `false` once the store is gone.
async fn changed(bus: &mut Subscription, (tenant, account): Key) -> bool {
    loop {
        match bus.next().await {
            None => return false,
            Some(Notice::Everything) => return true,
            Some(Notice::Event(TenantEvent { tenant: of, event })) => {
                let (DomainEvent::MailChanged { account: changed }
                | DomainEvent::MailRightsChanged { account: changed, .. }) = event
                else {
                    continue;
                };
                if (of, changed) == (tenant, account) {
                    return true;
                }
            }
        }
    }
}

/// How long to rest at most. Not at all where something came into INBOX since the round, unless the round before was
/// followed by that, too: what is not understood is not understood the sooner for being looked at again.
fn limit_of(is_waiting: bool, is_known: bool, was_unknown: &mut bool) -> Option<Duration> {
    let again = std::mem::replace(was_unknown, !is_known);
    if is_known { Some(if is_waiting { SHORT_REST } else { LONGEST_REST }) } else { again.then_some(SHORT_REST) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_is_not_looked_at_without_a_pause() {
        let mut was_unknown = false;
        assert_eq!(limit_of(false, true, &mut was_unknown), Some(LONGEST_REST));
        assert_eq!(limit_of(true, false, &mut was_unknown), None, "something came");
        assert_eq!(limit_of(false, false, &mut was_unknown), Some(SHORT_REST), "it comes again and again");
        assert_eq!(limit_of(true, true, &mut was_unknown), Some(SHORT_REST));
        assert_eq!(limit_of(false, true, &mut was_unknown), Some(LONGEST_REST));
    }
}
