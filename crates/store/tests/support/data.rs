//! One row of everything, to be filled in where a test cares.

use fernamt_domain::{
    BundleId, Clock, DeviceId, DeviceKind, DeviceState, DirectoryId, GroupId, ImportId, MailAccountId, Method,
    OtpTokenId, PasskeyId, PersonId, PersonSource, PersonState, Rng, Role, RuleId, Secret, SessionId, TargetId,
    TargetSettings, Zone,
    audit::{AuditEvent, AuditKind, Outcome},
    event::DomainEvent,
    rng::random_bytes,
    target::WebSettings,
};
use fernamt_store::{
    BundleRecord, ContainerRecord, DeviceRecord, DirectoryRecord, EnrolmentRecord, GroupRecord, HealthState,
    ImportBatchRecord, OtpAlgorithm, OtpKind, OtpMode, OtpTokenRecord, PasskeyRecord, PersonRecord, PushRecord,
    RuleRecord, SessionRecord, SetupLinkRecord, StickLineRecord, StickRecord, TargetHealthRecord, TargetRecord,
    TenantStore, keyless_thumbprint,
};
use serde_json::json;
use time::Duration;

use super::{Fixture, conference::ConferenceIds, mail::MailIds};

/// What stands for a sealed share. Nothing else in the store looks like it.
pub(crate) const CONTAINER_SHARE: &[u8] = b"the sealed share of a container";

/// Makes rows with fresh ids.
pub(crate) struct Maker<'a> {
    pub(crate) clock: &'a dyn Clock,
    pub(crate) rng: &'a dyn Rng,
}

impl Fixture {
    pub(crate) fn make(&self) -> Maker<'_> {
        Maker { clock: &self.clock, rng: &self.rng }
    }

    pub(crate) fn clock_now(&self) -> time::OffsetDateTime {
        self.clock.now()
    }
}

/// The ids of a tenant that has one of everything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Everything {
    pub(crate) person: PersonId,
    pub(crate) group: GroupId,
    pub(crate) inner_group: GroupId,
    pub(crate) device: DeviceId,
    pub(crate) stick: DeviceId,
    pub(crate) session: SessionId,
    pub(crate) token: OtpTokenId,
    pub(crate) passkey: PasskeyId,
    pub(crate) target: TargetId,
    pub(crate) bundle: BundleId,
    pub(crate) rule: RuleId,
    pub(crate) directory: DirectoryId,
    pub(crate) import: ImportId,
    pub(crate) conference: ConferenceIds,
    pub(crate) mail: MailIds,
}

