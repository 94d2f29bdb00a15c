//! JMAP's core (RFC 8620): requests with several method calls, references between them, the session, and the errors of
//! each level. What the methods do stands in [`crate::methods`].

pub(crate) mod changes;
pub(crate) mod error;
pub(crate) mod get;
pub(crate) mod id;
pub(crate) mod patch;
pub(crate) mod query;
pub(crate) mod query_changes;
pub(crate) mod reference;
pub(crate) mod request;
pub(crate) mod session;
pub(crate) mod set;
pub(crate) mod socket;

/// The core itself (RFC 8620).
pub(crate) const CORE: &str = "urn:ietf:params:jmap:core";
/// Mail (RFC 8621).
pub(crate) const MAIL: &str = "urn:ietf:params:jmap:mail";
/// Sending mail (RFC 8621, section 7).
pub(crate) const SUBMISSION: &str = "urn:ietf:params:jmap:submission";

/// Answers while somebody is away (RFC 8621, section 8).
pub(crate) const VACATION: &str = "urn:ietf:params:jmap:vacationresponse";

/// The people of the house (RFC 9670, section 2).
pub(crate) const PRINCIPALS: &str = "urn:ietf:params:jmap:principals";

/// Whose an account is (RFC 9670, section 1.5.2).
pub(crate) const OWNER: &str = "urn:ietf:params:jmap:principals:owner";

/// Working for others, our own: what somebody may do in each account.
pub(crate) const DELEGATION: &str = "urn:fernamt:params:jmap:delegation";

/// Who works on which thread, our own.
pub(crate) const THREAD_WORK: &str = "urn:fernamt:params:jmap:threadwork";

/// What those outside the house are answered while somebody is away, our own: further properties of `VacationResponse`.
pub(crate) const ABSENCE: &str = "urn:fernamt:params:jmap:absence";

/// How far what is sent goes, our own.
pub(crate) const DELIVERY: &str = "urn:fernamt:params:jmap:delivery";

/// That pictures which lie elsewhere are fetched for readers, our own. It has no methods of its own.
pub(crate) const PICTURES: &str = "urn:fernamt:params:jmap:pictures";

/// Calls and changes over a WebSocket (RFC 8887). It has no methods of its own.
pub(crate) const WEBSOCKET: &str = "urn:ietf:params:jmap:websocket";

/// What this server understands.
pub(crate) const CAPABILITIES: [&str; 12] = [
    CORE,
    MAIL,
    SUBMISSION,
    VACATION,
    PRINCIPALS,
    OWNER,
    DELEGATION,
    THREAD_WORK,
    ABSENCE,
    DELIVERY,
    PICTURES,
    WEBSOCKET,
];

/// A JSON object.
pub(crate) type Object = serde_json::Map<String, serde_json::Value>;

/// What a client may ask at once (RFC 8620, section 2).
pub(crate) mod limits {
    /// The largest upload, in bytes.
    pub(crate) const MAX_SIZE_UPLOAD: usize = 50_000_000;
    /// Uploads of one session at once.
    pub(crate) const MAX_CONCURRENT_UPLOAD: usize = 4;
    /// The largest request, in bytes.
    pub(crate) const MAX_SIZE_REQUEST: usize = 10_000_000;
    /// Requests of one session at once.
    pub(crate) const MAX_CONCURRENT_REQUESTS: usize = 8;
    /// Method calls of one request.
    pub(crate) const MAX_CALLS_IN_REQUEST: usize = 32;
    /// What the answers to one request hold together, in bytes of their texts and 8 for each other value.
    pub(crate) const MAX_ANSWERED: usize = 100_000_000;
    /// Objects that one `/get` answers with.
    pub(crate) const MAX_OBJECTS_IN_GET: usize = 500;
    /// Objects that one `/set` changes.
    pub(crate) const MAX_OBJECTS_IN_SET: usize = 500;
}
