//! Proving who somebody is, the same for web and SSH.
//!
//! The order is what protects people from strangers:
//!
//! 1. the throttle (see `throttle`),
//! 2. the second factor, if the person has one: a wrong code never reaches the password, let alone the directory,
//! 3. the password, here or by a bind to the directory, within the budget that keeps its lock-out far away.
//!
//! A one-time code is used up by the attempt, right password or not, so a seen code cannot be tried with many
//! passwords. A recovery code is used up only by a sign-in that succeeds.
//!
//! # A password alone
//!
//! Who has no second factor goes on to enrol one. Who has one is told that it is missing, and by which means it can be
//! brought, but only after the password was right: to everybody else a name that does not exist, a wrong password and
//! a missing code are one answer that takes the same time. So nobody learns from it which names exist.
//!
//! It does tell whoever guessed a password right that it is right. The price is bounded by three things. Such an
//! attempt counts as a failure in every lane, right password or not, until a whole sign-in succeeds; strangers together
//! get no more than about two in a minute for an account ([`crate::throttle`]). It signs nobody in. And it is never
//! the directory's password that is tried for a stranger: that one opens mail and files without a second factor, and
//! wrong ones lock the account there, so a stranger without a code still never reaches the directory and hears the one
//! answer. A device that signed in as this person before may ask the directory, within the strangers' part of its
//! budget ([`crate::bind_budget`]), so whoever holds it cannot use up what is kept for those who bring a code.

use fernamt_domain::{
    Method, PersonId, PersonSource, PersonState, Purpose, RecoveryCodeId, Secret, Situation, TenantId,
};
use fernamt_store::{DeviceRecord, PersonRecord, TenantStore};
use time::OffsetDateTime;

use crate::{
    Identity,
    bind_budget::{BindLimit, Permission},
    device_key::DeviceKey,
    directory::{
        DirectoryError,
        client::{BindOutcome, Client},
    },
    failure::{SignInError, Wrong},
    otp, password, recovery, second_factor,
    throttle::{Account, Admission, Attempt, Source},
};

/// The most characters of a name that is looked up.
pub(crate) const MAX_NAME_CHARS: usize = 200;

/// Stands for the person behind a name that does not exist.
const NOBODY: PersonId = PersonId(uuid::Uuid::nil());

/// A second factor as typed.
#[derive(Debug)]
pub enum Second {
    /// A one-time code.
    Code(Secret<String>),
    /// A recovery code.
    Recovery(Secret<String>),
}

/// What somebody brings to prove who they are.
#[derive(Debug)]
pub struct Credentials<'a> {
    /// The sign-in name.
    pub name: &'a str,
    /// The password.
    pub password: &'a Secret<String>,
    /// The second factor.
    pub second: Option<Second>,
    /// The device's key, its signature verified.
    pub device: Option<&'a DeviceKey>,
}

/// Somebody who proved who they are.
#[derive(Debug)]
pub struct Proof {
    /// The person.
    pub person: PersonRecord,
    /// How.
    pub methods: Vec<Method>,
    /// The recovery code to use up with the session.
    pub recovery_code: Option<RecoveryCodeId>,
    /// The person has no second factor at all and must enrol one now.
    pub enrolment_needed: bool,
}

impl Identity {
    /// Checks name, second factor and password.
    pub async fn prove(
        &self,
        tenant: &TenantStore,
        situation: &Situation,
        credentials: &Credentials<'_>,
    ) -> Result<Proof, SignInError> {
        let name = credentials.name.trim().to_lowercase();
        let plausible = !name.is_empty() && name.chars().count() <= MAX_NAME_CHARS;
        let person = if plausible { tenant.people().by_name(&name).await? } else { None };
        // Names that do not exist are looked up just as far as those that do.
        let id = person.as_ref().map_or(NOBODY, |person| person.id);
        let device = match credentials.device {
            Some(key) => self.known_device(tenant, id, key).await?,
            None => None,
        };
        let who = match device {
            Some(device) => Attempt::KnownDevice(tenant.id(), device.id),
            None => Attempt::Stranger(Source::from(situation.address), self.account(tenant.id(), &name)),
        };
        if let (Admission::SecondFactorOnly(wait), None) =
            (self.throttle.admit(who, situation.at)?, &credentials.second)
        {
            // Refused unseen, whoever it is and whatever was typed. It is not counted: strangers who keep knocking
            // would else keep the door shut for good.
            return Err(wait.into());
        }
        // Counted first and taken back later, so that attempts side by side cannot slip through together.
        self.throttle.failed(who, situation.at);
        let known = matches!(who, Attempt::KnownDevice(..));
        let id = person.as_ref().map(|person| person.id);
        let result = self.prove_admitted(tenant, person, credentials, known, situation.at).await;
        match &result {
            Ok(_) => self.throttle.succeeded(who),
            Err(SignInError::Failed(wrong)) => self.note_failure(tenant, id, *wrong, situation),
            Err(SignInError::SecondFactorRequired(_)) => {
                self.note_failure(tenant, id, Wrong::SecondFactorMissing, situation);
            }
            Err(SignInError::SlowDown(_)) => {}
            Err(_) => self.throttle.withdrawn(who),
        }
        result
    }