impl Maker<'_> {
    pub(crate) fn person(&self, name: &str) -> PersonRecord {
        PersonRecord {
            id: PersonId::new(self.clock, self.rng),
            name: name.to_owned(),
            display_name: format!("{name} Lovelace"),
            source: PersonSource::Local,
            directory: None,
            directory_dn: None,
            directory_key: None,
            password_hash: Some(Secret::from("$argon2id$…")),
            state: PersonState::Active,
            language: "de".to_owned(),
            created_at: self.clock.now(),
            removed_at: None,
        }
    }

    pub(crate) fn group(&self, name: &str) -> GroupRecord {
        GroupRecord {
            id: GroupId::new(self.clock, self.rng),
            name: name.to_owned(),
            source: PersonSource::Local,
            directory: None,
            directory_dn: None,
            directory_key: None,
            created_at: self.clock.now(),
        }
    }

    pub(crate) fn device(&self, person: PersonId, thumbprint: &str) -> DeviceRecord {
        DeviceRecord {
            id: DeviceId::new(self.clock, self.rng),
            person,
            kind: DeviceKind::Browser,
            state: DeviceState::Pending,
            name: "Firefox".to_owned(),
            public_key: vec![4; 65],
            thumbprint: thumbprint.to_owned(),
            created_at: self.clock.now(),
            last_seen_on: None,
            decided_by: None,
            decided_at: None,
        }
    }

    /// A container with [`CONTAINER_SHARE`] that was opened before.
    pub(crate) fn container(&self, device: DeviceId) -> ContainerRecord {
        ContainerRecord {
            share: Some(Secret::new(CONTAINER_SHARE.to_vec())),
            generation: Some(3),
            unopened: 1,
            released_at: Some(self.clock.now()),
            policy_serial: 9,
            idle_minutes: 10,
            ..ContainerRecord::none(device)
        }
    }

    /// A device that came by and whose person accepted the terms of use.
    pub(crate) fn enrolment(&self, device: &DeviceRecord) -> EnrolmentRecord {
        EnrolmentRecord {
            device: device.id,
            person: device.person,
            browser: "Firefox 140".to_owned(),
            platform: "Linux".to_owned(),
            contact_at: self.clock.now(),
            terms: Some("first".to_owned()),
            accepted_at: Some(self.clock.now()),
        }
    }

    /// Where a device is told of mail, all day.
    pub(crate) fn push(&self, session: &SessionRecord, account: MailAccountId) -> PushRecord {
        PushRecord {
            device: session.device.unwrap(),
            person: session.person,
            session: session.id,
            account,
            print: random_bytes::<32>(self.rng),
            sealed: Secret::new(vec![9; 200]),
            until: session.expires_at,
            language: "de".to_owned(),
            from_minute: 0,
            to_minute: 0,
            weekends: true,
            time_zone: "Europe/Berlin".to_owned(),
            without: json!([]),
            state: 0,
            told_at: None,
        }
    }

    /// A stick that waits for its key, good for two weeks.
    pub(crate) fn stick(&self, person: PersonId) -> (DeviceRecord, StickRecord) {
        let device = DeviceRecord { kind: DeviceKind::Stick, name: "Stick".to_owned(), ..self.device(person, "") };
        let keyless = DeviceRecord { public_key: Vec::new(), thumbprint: keyless_thumbprint(device.id), ..device };
        let until = self.clock.now() + Duration::days(14);
        let stick = StickRecord::ordered(keyless.id, Secret::new(vec![6; 32]), until);
        (keyless, stick)
    }

    pub(crate) fn session(&self, person: PersonId, device: Option<DeviceId>) -> SessionRecord {
        let now = self.clock.now();
        SessionRecord {
            id: SessionId::new(self.clock, self.rng),
            person,
            device,
            device_kind: DeviceKind::Browser,
            secret_hash: Secret::new(vec![1; 32]),
            previous_hash: None,
            methods: vec![Method::Password, Method::Totp],
            zone: Zone("internet".to_owned()),
            created_at: now,
            rotated_at: now,
            seen_at: now,
            expires_at: now + Duration::hours(12),
            ended_at: None,
        }
    }

    pub(crate) fn token(&self, person: Option<PersonId>, serial: Option<&str>) -> OtpTokenRecord {
        OtpTokenRecord {
            id: OtpTokenId::new(self.clock, self.rng),
            person,
            kind: if serial.is_some() { OtpKind::Hardware } else { OtpKind::App },
            mode: OtpMode::Totp,
            serial: serial.map(str::to_owned),
            secret_sealed: vec![7; 40],
            algorithm: OtpAlgorithm::Sha1,
            digits: 6,
            period_s: 30,
            last_step: 0,
            drift: 0,
            created_at: self.clock.now(),
            confirmed_at: None,
        }
    }

    pub(crate) fn passkey(&self, person: PersonId, credential_id: &[u8]) -> PasskeyRecord {
        PasskeyRecord {
            id: PasskeyId::new(self.clock, self.rng),
            person,
            credential_id: credential_id.to_vec(),
            credential: json!({ "counter": 1 }),
            name: "key ring".to_owned(),
            created_at: self.clock.now(),
            last_used_on: None,
        }
    }

    pub(crate) fn target(&self, name: &str, host: &str, settings: TargetSettings) -> TargetRecord {
        TargetRecord {
            id: TargetId::new(self.clock, self.rng),
            name: name.to_owned(),
            folder: Some("Meldewesen".to_owned()),
            icon: None,
            description: "100% the register_of people".to_owned(),
            host: host.to_owned(),
            port: 443,
            settings,
            pinned_certificate: None,
            enabled: true,
            created_at: self.clock.now(),
            owner: None,
        }
    }

    pub(crate) fn web_target(&self, name: &str, label: &str) -> TargetRecord {
        let settings = WebSettings { label: label.to_owned(), ..WebSettings::default() };
        self.target(name, "app.inside", TargetSettings::Web(settings))
    }

    pub(crate) fn rule(&self, name: &str, position: i64) -> RuleRecord {
        RuleRecord {
            id: RuleId::new(self.clock, self.rng),
            name: name.to_owned(),
            form: Some(json!({ "effect": "permit" })),
            expert: None,
            enabled: true,
            position,
            created_at: self.clock.now(),
            updated_at: self.clock.now(),
        }
    }

    pub(crate) fn directory(&self, name: &str) -> DirectoryRecord {
        DirectoryRecord {
            id: DirectoryId::new(self.clock, self.rng),
            name: name.to_owned(),
            url: "ldaps://ad.inside".to_owned(),
            bind_dn: "CN=fernamt".to_owned(),
            bind_password_sealed: vec![3; 20],
            base_dn: "DC=inside".to_owned(),
            person_filter: "(objectClass=user)".to_owned(),
            group_filter: "(objectClass=group)".to_owned(),
            ca_pem: None,
            enabled: true,
            last_sync_at: None,
            last_sync_result: None,
        }
    }

    /// Fills a tenant with one of everything, always under the same names.
    pub(crate) async fn everything(&self, tenant: &TenantStore) -> Everything {
        let mut work = tenant.begin().await.unwrap();
        let person = self.person("ada");
        work.people().insert(&person).await.unwrap();
        work.people().set_roles(person.id, &[Role::Administrator]).await.unwrap();
        let (group, inner_group) = (self.group("Bürgerbüro"), self.group("Meldestelle"));
        work.groups().insert(&group).await.unwrap();
        work.groups().insert(&inner_group).await.unwrap();
        work.groups().add_child(group.id, inner_group.id).await.unwrap();
        work.groups().add_member(inner_group.id, person.id).await.unwrap();
        let device = self.device(person.id, "thumb");
        work.devices().insert(&device).await.unwrap();
        work.devices().set_state(device.id, DeviceState::Approved, Some(person.id)).await.unwrap();
        work.containers().write(&self.container(device.id)).await.unwrap();
        work.enrolments().write(&self.enrolment(&device)).await.unwrap();
        work.licences().take(device.id, 1, "settings").await.unwrap();
        let (stick_device, stick) = self.stick(person.id);
        work.devices().insert(&stick_device).await.unwrap();
        work.sticks().insert(&stick).await.unwrap();
        let line = StickLineRecord {
            device: stick.device,
            measured_on: self.clock.now().date(),
            round_trip_ms: 40,
            loss_permille: 3,
            outages: 1,
            transport: "ssh".to_owned(),
        };
        work.sticks().set_line(&line).await.unwrap();
        let session = self.session(person.id, Some(device.id));
        work.sessions().insert(&session).await.unwrap();
        let token = self.token(Some(person.id), Some("SN-1"));
        work.otp_tokens().insert(&token).await.unwrap();
        let passkey = self.passkey(person.id, b"credential");
        work.passkeys().insert(&passkey).await.unwrap();
        work.recovery_codes().replace(person.id, vec![Secret::new(vec![5; 32])]).await.unwrap();
        let target = self.web_target("Register", "register");
        work.targets().insert(&target).await.unwrap();
        let health = TargetHealthRecord {
            target: target.id,
            checked_at: self.clock.now(),
            state: HealthState::Up,
            detail: None,
            certificate: None,
        };
        work.targets().set_health(&health).await.unwrap();
        work.targets().used(person.id, target.id, self.clock.now().date()).await.unwrap();
        let bundle = BundleRecord {
            id: BundleId::new(self.clock, self.rng),
            name: "Standard".to_owned(),
            description: String::new(),
        };
        work.bundles().insert(&bundle).await.unwrap();
        work.bundles().set_targets(bundle.id, &[target.id]).await.unwrap();
        let rule = self.rule("All may", 0);
        work.rules().insert(&rule).await.unwrap();
        work.settings().set("language", &"de").await.unwrap();
        let directory = self.directory("AD");
        work.directories().insert(&directory).await.unwrap();
        let link = SetupLinkRecord {
            hash: Secret::new(vec![8; 32]),
            expires_at: self.clock.now() + Duration::hours(1),
            used_at: None,
        };
        work.setup_links().insert(&link).await.unwrap();
        let import = ImportBatchRecord {
            id: ImportId::new(self.clock, self.rng),
            at: self.clock.now(),
            person: Some(person.id),
            changes: json!([]),
            undone_at: None,
        };
        work.imports().insert(&import).await.unwrap();
        let conference = self.conference(&work, person.id).await;
        let mail = self.mail(&work, person.id).await;
        work.pushes().write(&self.push(&session, mail.account)).await.unwrap();
        work.record(AuditEvent::new(AuditKind::SignIn, "signed_in", Outcome::Success).by(person.id).on(target.id));
        work.publish(DomainEvent::PersonChanged { person: person.id });
        work.audit().sign_head(&super::signing_key()).await.unwrap();
        work.commit().await.unwrap();
        Everything {
            person: person.id,
            group: group.id,
            inner_group: inner_group.id,
            device: device.id,
            stick: stick.device,
            session: session.id,
            token: token.id,
            passkey: passkey.id,
            target: target.id,
            bundle: bundle.id,
            rule: rule.id,
            directory: directory.id,
            import: import.id,
            conference,
            mail,
        }
    }
}
