//! How a row is described: once. [`record!`] makes the plain struct that features see, its column list with data
//! categories and the conversion from and to rows.

use fernamt_domain::{
    BundleId, DataCategory, DeviceId, DeviceKind, DeviceState, DirectoryId, ImportId, JournalId, Method, OtpTokenId,
    OutboxId, PasskeyId, PersonId, PersonSource, PersonState, RecoveryCodeId, Role, RuleId, Secret, SessionId,
    TargetId, TargetSettings, TenantId, Zone,
    audit::{AuditKind, Hash, Outcome},
};
use sea_orm::{QueryResult, Value};
use time::{Date, OffsetDateTime, format_description::well_known::Iso8601};
use uuid::Uuid;

use crate::StoreError;

/// What a column holds. The same five kinds on both databases, so that every query means the same on both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// An identifier.
    Uuid,
    /// Text; also words, JSON and dates (ISO 8601).
    Text,
    /// A number of 64 bits; also moments, as microseconds since 1970 UTC.
    Integer,
    /// Yes or no.
    Boolean,
    /// Bytes.
    Bytes,
}

impl ColumnKind {
    /// The value that means "none" in such a column.
    pub(crate) fn null(self) -> Value {
        match self {
            Self::Uuid => Value::Uuid(None),
            Self::Text => Value::String(None),
            Self::Integer => Value::BigInt(None),
            Self::Boolean => Value::Bool(None),
            Self::Bytes => Value::Bytes(None),
        }
    }
}

/// A column of a table, with the category that its deletion rule follows from.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnKind,
    /// Whether it may be empty.
    pub nullable: bool,
    /// What kind of data it is.
    pub category: DataCategory,
}

/// A table. Its primary key is `tenant_id` followed by `key`.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The rest of its primary key.
    pub key: &'static [&'static str],
    /// All columns except `tenant_id`, which each table has.
    pub columns: &'static [Column],
    /// Whether deletions are written to the journal, so that a restore repeats them.
    pub journaled: bool,
    /// Whether backups leave its rows out.
    pub unsaved: bool,
}

impl Table {
    /// The column that every table begins with.
    pub const TENANT: Column =
        Column { name: "tenant_id", kind: ColumnKind::Uuid, nullable: false, category: DataCategory::Configuration };

    /// All columns, `tenant_id` first.
    pub fn all_columns(&self) -> impl Iterator<Item = &Column> {
        std::iter::once(&Self::TENANT).chain(self.columns)
    }
}

/// A value that fits one column.
pub(crate) trait Field: Sized {
    const KIND: ColumnKind;
    const NULLABLE: bool = false;

    fn value(&self) -> Value;

    fn read_optional(row: &QueryResult, column: &str) -> Result<Option<Self>, StoreError>;

    fn read(row: &QueryResult, column: &str) -> Result<Self, StoreError> {
        Self::read_optional(row, column)?.ok_or_else(|| StoreError::corrupt(column, "it is empty"))
    }
}

/// A row of a tenant's table.
pub(crate) trait Record: Sized + Send + Sync {
    const TABLE: Table;

    /// The values of all columns in their order.
    fn values(&self) -> Vec<Value>;

    fn read(row: &QueryResult) -> Result<Self, StoreError>;
}

impl<T: Field> Field for Option<T> {
    const KIND: ColumnKind = T::KIND;
    const NULLABLE: bool = true;

    fn value(&self) -> Value {
        self.as_ref().map_or_else(|| T::KIND.null(), Field::value)
    }

    fn read_optional(row: &QueryResult, column: &str) -> Result<Option<Self>, StoreError> {
        T::read_optional(row, column).map(Some)
    }
}

macro_rules! plain_fields {
    ($($kind:ident: $($type:ty)+;)+) => {$($(
        impl Field for $type {
            const KIND: ColumnKind = ColumnKind::$kind;

            fn value(&self) -> Value {
                self.clone().into()
            }

            fn read_optional(row: &QueryResult, column: &str) -> Result<Option<Self>, StoreError> {
                Ok(row.try_get_by::<Option<$type>, _>(column)?)
            }
        }
    )+)+};
}

plain_fields! {
    Uuid: Uuid;
    Text: String;
    Integer: i64;
    Boolean: bool;
    Bytes: Vec<u8>;
}

/// A field stored as another one: how to turn it into that, and back.
macro_rules! fields_via {
    ($($type:ty as $inner:ty: $to:expr, $from:expr;)+) => {$(
        impl $crate::record::Field for $type {
            const KIND: $crate::record::ColumnKind = <$inner as $crate::record::Field>::KIND;

            fn value(&self) -> ::sea_orm::Value {
                let to: fn(&Self) -> $inner = $to;
                $crate::record::Field::value(&to(self))
            }

            fn read_optional(row: &::sea_orm::QueryResult, column: &str) -> Result<Option<Self>, $crate::StoreError> {
                let from: fn($inner) -> Option<Self> = $from;
                <$inner as $crate::record::Field>::read_optional(row, column)?
                    .map(|inner| from(inner).ok_or_else(|| $crate::StoreError::corrupt(column, "it does not parse")))
                    .transpose()
            }
        }
    )+};
}
pub(crate) use fields_via;

