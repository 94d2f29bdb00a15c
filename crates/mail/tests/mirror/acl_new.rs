//! Who may open a folder that is made here between two looks at the mail server's lists of rights.

use std::{collections::BTreeMap, sync::Arc};

use fernamt_domain::mail::MailRight::{Read, Write};
use fernamt_store::MirrorRightsRecord;
use serde_json::json;
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{
    acl::{PATIENCE, READING, WRITING},
    house::Mirrored,
};
use crate::house::Client;

impl Mirrored {
    /// Waits until something like this is remembered of the lists.
    async fn remembers(&self, fits: impl Fn(&MirrorRightsRecord) -> bool) {
        let remembered = async {
            while !self.remembered().await.iter().any(&fits) {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, remembered).await.expect("the server is told");
    }

    /// Makes a folder in the archive here. Returns its list there.
    async fn list_of_new(&self) -> BTreeMap<String, String> {
        let archive = self.folder("Archive").await;
        self.set("Mailbox", json!({ "create": { "f": { "name": "Neu", "parentId": archive } } })).await;
        let made = async {
            loop {
                let folders = self.house.tenant.mail_mirrors().folders(self.account).await.unwrap();
                if folders.iter().any(|folder| folder.wire == "Archive/Neu") {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, made).await.expect("it is made there");
        self.lists().remove("Archive/Neu").unwrap()
    }

    /// Bob may work in the mailbox, which goes on being mirrored: the lists are not read again before the clock moves.
    async fn shared(&self) -> (Client, CancellationToken, JoinHandle<()>) {
        let bob = self.house.person("bob").await;
        self.round().await;
        let stop = CancellationToken::new();
        let mirrors = tokio::spawn(Arc::clone(&self.house.mail).keep_mirrors(stop.clone()));
        self.folder("Archive").await;
        self.house.grant(self.account, &bob, &[Write]).await;
        self.remembers(|row| !row.begun).await;
        (bob, stop, mirrors)
    }
}

#[tokio::test]
async fn a_new_folder_is_opened_where_the_server_does_not_hand_a_list_on() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    let (_, stop, mirrors) = one.shared().await;
    one.acl("q(m.deleteacl('Archive', 'bob'))");
    assert_eq!(one.list_of_new().await["bob"], WRITING);
    stop.cancel();
    mirrors.await.unwrap();
}

#[tokio::test]
async fn a_new_folder_gives_nothing_back_that_was_just_taken_there() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    let (_, stop, mirrors) = one.shared().await;
    one.acl("everywhere('bob', '')");
    assert_eq!(one.list_of_new().await.get("bob"), None);
    stop.cancel();
    mirrors.await.unwrap();
}

#[tokio::test]
async fn what_the_server_kept_is_not_handed_on_to_a_new_folder() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    let (bob, stop, mirrors) = one.shared().await;
    // Writing ends, and is left on one folder.
    one.administers("/Archive", false);
    one.house.grant(one.account, &bob, &[Read]).await;
    one.remembers(|row| row.refused && !row.begun).await;
    one.administers("/Archive", true);
    assert_eq!(one.list_of_new().await["bob"], READING);
    assert_eq!(one.lists()["Archive"]["bob"], WRITING);
    stop.cancel();
    mirrors.await.unwrap();
}
