//! IMAP (RFC 9051, and RFC 3501 where a server is older) as far as a mirror of a mailbox needs it.
//!
//! A layer of our own, because what there is keeps half a gigabyte of an answer before it refuses, fails on answers of
//! extensions, or trusts the server to follow the grammar.

mod answer;
mod command;
mod connection;
mod date;
mod folders;
mod messages;
mod name;
mod rights;
mod select;
mod uids;
mod waiting;

pub use connection::Imap;
pub use folders::{Folder, FolderState, Kind, Role};
pub use messages::{Appended, Copied, Described};
pub use name::FolderName;
pub use rights::Right;
pub use select::{Changes, Selected, Vanished};
pub use uids::UidSet;
pub use waiting::Woken;

pub(crate) use answer::Answer;
pub(crate) use folders::read_any as read_any_folder;
pub(crate) use messages::described;
pub(crate) use name::decode;
pub(crate) use rights::listed as listed_rights;
pub(crate) use select::copied;

/// The most bytes of one message that are fetched or handed over.
pub const MAX_MESSAGE_BYTES: usize = 60 << 20;
/// The most folders of one mailbox that are listed.
pub const MAX_FOLDERS: usize = 10_000;
/// The most messages of one folder.
pub const MAX_FOLDER_MESSAGES: usize = 1_000_000;
/// The most keywords of one message that are taken; a server rarely allows as many.
pub const MAX_KEYWORDS: usize = 100;
