//! `fernamt user`: what an administrator who cannot sign in needs from the command line. A running server takes each
//! change up at once.

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use fernamt_domain::{
    DomainEvent, PersonId, PersonSource, PersonState, Role, Secret,
    audit::{AuditEvent, AuditKind, Outcome},
};
use fernamt_identity::{password::check_new, session};
use fernamt_store::{MAX_PAGE_ROWS, Page, PersonRecord, TenantStore};

use zeroize::Zeroizing;

use crate::office::Office;

/// The longest password that is read, in bytes.
const MAX_PASSWORD_BYTES: u64 = 2_048;

/// What `fernamt user` takes.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
    /// The tenant; the first one unless said.
    #[arg(long, global = true)]
    tenant: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists people.
    List {
        /// Words in the name.
        search: Option<String>,
    },
    /// Adds a local person. The password is read from standard input.
    Add {
        /// The sign-in name.
        name: String,
        /// The name that others see; the sign-in name unless said.
        #[arg(long)]
        display_name: Option<String>,
        /// A duty: `administrator`, `data_protection`, `control_desk`.
        #[arg(long)]
        role: Vec<Role>,
    },
    /// Disables a person; everything they run ends.
    Disable {
        /// The sign-in name.
        name: String,
    },
    /// Enables a person again.
    Enable {
        /// The sign-in name.
        name: String,
    },
    /// Removes all second factors of a person, who enrols anew at the next sign-in.
    ResetSecondFactor {
        /// The sign-in name.
        name: String,
    },
}

/// Runs `fernamt user`.
pub(crate) async fn run(config: &Path, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let office = Office::open(super::configuration(config)?).await?;
    let tenant = office.tenant(arguments.tenant.as_deref()).await?;
    let store = office.store.tenant(tenant.id);
    match arguments.action {
        Action::List { search } => list(&store, search.as_deref().unwrap_or_default()).await,
        Action::Add { name, display_name, role } => add(&office, &store, &name, display_name.as_deref(), &role).await,
        Action::Disable { name } => set_state(&store, &name, PersonState::Disabled).await,
        Action::Enable { name } => set_state(&store, &name, PersonState::Active).await,
        Action::ResetSecondFactor { name } => reset_second_factor(&store, &name).await,
    }
}

async fn list(store: &TenantStore, search: &str) -> anyhow::Result<ExitCode> {
    let mut page = Page { limit: MAX_PAGE_ROWS, ..Page::search(search) };
    loop {
        let people = store.people().list(&page).await?;
        if people.items.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        page.offset += MAX_PAGE_ROWS;
        let mut lines = String::new();
        for person in people.items {
            writeln!(lines, "{}\t{}\t{}\t{}", person.name, person.state, person.source, person.display_name)?;
        }
        super::print(&lines)?;
    }
}

async fn add(
    office: &Office,
    store: &TenantStore,
    name: &str,
    display_name: Option<&str>,
    roles: &[Role],
) -> anyhow::Result<ExitCode> {
    let display_name = display_name.unwrap_or(name);
    let mut line = Zeroizing::new(String::new());
    BufReader::new(std::io::stdin().take(MAX_PASSWORD_BYTES))
        .read_line(&mut line)
        .context("no password on standard input")?;
    let password = Secret::from(line.trim_end_matches(['\r', '\n']));
    check_new(&password, name, display_name)?;
    let hash = office.identity().passwords().hash(&password).await?;
    let person = PersonRecord {
        id: PersonId::new(&*office.clock, &*office.rng),
        name: name.to_lowercase(),
        display_name: display_name.to_owned(),
        source: PersonSource::Local,
        directory: None,
        directory_dn: None,
        directory_key: None,
        password_hash: Some(Secret::new(hash)),
        state: PersonState::Active,
        language: String::new(),
        created_at: office.clock.now(),
        removed_at: None,
    };
    let mut work = store.begin().await?;
    work.people().insert(&person).await.context("the person cannot be added")?;
    work.people().set_roles(person.id, roles).await?;
    work.publish(DomainEvent::PersonChanged { person: person.id });
    work.record(AuditEvent::new(AuditKind::Person, "created", Outcome::Success).about(person.id));
    work.commit().await?;
    super::print(&format!("{} was added and enrols a second factor at the first sign-in.\n", person.name))
}

async fn set_state(store: &TenantStore, name: &str, state: PersonState) -> anyhow::Result<ExitCode> {
    let person = find(store, name).await?;
    let mut work = store.begin().await?;
    work.people().set_state(person.id, state).await?;
    work.publish(DomainEvent::PersonChanged { person: person.id });
    work.record(AuditEvent::new(AuditKind::Person, state.as_str(), Outcome::Success).about(person.id));
    work.commit().await?;
    super::print(&format!("{} is now {state}.\n", person.name))
}

async fn reset_second_factor(store: &TenantStore, name: &str) -> anyhow::Result<ExitCode> {
    let person = find(store, name).await?;
    let mut work = store.begin().await?;
    work.otp_tokens().remove_of_person(person.id).await?;
    work.passkeys().remove_of_person(person.id).await?;
    work.recovery_codes().replace(person.id, Vec::new()).await?;
    session::end_all(&mut work, person.id, None).await?;
    work.publish(DomainEvent::PersonChanged { person: person.id });
    work.record(AuditEvent::new(AuditKind::SecondFactor, "reset", Outcome::Success).about(person.id));
    work.commit().await?;
    super::print(&format!("{} enrols a second factor at the next sign-in.\n", person.name))
}

async fn find(store: &TenantStore, name: &str) -> anyhow::Result<PersonRecord> {
    let found = store.people().by_name(name).await.context("the person cannot be looked up")?;
    let Some(person) = found else {
        bail!("there is no person with the sign-in name `{name}`; `fernamt user list` shows all")
    };
    Ok(person)
}