    async fn prove_admitted(
        &self,
        tenant: &TenantStore,
        person: Option<PersonRecord>,
        credentials: &Credentials<'_>,
        known_device: bool,
        now: OffsetDateTime,
    ) -> Result<Proof, SignInError> {
        let (person, wrong) = match person {
            Some(person) if person.state == PersonState::Active => (Some(person), Wrong::Name),
            Some(_) => (None, Wrong::Disabled),
            None => (None, Wrong::Name),
        };
        let factors = second_factor::Factors::load(tenant, person.as_ref().map_or(NOBODY, |person| person.id)).await?;
        let mut methods = vec![Method::Password];
        let mut recovery_code = None;
        match &credentials.second {
            Some(Second::Code(code)) => {
                match &person {
                    Some(person) if self.use_code(tenant, person.id, &factors, code, now).await? => {}
                    Some(_) => return Err(SignInError::Failed(Wrong::Code)),
                    None => {
                        // The same work as for a person with one token.
                        let nobody = otp::Position { last_step: 0, drift: 0 };
                        let _ = otp::find(
                            &otp::Scheme::APP,
                            &Secret::new(vec![0; otp::SECRET_LEN]),
                            nobody,
                            code.expose(),
                            now,
                        );
                        return Err(SignInError::Failed(wrong));
                    }
                }
                methods.push(Method::Totp);
            }
            Some(Second::Recovery(code)) => {
                let Some(person) = &person else { return Err(SignInError::Failed(wrong)) };
                let print = recovery::fingerprint(&self.sealer, tenant.id(), person.id, code);
                recovery_code = factors.recovery_code(print, now);
                if recovery_code.is_none() {
                    return Err(SignInError::Failed(Wrong::RecoveryCode));
                }
                methods.push(Method::RecoveryCode);
            }
            None => match &person {
                None => {
                    // Nobody learns from the time whether the name exists.
                    self.passwords.verify(password::Lane::Stranger, credentials.password, None).await?;
                    return Err(SignInError::Failed(wrong));
                }
                Some(person) if factors.any() => {
                    self.check_password_alone(tenant, person, credentials.password, known_device, now).await?;
                    return Err(SignInError::SecondFactorRequired(factors.methods()));
                }
                Some(_) => {}
            },
        }
        let Some(person) = person else { return Err(SignInError::Failed(wrong)) };
        let proven = known_device || credentials.second.is_some();
        match person.source {
            PersonSource::Local => self.check_local(tenant, &person, credentials.password, proven).await?,
            PersonSource::Directory => self.check_directory(tenant, &person, credentials.password, proven, now).await?,
        }
        // A start code proves enough to enrol, not to be signed in.
        let enrolment_needed = !factors.any();
        Ok(Proof { person, methods, recovery_code, enrolment_needed })
    }

    /// Checks the password of somebody who left the second factor out.
    async fn check_password_alone(
        &self,
        tenant: &TenantStore,
        person: &PersonRecord,
        password: &Secret<String>,
        known_device: bool,
        now: OffsetDateTime,
    ) -> Result<(), SignInError> {
        match person.source {
            PersonSource::Local => self.check_local(tenant, person, password, known_device).await,
            PersonSource::Directory if known_device => self.check_directory(tenant, person, password, false, now).await,
            PersonSource::Directory => {
                self.passwords.verify(password::Lane::Stranger, password, None).await?;
                Err(SignInError::Failed(Wrong::SecondFactorMissing))
            }
        }
    }