/// Words of a domain enum.
macro_rules! word_fields {
    ($($type:ty)+) => {
        $crate::record::fields_via! { $($type as String: |word| word.as_str().to_owned(), |text| text.parse().ok();)+ }
    };
}
pub(crate) use word_fields;

macro_rules! id_fields {
    ($($type:ty)+) => { fields_via! { $($type as Uuid: |id| id.0, |id| Some(Self(id));)+ } };
}

macro_rules! json_fields {
    ($($type:ty)+) => {
        fields_via! { $(
            $type as String:
            |value| serde_json::to_string(value).expect("plain data with string keys always serialise"),
            |text| serde_json::from_str(&text).ok();
        )+ }
    };
}

macro_rules! number_fields {
    ($($type:ty)+) => {
        fields_via! { $(
            $type as i64:
            |number| i64::try_from(*number).unwrap_or(i64::MAX),
            |number| <$type>::try_from(number).ok();
        )+ }
    };
}

id_fields! {
    TenantId PersonId fernamt_domain::GroupId DeviceId SessionId TargetId BundleId RuleId PasskeyId OtpTokenId
    RecoveryCodeId DirectoryId ImportId OutboxId JournalId fernamt_domain::RoomId fernamt_domain::MeetingId
    fernamt_domain::SeatId fernamt_domain::InviteeId fernamt_domain::LetterId fernamt_domain::WebhookId
    fernamt_domain::DeliveryId fernamt_domain::MailAccountId fernamt_domain::MailboxId fernamt_domain::EmailId
    fernamt_domain::ThreadId fernamt_domain::MailIdentityId fernamt_domain::EmailSubmissionId
}
word_fields! { Role PersonSource PersonState DeviceKind DeviceState AuditKind Outcome }
json_fields! { serde_json::Value TargetSettings Vec<Method> fernamt_domain::DomainEvent }
number_fields! { u8 u16 u32 u64 }
fields_via! {
    OffsetDateTime as i64:
        |at| i64::try_from(at.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX),
        |micros| Self::from_unix_timestamp_nanos(i128::from(micros) * 1000).ok();
    Date as String:
        |day| format!("{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day()),
        |text| Self::parse(&text, &Iso8601::DATE).ok();
    Zone as String: |zone| zone.0.clone(), |text| Some(Self(text));
    Hash as Vec<u8>: |hash| hash.0.to_vec(), |bytes| bytes.try_into().ok().map(Self);
    [u8; 32] as Vec<u8>: |bytes| bytes.to_vec(), |bytes| bytes.try_into().ok();
    Secret<String> as String: |secret| secret.expose().clone(), |text| Some(Self::new(text));
    Secret<Vec<u8>> as Vec<u8>: |secret| secret.expose().clone(), |bytes| Some(Self::new(bytes));
}

/// Describes a table: the struct that features see, its key, each column's data category, and columns that the store
/// derives itself (the text that a search looks in).
macro_rules! record {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident in $table:literal, key($($key:ident),*) $($mark:ident)? {
            $( $(#[$fmeta:meta])* $field:ident: $type:ty => $category:ident, )+
        }
        $( derived |$record:ident| { $($dname:ident: $dtype:ty => $dcategory:ident = $derive:expr;)+ } )?
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        $vis struct $name { $( $(#[$fmeta])* pub $field: $type, )+ }

        impl $crate::record::Record for $name {
            const TABLE: $crate::record::Table = $crate::record::Table {
                name: $table,
                key: &[$(stringify!($key)),*],
                columns: &[
                    $( $crate::record::Column {
                        name: stringify!($field),
                        kind: <$type as $crate::record::Field>::KIND,
                        nullable: <$type as $crate::record::Field>::NULLABLE,
                        category: ::fernamt_domain::DataCategory::$category,
                    }, )+
                    $($( $crate::record::Column {
                        name: stringify!($dname),
                        kind: <$dtype as $crate::record::Field>::KIND,
                        nullable: <$dtype as $crate::record::Field>::NULLABLE,
                        category: ::fernamt_domain::DataCategory::$dcategory,
                    }, )+)?
                ],
                journaled: $crate::record::record!(@journaled $($mark)?),
                unsaved: $crate::record::record!(@unsaved $($mark)?),
            };

            fn values(&self) -> Vec<::sea_orm::Value> {
                use $crate::record::Field as _;
                vec![
                    $( self.$field.value(), )+
                    $($( {
                        let $record = self;
                        let derived: $dtype = $derive;
                        derived.value()
                    }, )+)?
                ]
            }

            fn read(row: &::sea_orm::QueryResult) -> Result<Self, $crate::StoreError> {
                Ok(Self { $( $field: $crate::record::Field::read(row, stringify!($field))?, )+ })
            }
        }
    };
    (@journaled journaled) => { true };
    (@journaled $($other:ident)?) => { false };
    (@unsaved unsaved) => { true };
    (@unsaved $($other:ident)?) => { false };
}
pub(crate) use record;

/// The text that a search looks in: lower case, by Unicode's rules, which SQLite's own functions do not know.
pub(crate) fn search_text(parts: &[&str]) -> String {
    parts.join("\n").to_lowercase()
}
