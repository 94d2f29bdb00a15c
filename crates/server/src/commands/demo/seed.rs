//! Fills the demo's store: people with passwords and codes, groups, targets, and rules.

use std::net::SocketAddr;

use fernamt_api::admin::settings::Settings;
use fernamt_domain::{
    BundleId, DomainEvent, GroupId, PersonId, PersonSource, PersonState, RuleId, Secret, TargetId, TargetKind,
    TargetSettings,
    target::{RdpSettings, TcpSettings, WebSettings},
};
use fernamt_identity::settings;
use fernamt_policy::{Effect, RuleForm, WindowForm};
use fernamt_store::{BundleRecord, GroupRecord, PersonRecord, RuleRecord, TargetRecord, TenantStore, Work};

use super::people::{DemoPerson, PASSWORD, PEOPLE};
use crate::{demo_app, office::Office};

/// An RDP server to show as a desktop.
#[derive(Debug, Clone)]
pub(super) struct Desktop {
    /// Where it is.
    pub(super) address: SocketAddr,
    /// The user name there.
    pub(super) user: String,
    /// The password there.
    pub(super) password: String,
}

/// Fills an empty store; leaves a filled one as it is.
pub(super) async fn seed(
    office: &Office,
    demo_app: demo_app::Addresses,
    desktop: Option<Desktop>,
) -> anyhow::Result<Vec<DemoPerson>> {
    let tenant = office.tenant(None).await?;
    let store = office.store.tenant(tenant.id);
    if store.people().count().await? == 0 {
        let identity = office.identity();
        let hash = identity.passwords().hash(&Secret::from(PASSWORD)).await?;
        let mut seeder = Seeder { office, store: &store, work: store.begin().await? };
        seeder.settings().await?;
        let groups = seeder.groups().await?;
        for person in PEOPLE {
            let record = seeder.person(&person, &hash).await?;
            seeder.token(&identity, &person, record).await?;
            seeder.join(&groups, person.group, record).await?;
        }
        let bundle = seeder.targets(demo_app, desktop.as_ref()).await?;
        seeder.rules(&groups, bundle).await?;
        seeder.work.publish(DomainEvent::RulesChanged);
        seeder.work.commit().await?;
    }
    Ok(PEOPLE.to_vec())
}

/// Points the targets that lead to the demo's application to where it listens now.
pub(super) async fn follow(
    office: &Office,
    last: Option<demo_app::Addresses>,
    now: demo_app::Addresses,
) -> anyhow::Result<()> {
    let Some(last) = last else { return Ok(()) };
    let moved = [(last.pages, now.pages), (last.service, now.service)];
    let store = office.store.tenant(office.tenant(None).await?.id);
    let work = store.begin().await?;
    for target in work.targets().all().await? {
        let leads_to = |address: SocketAddr| target.host == address.ip().to_string() && target.port == address.port();
        if let Some((_, to)) = moved.into_iter().find(|(from, _)| leads_to(*from)) {
            work.targets().update(&TargetRecord { port: to.port(), ..target }).await?;
        }
    }
    Ok(work.commit().await?)
}

struct Seeder<'a> {
    office: &'a Office,
    store: &'a TenantStore,
    work: Work,
}

struct Groups {
    staff: GroupId,
    by_name: Vec<(&'static str, GroupId)>,
}

impl Groups {
    fn get(&self, name: &str) -> GroupId {
        self.by_name.iter().find(|(known, _)| *known == name).map_or(self.staff, |(_, id)| *id)
    }
}

impl Seeder<'_> {
    async fn settings(&self) -> anyhow::Result<()> {
        let settings = Settings { name: self.office.config.server.name.clone(), ..Settings::default() };
        Ok(settings::save(&self.work, &settings).await?)
    }

    async fn groups(&self) -> anyhow::Result<Groups> {
        let staff = self.group("Beschäftigte").await?;
        let mut by_name = Vec::new();
        for name in ["Bürgeramt", "Bauamt", "IT", "Datenschutz"] {
            let id = self.group(name).await?;
            self.work.groups().add_child(staff, id).await?;
            by_name.push((name, id));
        }
        Ok(Groups { staff, by_name })
    }

    async fn group(&self, name: &str) -> anyhow::Result<GroupId> {
        let id = GroupId::new(&*self.office.clock, &*self.office.rng);
        let record = GroupRecord {
            id,
            name: name.to_owned(),
            source: PersonSource::Local,
            directory: None,
            directory_dn: None,
            directory_key: None,
            created_at: self.office.clock.now(),
        };
        self.work.groups().insert(&record).await?;
        Ok(id)
    }

    async fn person(&self, person: &DemoPerson, hash: &str) -> anyhow::Result<PersonId> {
        let id = PersonId::new(&*self.office.clock, &*self.office.rng);
        let record = PersonRecord {
            id,
            name: person.name.to_owned(),
            display_name: person.display_name.to_owned(),
            source: PersonSource::Local,
            directory: None,
            directory_dn: None,
            directory_key: None,
            password_hash: Some(Secret::from(hash)),
            state: PersonState::Active,
            language: String::new(),
            created_at: self.office.clock.now(),
            removed_at: None,
        };
        self.work.people().insert(&record).await?;
        self.work.people().set_roles(id, person.roles).await?;
        Ok(id)
    }

