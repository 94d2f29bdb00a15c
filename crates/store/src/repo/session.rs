//! Signed-in sessions.

use fernamt_domain::{DeviceId, DeviceKind, Method, PersonId, Secret, SessionId, Zone};
use sea_orm::sea_query::Condition;
use time::OffsetDateTime;

use super::{
    push::{self, PushRecord},
    repository,
};
use crate::{
    StoreError,
    page::Page,
    record::record,
    scope::{Writing, after, is, is_null, to},
};

record! {
    /// A session: a person, a device and the methods by which the person proved who they are.
    pub struct SessionRecord in "session", key(id) {
        /// The id.
        id: SessionId => Session,
        /// Whose it is.
        person: PersonId => Session,
        /// The device, if it has a key that we know.
        device: Option<DeviceId> => Session,
        /// The device's kind.
        device_kind: DeviceKind => Session,
        /// A hash of the secret that the client shows.
        secret_hash: Secret<Vec<u8>> => Credential,
        /// A hash of the secret before the last rotation: whoever shows it again has a copy.
        previous_hash: Option<Secret<Vec<u8>>> => Credential,
        /// How the person proved who they are.
        methods: Vec<Method> => Session,
        /// The zone that it began in.
        zone: Zone => Session,
        /// When it began.
        created_at: OffsetDateTime => Session,
        /// When its secret was last changed.
        rotated_at: OffsetDateTime => Session,
        /// When it was last used, coarsely.
        seen_at: OffsetDateTime => Session,
        /// When it ends at the latest.
        expires_at: OffsetDateTime => Session,
        /// When it was ended.
        ended_at: Option<OffsetDateTime> => Session,
    }
}

repository! {
    /// Signed-in sessions.
    Sessions
}

impl<A> Sessions<'_, A> {
    /// The session with this id, ended or not.
    pub async fn get(&self, id: SessionId) -> Result<SessionRecord, StoreError> {
        self.scope.find(is("id", &id)).get().await
    }

    /// The session that stands for a program's token, ended or not.
    pub async fn of_program(&self, device: DeviceId) -> Result<Option<SessionRecord>, StoreError> {
        self.scope.find(is("device", &Some(device)).add(is("device_kind", &DeviceKind::ApiClient))).one().await
    }

    /// The sessions of a person that are neither ended nor expired, oldest first. Whether one is idle for too long is
    /// the caller's to say. Here and below those of programs are not meant: nobody signed in for them.
    pub async fn live_of_person(&self, person: PersonId) -> Result<Vec<SessionRecord>, StoreError> {
        self.scope.find(self.live().add(is("person", &person))).order("created_at").order("id").all().await
    }

    /// A page of all sessions that are neither ended nor expired, oldest first. There is nothing to search in.
    pub async fn live_page(&self, page: &Page) -> Result<Vec<SessionRecord>, StoreError> {
        self.scope.find(self.live()).order("created_at").order("id").window(page.offset, page.limit()).all().await
    }

    /// How many sessions are neither ended nor expired.
    pub async fn count_live(&self) -> Result<u64, StoreError> {
        self.scope.count::<SessionRecord>(self.live()).await
    }

    fn live(&self) -> Condition {
        let signed_in = is("device_kind", &DeviceKind::ApiClient).not();
        is_null("ended_at").add(after("expires_at", &self.scope.now())).add(signed_in)
    }
}

impl Sessions<'_, Writing> {
    /// The session with this id, held until the unit of work ends: nobody ends it meanwhile.
    pub async fn held(&self, id: SessionId) -> Result<SessionRecord, StoreError> {
        self.scope.find(is("id", &id)).locked().get().await
    }

    /// Adds a session.
    pub async fn insert(&self, session: &SessionRecord) -> Result<(), StoreError> {
        self.scope.insert(session).await
    }

    /// Replaces the secret, if it is still `old` and the session has not ended. `false` if not: somebody else was
    /// first.
    pub async fn rotate(
        &self,
        id: SessionId,
        old: &Secret<Vec<u8>>,
        new: &Secret<Vec<u8>>,
    ) -> Result<bool, StoreError> {
        let now = self.scope.now();
        let current = is("id", &id).add(is("secret_hash", old)).add(is_null("ended_at"));
        let values = vec![
            to("secret_hash", new),
            to("previous_hash", &Some(old.clone())),
            to("rotated_at", &now),
            to("seen_at", &now),
        ];
        Ok(self.scope.set::<SessionRecord>(current, values).await? > 0)
    }

    /// Notes that a session was used.
    pub async fn touch(&self, id: SessionId) -> Result<(), StoreError> {
        let now = self.scope.now();
        self.scope.set_one::<SessionRecord>(is("id", &id), vec![to("seen_at", &now)]).await
    }

    /// Ends a session. `false` if it had ended already. Its device is not told of mail any more.
    pub async fn end(&self, id: SessionId) -> Result<bool, StoreError> {
        let session = self.scope.find(is("id", &id)).locked().one().await?;
        let Some(session) = session else { return Ok(false) };
        let ended = self.end_where(is("id", &id)).await?;
        push::forget_session(&self.scope, &session).await?;
        Ok(!ended.is_empty())
    }

    /// Ends a session that nobody used for a while. `false` if it had ended already. Its device is told of mail for as long
    /// as the session might have lasted: nobody signed out there.
    pub async fn lapse(&self, id: SessionId) -> Result<bool, StoreError> {
        Ok(!self.end_where(is("id", &id)).await?.is_empty())
    }

    /// Ends all sessions of a person, but for one if given. Returns those that ended.
    pub async fn end_of_person(
        &self,
        person: PersonId,
        except: Option<SessionId>,
    ) -> Result<Vec<SessionId>, StoreError> {
        let own = is("person", &person);
        let told = match except {
            Some(kept) => own.clone().add(is("session", &kept).not()),
            None => own.clone(),
        };
        let ended = self.end_where(match except {
            Some(kept) => own.add(is("id", &kept).not()),
            None => own,
        });
        let ended = ended.await?;
        self.scope.delete::<PushRecord>(told).await?;
        Ok(ended)
    }

    /// Ends all sessions of a device. Returns those that ended.
    pub async fn end_of_device(&self, device: DeviceId) -> Result<Vec<SessionId>, StoreError> {
        let ended = self.end_where(is("device", &Some(device))).await?;
        push::forget_devices(&self.scope, [&device]).await?;
        Ok(ended)
    }

    pub(crate) async fn end_where(&self, filter: Condition) -> Result<Vec<SessionId>, StoreError> {
        let open = filter.add(is_null("ended_at"));
        let sessions = self.scope.find::<SessionRecord>(open.clone()).order("id").locked().all().await?;
        let values = vec![to("ended_at", &Some(self.scope.now())), to("previous_hash", &None::<Secret<Vec<u8>>>)];
        self.scope.set::<SessionRecord>(open, values).await?;
        Ok(sessions.into_iter().map(|session| session.id).collect())
    }
}
