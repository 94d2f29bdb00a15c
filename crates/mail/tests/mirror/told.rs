//! Who is told by a push service is told of what arrives at the mail server, too.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::house::Mirrored;
use crate::push_service::{PushService, allow, subscribe};

#[tokio::test]
async fn a_mailbox_that_nobody_has_open_is_mirrored_for_who_is_told() {
    let cyrus = fernamt_testkit::peer!(Mirrored::start());
    let service = PushService::start().await;
    let one = Mirrored::with(cyrus, Some(service.notices())).await;
    allow(&one.house, &["127.0.0.1"]).await;
    assert_eq!(subscribe(&one.ada, &service.wanted()).await.status, 200);
    // Nobody has used it for an hour.
    one.house.clock.advance(time::Duration::HOUR);
    one.program("put('INBOX', 'Eins')");
    let stop = CancellationToken::new();
    let mirrors = tokio::spawn(Arc::clone(&one.house.mail).keep_mirrors(stop.clone()));
    let notices = tokio::spawn(Arc::clone(&one.house.mail).run_notices(stop.clone()));
    timeout(Duration::from_secs(60), service.has_taken(1)).await.expect("it is brought here and told");
    stop.cancel();
    mirrors.await.unwrap();
    notices.await.unwrap();
}
