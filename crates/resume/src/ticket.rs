//! What is handed over inside SSH, and the codes made with it.

use std::time::Duration;

use aws_lc_rs::hmac;
use fernamt_domain::{Rng, Secret, rng::random_bytes};
use zeroize::Zeroizing;

use crate::{Attach, Fault, Twin};

/// The length of a ticket as bytes: version, id, key, patience in seconds.
pub const TICKET_BYTES: usize = 1 + 16 + 32 + 4;
const VERSION: u8 = 1;

/// Separates what the initiator proves from what the acceptor proves.
const ATTACH_LABEL: &[u8] = b"fernamt resume 1: attach";
const ATTACHED_LABEL: &[u8] = b"fernamt resume 1: attached";

/// The same for the twin of a line.
const TWIN_LABEL: &[u8] = b"fernamt resume 1: twin";

/// Names one stream and proves that one may go on with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticket {
    id: [u8; 16],
    key: Secret<[u8; 32]>,
    patience: Duration,
}

impl Ticket {
    /// A new ticket. `patience` is how long both sides wait for a line; fractions of a second are dropped.
    pub fn new(rng: &dyn Rng, patience: Duration) -> Self {
        let seconds = u32::try_from(patience.as_secs()).unwrap_or(u32::MAX);
        Self {
            id: random_bytes(rng),
            key: Secret::new(random_bytes(rng)),
            patience: Duration::from_secs(seconds.into()),
        }
    }

    /// The stream's name. It is no secret.
    pub fn id(&self) -> [u8; 16] {
        self.id
    }

    /// How long both sides wait for a line.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// The ticket as it travels inside SSH.
    pub fn to_bytes(&self) -> Zeroizing<[u8; TICKET_BYTES]> {
        let mut bytes = Zeroizing::new([0; TICKET_BYTES]);
        let seconds = u32::try_from(self.patience.as_secs()).unwrap_or(u32::MAX).to_be_bytes();
        let parts: [&[u8]; 4] = [&[VERSION], &self.id, self.key.expose(), &seconds];
        for (place, byte) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
            *place = *byte;
        }
        bytes
    }

    /// Reads a ticket that came inside SSH.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let bytes: &[u8; TICKET_BYTES] = bytes.try_into().map_err(|_| Fault::Ticket)?;
        let ([VERSION], rest) = take(bytes)? else { return Err(Fault::Ticket) };
        let (id, rest) = take(rest)?;
        let (key, rest) = take(rest)?;
        let (seconds, _) = take(rest)?;
        let patience = Duration::from_secs(u32::from_be_bytes(*seconds).into());
        Ok(Self { id: *id, key: Secret::new(*key), patience })
    }

    /// The initiator's proof.
    pub fn attach(&self, epoch: u64, received: u64) -> Attach {
        let code = self.code(&[ATTACH_LABEL, &self.id, &epoch.to_be_bytes(), &received.to_be_bytes()]);
        Attach { id: self.id, epoch, received, code }
    }

    /// Whether an ATTACH was made by the holder of this ticket. It says nothing about its age.
    pub fn proves(&self, attach: &Attach) -> bool {
        let (epoch, received) = (attach.epoch.to_be_bytes(), attach.received.to_be_bytes());
        attach.id == self.id && self.verify(&[ATTACH_LABEL, &attach.id, &epoch, &received], &attach.code)
    }

    /// The initiator's proof for the twin of a line.
    pub fn twin(&self, epoch: u64, number: u64) -> Twin {
        let code = self.code(&[TWIN_LABEL, &self.id, &epoch.to_be_bytes(), &number.to_be_bytes()]);
        Twin { id: self.id, epoch, number, code }
    }

    /// Whether a TWIN was made by the holder of this ticket. It says nothing about its age.
    pub fn proves_twin(&self, twin: &Twin) -> bool {
        let (epoch, number) = (twin.epoch.to_be_bytes(), twin.number.to_be_bytes());
        twin.id == self.id && self.verify(&[TWIN_LABEL, &twin.id, &epoch, &number], &twin.code)
    }

    /// The acceptor's answer to an ATTACH.
    pub(crate) fn attached(&self, positions: &Positions) -> [u8; 32] {
        self.code(&[ATTACHED_LABEL, &self.id, &positions.to_bytes()])
    }

    /// Whether an ATTACHED answers this very ATTACH and was made by the holder of this ticket.
    pub(crate) fn proves_attached(&self, positions: &Positions, code: &[u8]) -> bool {
        self.verify(&[ATTACHED_LABEL, &self.id, &positions.to_bytes()], code)
    }

    fn code(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut code = [0; 32];
        let tag = self.context(parts).sign();
        for (place, byte) in code.iter_mut().zip(tag.as_ref()) {
            *place = *byte;
        }
        code
    }

    fn verify(&self, parts: &[&[u8]], code: &[u8]) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.key.expose());
        hmac::verify(&key, &parts.concat(), code).is_ok()
    }

    fn context(&self, parts: &[&[u8]]) -> hmac::Context {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, self.key.expose()));
        for part in parts {
            context.update(part);
        }
        context
    }
}

