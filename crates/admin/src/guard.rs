//! What keeps an administrator from locking everybody out.

use fernamt_domain::{PersonId, PersonState, Role};
use fernamt_http::{ApiError, Session};
use fernamt_store::Work;

use crate::error::{AdminError, oneself};

/// Refuses what a person should not do to themselves.
pub(crate) fn not_oneself(session: &Session, person: PersonId) -> Result<(), AdminError> {
    if session.person() == person { Err(oneself().into()) } else { Ok(()) }
}

/// Refuses a change after which nobody could administer any more. Asked inside the unit of work, after the change.
pub(crate) async fn somebody_administers(work: &Work) -> Result<(), AdminError> {
    for person in work.people().with_role(Role::Administrator).await? {
        if work.people().get(person).await.is_ok_and(|record| record.state == PersonState::Active) {
            return Ok(());
        }
    }
    Err(ApiError::conflict("last_administrator", "somebody has to remain who can administer").into())
}