    async fn token(
        &self,
        identity: &fernamt_identity::Identity,
        person: &DemoPerson,
        id: PersonId,
    ) -> anyhow::Result<()> {
        let now = self.office.clock.now();
        let secret = Secret::new(person.secret.to_vec());
        let record = identity.app_token(self.store.id(), id, &secret, now);
        Ok(self.work.otp_tokens().insert(&record).await?)
    }

    async fn join(&self, groups: &Groups, group: &str, person: PersonId) -> anyhow::Result<()> {
        self.work.groups().add_member(groups.get(group), person).await?;
        Ok(())
    }

    async fn targets(&self, demo_app: demo_app::Addresses, desktop: Option<&Desktop>) -> anyhow::Result<BundleId> {
        let mut bundled = Vec::new();
        if let Some(desktop) = desktop {
            // Who typed the desktop's password already is signed on to it.
            let sign_on = desktop.password == PASSWORD;
            let hint = if sign_on {
                "Linux-Desktop im Rathaus".to_owned()
            } else {
                format!("Linux-Desktop im Rathaus. Anmeldung dort: {} / {}", desktop.user, desktop.password)
            };
            let settings = TargetSettings::Rdp(RdpSettings { clipboard: true, sign_on, ..RdpSettings::default() });
            bundled
                .push(self.target("Arbeitsplatz", "Arbeitsplatz", "desktop", &hint, desktop.address, settings).await?);
        }
        let web = TargetSettings::Web(WebSettings { label: "tierregister".into(), ..WebSettings::default() });
        bundled.push(
            self.target("Tierregister", "Fachverfahren", "web", "Hunde und Katzen der Stadt", demo_app.pages, web)
                .await?,
        );
        let tcp = TargetSettings::Tcp(TcpSettings { start_command: Some("curl http://{host}:{port}/".into()) });
        self.target(
            "Tierregister, Schnittstelle",
            "Technik",
            "service",
            "Dieselben Einträge als Text, über einen Tunnel",
            demo_app.service,
            tcp,
        )
        .await?;
        let bundle = BundleRecord {
            id: BundleId::new(&*self.office.clock, &*self.office.rng),
            name: "Grundausstattung".into(),
            description: "Was alle brauchen".into(),
        };
        self.work.bundles().insert(&bundle).await?;
        self.work.bundles().set_targets(bundle.id, &bundled).await?;
        Ok(bundle.id)
    }

    async fn target(
        &self,
        name: &str,
        folder: &str,
        icon: &str,
        description: &str,
        address: SocketAddr,
        settings: TargetSettings,
    ) -> anyhow::Result<TargetId> {
        let id = TargetId::new(&*self.office.clock, &*self.office.rng);
        let record = TargetRecord {
            id,
            name: name.to_owned(),
            folder: Some(folder.to_owned()),
            icon: Some(icon.to_owned()),
            description: description.to_owned(),
            host: address.ip().to_string(),
            port: address.port(),
            settings,
            pinned_certificate: None,
            enabled: true,
            created_at: self.office.clock.now(),
            owner: None,
        };
        self.work.targets().insert(&record).await?;
        Ok(id)
    }

    async fn rules(&self, groups: &Groups, basics: BundleId) -> anyhow::Result<()> {
        let everyone = RuleForm { groups: vec![groups.staff], bundles: vec![basics], ..RuleForm::new(Effect::Allow) };
        self.rule(1, "Alle Beschäftigten: Grundausstattung", everyone).await?;
        let window = WindowForm { weekdays: vec![1, 2, 3, 4, 5], from: "06:00".into(), to: "20:00".into() };
        let building = RuleForm {
            groups: vec![groups.get("Bauamt")],
            target_kinds: vec![TargetKind::Tcp],
            times: vec![window],
            ..RuleForm::new(Effect::Allow)
        };
        self.rule(2, "Bauamt: Dienste, werktags 6 bis 20 Uhr", building).await?;
        let technicians =
            RuleForm { groups: vec![groups.get("IT")], all_targets: true, ..RuleForm::new(Effect::Allow) };
        self.rule(3, "IT: alle Ziele", technicians).await
    }

    async fn rule(&self, position: i64, name: &str, form: RuleForm) -> anyhow::Result<()> {
        let now = self.office.clock.now();
        let record = RuleRecord {
            id: RuleId::new(&*self.office.clock, &*self.office.rng),
            name: name.to_owned(),
            form: Some(serde_json::to_value(form)?),
            expert: None,
            enabled: true,
            position,
            created_at: now,
            updated_at: now,
        };
        Ok(self.work.rules().insert(&record).await?)
    }
}
