//! What people may do in each other's mailboxes at a foreign mail server.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use super::{NEW, NewTable, create};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0014_mirror_rights"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &RIGHTS).await
    }
}

// By the login and not by the person: whoever is removed here is still to be taken off the server's lists.
const RIGHTS: NewTable = NewTable {
    name: "mail_mirror_rights",
    columns: "account uuid, login text, rights text, least text, begun boolean, refused boolean",
    key: &["account", "login"],
    owners: &[("account", "mail_account")],
    ..NEW
};
