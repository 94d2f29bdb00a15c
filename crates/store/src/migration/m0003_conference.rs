//! The conference: rooms, meetings, their chat, letters on their way, webhooks.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr, sea_query::Index};

use super::{NEW, NewTable, create};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0003_conference"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            create(manager, table).await?;
        }
        // Telephones dial a number without saying whom they mean, so no two tenants may have the same one.
        let unique =
            Index::create().name("room_number.print.anywhere").table("room_number").col("print").unique().to_owned();
        manager.create_index(unique).await
    }
}

const TABLES: &[NewTable] = &[
    NewTable {
        name: "room",
        columns: "id uuid, owner uuid, kind text, name text, description text, protection text, lobby text?, \
                  waiting_text text, permissions text?, booking text?, sequence integer, created_at integer, \
                  over_at integer?, search text",
        key: &["id"],
        owners: &[("owner", "person")],
        index: &["owner", "over_at"],
        ..NEW
    },
    NewTable {
        name: "room_invitee",
        columns: "id uuid, room uuid, person uuid?, address text?, name text?, role text, language text?",
        key: &["id"],
        owners: &[("room", "room"), ("person", "person")],
        index: &["room", "person"],
        ..NEW
    },
    NewTable {
        name: "room_number",
        columns: "print bytes, free_at integer",
        key: &["print"],
        index: &["free_at"],
        ..NEW
    },
    NewTable {
        name: "meeting",
        columns: "id uuid, room uuid, occurrence text?, starts text, minutes integer, time_zone text, \
                  starts_at integer, ends_at integer, valid_from integer, valid_until integer, number_print bytes?, \
                  secret_print bytes?, pin_print bytes?, credentials_sealed bytes?, opened_at integer?, \
                  ended_at integer?, cancelled_at integer?",
        key: &["id"],
        owners: &[("room", "room")],
        unique: &["secret_print"],
        index: &["room starts_at", "number_print", "valid_until", "opened_at"],
        ..NEW
    },
    NewTable {
        name: "meeting_state",
        columns: "meeting uuid, state text",
        key: &["meeting"],
        owners: &[("meeting", "meeting")],
        ..NEW
    },
    NewTable {
        name: "meeting_seat",
        columns: "meeting uuid, seat uuid, person uuid?, seat_sealed bytes, removed_at integer?",
        key: &["meeting", "seat"],
        owners: &[("meeting", "meeting"), ("person", "person")],
        index: &["person"],
        ..NEW
    },
    NewTable {
        name: "meeting_message",
        columns: "meeting uuid, position integer, message_sealed bytes, at integer, delete_at integer",
        key: &["meeting", "position"],
        owners: &[("meeting", "meeting")],
        index: &["delete_at"],
        ..NEW
    },
    NewTable {
        name: "letter",
        columns: "id uuid, room uuid, invitee uuid?, address text, message_sealed bytes, at integer, \
                  attempts integer, next_at integer?, sent_at integer?, failed_at integer?",
        key: &["id"],
        index: &["next_at", "room"],
        ..NEW
    },
    NewTable {
        name: "webhook",
        columns: "id uuid, name text, url text, secret_sealed bytes, events text, enabled boolean, \
                  created_at integer, failing_since integer?",
        key: &["id"],
        unique: &["name"],
        ..NEW
    },
    NewTable {
        name: "webhook_delivery",
        columns: "id uuid, webhook uuid, position integer, event text, at integer, body text, attempts integer, \
                  next_at integer?, delivered_at integer?, given_up_at integer?, last_status integer?, \
                  last_fault text?",
        key: &["id"],
        owners: &[("webhook", "webhook")],
        unique: &["webhook position"],
        index: &["next_at"],
        ..NEW
    },
];