    async fn check_local(
        &self,
        tenant: &TenantStore,
        person: &PersonRecord,
        password: &Secret<String>,
        proven: bool,
    ) -> Result<(), SignInError> {
        let lane = if proven { password::Lane::Proven } else { password::Lane::Stranger };
        let stored = person.password_hash.as_ref().map(|hash| hash.expose().as_str());
        if !self.passwords.verify(lane, password, stored).await? {
            return Err(SignInError::Failed(Wrong::Password));
        }
        if stored.is_some_and(password::is_outdated) {
            let hash = self.passwords.hash(password).await?;
            let work = tenant.begin().await?;
            work.people().set_password_hash(person.id, Some(Secret::new(hash))).await?;
            work.commit().await?;
        }
        Ok(())
    }

    /// Tries the password at the directory. Whatever strangers do, fewer wrong passwords get there than it takes to
    /// lock the account.
    pub(crate) async fn check_directory(
        &self,
        tenant: &TenantStore,
        person: &PersonRecord,
        password: &Secret<String>,
        proven: bool,
        now: OffsetDateTime,
    ) -> Result<(), SignInError> {
        let (Some(directory), Some(dn)) = (person.directory, person.directory_dn.as_deref()) else {
            return Err(SignInError::Failed(Wrong::Barred));
        };
        let directory = tenant.directories().get(directory).await?;
        let config = self.directory_config(tenant, &directory).map_err(|error| directory_down(&error))?;
        let most = self.bind_limit(tenant, &directory).await?;
        if password.expose().is_empty() || password.expose().len() > password::MAX_BYTES {
            return Err(SignInError::Failed(Wrong::Password));
        }
        let who = (tenant.id(), person.id);
        let print =
            self.fingerprint(tenant.id(), "tried-password", &[person.id.0.as_bytes(), password.expose().as_bytes()]);
        let limit = BindLimit { most, ..BindLimit::default() };
        match self.binds.take(who, proven, print, limit, now) {
            Permission::Ask => {}
            Permission::KnownWrong => return Err(SignInError::Failed(Wrong::Password)),
            Permission::Exhausted(wait) => {
                return Err(if proven { wait.into() } else { SignInError::Failed(Wrong::BindLimit) });
            }
        }
        let Ok(_permit) = self.directory_binds.try_acquire() else {
            self.binds.unanswered(who, print);
            return Err(SignInError::Busy);
        };
        let mut client = match Client::connect(&config).await {
            Ok(client) => client,
            Err(error) => {
                self.binds.unanswered(who, print);
                return Err(directory_down(&error));
            }
        };
        match client.bind(dn, password).await {
            Ok(BindOutcome::Right) => {
                self.binds.right(who);
                Ok(())
            }
            Ok(BindOutcome::Wrong) => {
                self.binds.wrong(who, print);
                Err(SignInError::Failed(Wrong::Password))
            }
            Ok(BindOutcome::Barred) => Err(SignInError::Failed(Wrong::Barred)),
            // The directory may have counted it: it stays counted here too.
            Err(error) => Err(directory_down(&error)),
        }
    }

    async fn known_device(
        &self,
        tenant: &TenantStore,
        person: PersonId,
        key: &DeviceKey,
    ) -> Result<Option<DeviceRecord>, SignInError> {
        let device = tenant.devices().by_key(person, &key.thumbprint()).await?;
        Ok(device
            .filter(|device| device.state == fernamt_domain::DeviceState::Approved && device.last_seen_on.is_some()))
    }

    pub(crate) fn account(&self, tenant: TenantId, name: &str) -> Account {
        Account(self.fingerprint(tenant, "throttled-account", &[name.as_bytes()]))
    }

    pub(crate) fn fingerprint(&self, tenant: TenantId, word: &str, parts: &[&[u8]]) -> [u8; 32] {
        self.sealer.fingerprint(Purpose { tenant, word }, &parts.concat())
    }

    /// Counts a failure for the audit log.
    pub(crate) fn note_failure(
        &self,
        tenant: &TenantStore,
        person: Option<PersonId>,
        wrong: Wrong,
        situation: &Situation,
    ) {
        self.failures.note((tenant.id(), person, wrong), &situation.zone);
    }
}

fn directory_down(error: &DirectoryError) -> SignInError {
    tracing::warn!(code = error.code(), %error, "The directory could not check a password");
    SignInError::DirectoryDown
}
