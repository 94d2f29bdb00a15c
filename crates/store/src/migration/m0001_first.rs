//! The first schema.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use super::{NEW, NewTable, create};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0001_first"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            create(manager, table).await?;
        }
        Ok(())
    }
}

const TABLES: &[NewTable] = &[
    NewTable {
        name: "tenant",
        columns: "name text, host text, policy_epoch integer, created_at integer",
        unique: &["name", "host"],
        ..NEW
    },
    NewTable {
        name: "directory",
        columns: "id uuid, name text, url text, bind_dn text, bind_password_sealed bytes, base_dn text, \
                  person_filter text, group_filter text, ca_pem text?, enabled boolean, last_sync_at integer?, \
                  last_sync_result text?",
        key: &["id"],
        unique: &["name"],
        ..NEW
    },
    NewTable {
        name: "person",
        columns: "id uuid, name text, display_name text, source text, directory uuid?, directory_dn text?, \
                  directory_key text?, password_hash text?, state text, language text, created_at integer, \
                  removed_at integer?, search text",
        key: &["id"],
        needs: &[("directory", "directory")],
        unique: &["name", "directory directory_key"],
        ..NEW
    },
    NewTable {
        name: "person_role",
        columns: "person uuid, role text",
        key: &["person", "role"],
        owners: &[("person", "person")],
        ..NEW
    },
    NewTable {
        name: "group",
        columns: "id uuid, name text, source text, directory uuid?, directory_dn text?, directory_key text?, \
                  created_at integer, search text",
        key: &["id"],
        needs: &[("directory", "directory")],
        unique: &["name", "directory directory_key"],
        ..NEW
    },
    NewTable {
        name: "group_member",
        columns: "group uuid, person uuid",
        key: &["group", "person"],
        owners: &[("group", "group"), ("person", "person")],
        index: &["person"],
        ..NEW
    },
    NewTable {
        name: "group_nesting",
        columns: "parent uuid, child uuid",
        key: &["parent", "child"],
        owners: &[("parent", "group"), ("child", "group")],
        index: &["child"],
        ..NEW
    },
    NewTable {
        name: "device",
        columns: "id uuid, person uuid, kind text, state text, name text, public_key bytes, thumbprint text, \
                  created_at integer, last_seen_on text?, decided_by uuid?, decided_at integer?, search text",
        key: &["id"],
        owners: &[("person", "person")],
        unique: &["person thumbprint"],
        index: &["thumbprint"],
        ..NEW
    },
    NewTable {
        name: "otp_token",
        columns: "id uuid, person uuid?, kind text, mode text, serial text?, secret_sealed bytes, algorithm text, \
                  digits integer, period_s integer, last_step integer, drift integer, created_at integer, \
                  confirmed_at integer?, search text",
        key: &["id"],
        owners: &[("person", "person")],
        unique: &["serial"],
        index: &["person"],
        ..NEW
    },
    NewTable {
        name: "passkey",
        columns: "id uuid, person uuid, credential_id bytes, credential text, name text, created_at integer, \
                  last_used_on text?",
        key: &["id"],
        owners: &[("person", "person")],
        unique: &["credential_id"],
        index: &["person"],
        ..NEW
    },
    NewTable {
        name: "recovery_code",
        columns: "id uuid, person uuid, hash bytes, created_at integer, used_at integer?",
        key: &["id"],
        owners: &[("person", "person")],
        index: &["person"],
        ..NEW
    },
    NewTable {
        name: "session",
        columns: "id uuid, person uuid, device uuid?, device_kind text, secret_hash bytes, previous_hash bytes?, \
                  methods text, zone text, created_at integer, rotated_at integer, seen_at integer, \
                  expires_at integer, ended_at integer?",
        key: &["id"],
        owners: &[("person", "person"), ("device", "device")],
        index: &["person", "device", "expires_at"],
        ..NEW
    },
    NewTable {
        name: "target",
        columns: "id uuid, name text, folder text?, icon text?, description text, host text, port integer, \
                  settings text, pinned_certificate bytes?, enabled boolean, created_at integer, search text, \
                  label text?",
        key: &["id"],
        unique: &["name", "label"],
        index: &["host port"],
        ..NEW
    },
    NewTable {
        name: "bundle",
        columns: "id uuid, name text, description text, search text",
        key: &["id"],
        unique: &["name"],
        ..NEW
    },
    NewTable {
        name: "bundle_target",
        columns: "bundle uuid, target uuid",
        key: &["bundle", "target"],
        owners: &[("bundle", "bundle"), ("target", "target")],
        index: &["target"],
        ..NEW
    },
    NewTable {
        name: "target_health",
        columns: "target uuid, checked_at integer, state text, detail text?, certificate bytes?",
        key: &["target"],
        owners: &[("target", "target")],
        ..NEW
    },
    NewTable {
        name: "target_use",
        columns: "person uuid, target uuid, last_used_on text",
        key: &["person", "target"],
        owners: &[("person", "person"), ("target", "target")],
        ..NEW
    },
    NewTable {
        name: "rule",
        columns: "id uuid, name text, form text?, expert text?, enabled boolean, position integer, \
                  created_at integer, updated_at integer",
        key: &["id"],
        ..NEW
    },
    NewTable { name: "setting", columns: "key text, value text", key: &["key"], ..NEW },
    NewTable { name: "setup_link", columns: "hash bytes, expires_at integer, used_at integer?", key: &["hash"], ..NEW },
    NewTable {
        name: "import_batch",
        columns: "id uuid, at integer, person uuid?, changes text, undone_at integer?",
        key: &["id"],
        index: &["at"],
        ..NEW
    },
    NewTable {
        name: "audit_entry",
        columns: "sequence integer, day text, commitment bytes, head bytes, salt bytes?, payload bytes?, \
                  at integer?, kind text?, outcome text?, action text?, actor uuid?, subject uuid?, target uuid?",
        key: &["sequence"],
        index: &["at", "actor", "subject", "target"],
        ..NEW
    },
    NewTable { name: "audit_head", columns: "sequence integer, head bytes, day text?", ..NEW },
    NewTable {
        name: "audit_segment",
        columns: "day text, sequence integer, head bytes, signed_at integer, signature text",
        key: &["day"],
        ..NEW
    },
    NewTable {
        name: "audit_pseudonym",
        columns: "person uuid, pseudonym uuid, created_at integer",
        key: &["person"],
        unique: &["pseudonym"],
        ..NEW
    },
    NewTable {
        name: "outbox",
        columns: "id uuid, at integer, event text, done_at integer?",
        key: &["id"],
        index: &["done_at"],
        ..NEW
    },
    NewTable {
        name: "deletion_journal",
        columns: "id uuid, at integer, action text, table_name text, row_key text, state text?",
        key: &["id"],
        index: &["at"],
        ..NEW
    },
];