/// What the two sides agree on when a line is attached.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Positions {
    pub(crate) epoch: u64,
    /// What the initiator has received.
    pub(crate) initiator: u64,
    /// What the acceptor has received.
    pub(crate) acceptor: u64,
    /// Where the acceptor goes on.
    pub(crate) from: u64,
}

impl Positions {
    fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let numbers = [self.epoch, self.initiator, self.acceptor, self.from];
        for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_be_bytes());
        }
        bytes
    }
}

fn take<const N: usize>(bytes: &[u8]) -> Result<(&[u8; N], &[u8]), Fault> {
    bytes.split_first_chunk().ok_or(Fault::Ticket)
}

#[cfg(test)]
mod tests {
    use fernamt_testkit::SeededRng;

    use super::*;

    fn ticket(seed: u64) -> Ticket {
        Ticket::new(&SeededRng::new(seed), Duration::from_mins(10))
    }

    #[test]
    fn a_ticket_survives_the_way_and_hides_its_key() {
        let ticket = ticket(1);
        let bytes = ticket.to_bytes();
        assert_eq!(Ticket::parse(&*bytes).unwrap(), ticket);
        assert_eq!(Ticket::parse(&bytes[1..]), Err(Fault::Ticket));
        let mut newer = bytes.clone();
        newer[0] = 2;
        assert_eq!(Ticket::parse(&*newer), Err(Fault::Ticket));
        assert!(format!("{ticket:?}").contains("key: Secret(…)"), "{ticket:?}");
    }

    #[test]
    fn a_proof_holds_for_its_ticket_epoch_and_position_only() {
        let (mine, other) = (ticket(1), ticket(2));
        let attach = mine.attach(3, 99);
        assert!(mine.proves(&attach));
        assert!(!other.proves(&attach));
        for changed in [
            Attach { epoch: 4, ..attach.clone() },
            Attach { received: 98, ..attach.clone() },
            Attach { id: other.id(), ..attach.clone() },
            Attach { code: [0; 32], ..attach },
        ] {
            assert!(!mine.proves(&changed), "{changed:?}");
        }
    }

    #[test]
    fn an_answer_is_no_proof_and_a_proof_no_answer() {
        let ticket = ticket(1);
        let said = Positions { epoch: 3, initiator: 99, acceptor: 7, from: 100 };
        let answer = ticket.attached(&said);
        assert!(ticket.proves_attached(&said, &answer));
        for other in [
            Positions { initiator: 7, acceptor: 99, ..said },
            Positions { epoch: 4, ..said },
            Positions { from: 99, ..said },
        ] {
            assert!(!ticket.proves_attached(&other, &answer), "{other:?}");
        }
        assert!(!ticket.proves(&Attach { code: answer, ..ticket.attach(3, 99) }));
        assert!(!ticket.proves_attached(&said, &ticket.attach(3, 99).code));
    }
}
