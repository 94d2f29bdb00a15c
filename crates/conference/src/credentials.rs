//! What lets people into a meeting, and in which form it is kept: keyed hashes to look up and compare, and the whole,
//! sealed, to send it again.

use fernamt_domain::{
    MeetingId, Purpose, Rng, Sealer, Secret, TenantId,
    conference::{EntrySecret, Pin, RoomNumber},
};
use fernamt_store::{MeetingRecord, TenantStore, Work};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use zeroize::Zeroizing;

/// How long a number is not given out again after its meeting.
const NUMBER_RESTS: Duration = Duration::days(90);

/// How often a number is drawn before the store is taken for broken: a full one in a thousand would be a miracle.
const MAX_DRAWS: usize = 64;

/// Number, PIN and link's secret of one meeting.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The number.
    pub number: RoomNumber,
    /// The PIN.
    pub pin: Pin,
    /// The link's secret.
    pub secret: EntrySecret,
}

/// Why a meeting got no number.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoCredentials {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] fernamt_store::StoreError),
    /// No free number was found.
    #[error("no free room number was found in {MAX_DRAWS} draws")]
    NumbersExhausted,
}

/// As they are sealed.
#[derive(Serialize)]
struct Keeps<'a> {
    number: &'a str,
    pin: &'a str,
    secret: &'a str,
}

/// As they are opened: wiped again when dropped.
#[derive(Deserialize)]
struct Kept {
    number: Secret<String>,
    pin: Secret<String>,
    secret: Secret<String>,
}

/// The keyed hash of a number. It is the same for all tenants, because telephones dial numbers without naming one.
pub fn number_print(sealer: &Sealer, number: RoomNumber) -> [u8; 32] {
    let anywhere = Purpose { tenant: TenantId(Uuid::nil()), word: "room-number" };
    sealer.fingerprint(anywhere, number.digits().as_bytes())
}

/// The keyed hash of a link's secret.
pub fn secret_print(sealer: &Sealer, tenant: TenantId, secret: &EntrySecret) -> [u8; 32] {
    sealer.fingerprint(Purpose { tenant, word: "entry-secret" }, secret.expose().as_bytes())
}

/// The keyed hash of a meeting's PIN. It binds the meeting, so that equal PINs do not look alike.
pub fn pin_print(sealer: &Sealer, tenant: TenantId, meeting: MeetingId, pin: &Pin) -> [u8; 32] {
    let mut text = Zeroizing::new(meeting.0.as_bytes().to_vec());
    text.extend_from_slice(pin.expose().as_bytes());
    sealer.fingerprint(Purpose { tenant, word: "meeting-pin" }, &text)
}

impl Credentials {
    /// Draws fresh credentials and takes the number, for a meeting that can be entered until `valid_until`.
    pub(crate) async fn draw(
        work: &Work,
        sealer: &Sealer,
        rng: &dyn Rng,
        valid_until: OffsetDateTime,
    ) -> Result<Self, NoCredentials> {
        for _ in 0..MAX_DRAWS {
            let number = RoomNumber::random(rng);
            if work.rooms().take_number(&number_print(sealer, number), valid_until + NUMBER_RESTS).await? {
                return Ok(Self { number, pin: Pin::random(rng), secret: EntrySecret::random(rng) });
            }
        }
        Err(NoCredentials::NumbersExhausted)
    }

    /// The credentials of a meeting, unless they are forgotten already.
    pub fn of(sealer: &Sealer, tenant: TenantId, meeting: &MeetingRecord) -> Option<Self> {
        let sealed = meeting.credentials_sealed.as_ref()?;
        let opened = sealer.open(sealed_for(tenant, &purpose(meeting.id)), sealed.expose()).ok()?;
        let kept: Kept = serde_json::from_slice(&opened).ok()?;
        let (number, pin, secret) = (kept.number.expose(), kept.pin.expose(), kept.secret.expose());
        Some(Self { number: number.parse().ok()?, pin: pin.parse().ok()?, secret: secret.parse().ok()? })
    }

    /// The same with another PIN.
    pub(crate) fn with_new_pin(self, rng: &dyn Rng) -> Self {
        let mut pin = Pin::random(rng);
        while pin == self.pin {
            pin = Pin::random(rng);
        }
        Self { pin, ..self }
    }

    /// The whole, sealed for its meeting.
    pub(crate) fn sealed(&self, sealer: &Sealer, tenant: TenantId, meeting: MeetingId) -> Vec<u8> {
        let number = self.number.digits();
        let kept = Keeps { number: &number, pin: self.pin.expose(), secret: self.secret.expose() };
        let json = Zeroizing::new(serde_json::to_vec(&kept).expect("a struct of texts always serialises"));
        sealer.seal(sealed_for(tenant, &purpose(meeting)), &json)
    }

    /// Puts the credentials into a meeting's row.
    pub(crate) fn put_into(&self, sealer: &Sealer, tenant: TenantId, meeting: &mut MeetingRecord) {
        meeting.number_print = Some(number_print(sealer, self.number).to_vec());
        meeting.secret_print = Some(Secret::new(secret_print(sealer, tenant, &self.secret).to_vec()));
        meeting.pin_print = Some(Secret::new(pin_print(sealer, tenant, meeting.id, &self.pin).to_vec()));
        meeting.credentials_sealed = Some(Secret::new(self.sealed(sealer, tenant, meeting.id)));
    }
}

/// Moves the day from which a meeting's number may be given out again.
pub(crate) async fn keep_number(work: &Work, meeting: &MeetingRecord) -> Result<(), fernamt_store::StoreError> {
    match &meeting.number_print {
        Some(print) => work.rooms().keep_number(print, meeting.valid_until + NUMBER_RESTS).await,
        None => Ok(()),
    }
}

/// The meeting that a link's secret belongs to, whether or not it can be entered now.
pub async fn find_by_secret(
    tenant: &TenantStore,
    sealer: &Sealer,
    secret: &EntrySecret,
) -> Result<Option<MeetingRecord>, fernamt_store::StoreError> {
    tenant.meetings().by_secret(&secret_print(sealer, tenant.id(), secret)).await
}

/// The meeting that has a number, whether or not it can be entered now.
pub async fn find_by_number(
    tenant: &TenantStore,
    sealer: &Sealer,
    number: RoomNumber,
) -> Result<Option<MeetingRecord>, fernamt_store::StoreError> {
    tenant.meetings().by_number(&number_print(sealer, number)).await
}

/// Whether this is the meeting's PIN, compared in constant time. Without a meeting the same work is done for nothing.
pub fn is_pin(sealer: &Sealer, tenant: TenantId, meeting: Option<&MeetingRecord>, pin: &Pin) -> bool {
    let id = meeting.map_or(MeetingId(Uuid::nil()), |meeting| meeting.id);
    let given = Secret::new(pin_print(sealer, tenant, id, pin).to_vec());
    let nothing = Secret::new(vec![0; 32]);
    let wanted = meeting.and_then(|meeting| meeting.pin_print.as_ref());
    let same = *wanted.unwrap_or(&nothing) == given;
    same && wanted.is_some()
}

fn purpose(meeting: MeetingId) -> String {
    format!("meeting-credentials:{meeting}")
}

fn sealed_for(tenant: TenantId, word: &str) -> Purpose<'_> {
    Purpose { tenant, word }
}
