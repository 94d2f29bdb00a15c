//! `fernamt stick`: sticks made, listed and taken back from the command line.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use fernamt_admin::sticks::{Delivery, Packed, Place, write_package};
use fernamt_api::admin::sticks::{LeftOutReason, MAX_STICKS_AT_ONCE};
use fernamt_domain::{
    DeviceId, DeviceKind, DeviceState, DomainEvent, PersonId,
    audit::{AuditEvent, AuditKind, Outcome},
};
use fernamt_identity::stick::{NotOrdered, Ordered};
use fernamt_store::{MAX_PAGE_ROWS, Page, PersonRecord, StoreError, Tenant, TenantStore};
use time::{OffsetDateTime, macros::format_description};

use crate::{office::Office, sticks};

/// What `fernamt stick` takes.
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
    /// Makes sticks: prints the activation codes and writes what belongs on the sticks.
    Create(Create),
    /// Lists sticks.
    List,
    /// Makes a new activation code, after a copy or for a forgotten passphrase. The key on the stick counts no more.
    Code {
        /// The stick's id, as `list` shows it.
        #[arg(required_unless_present = "person", conflicts_with = "person")]
        id: Option<DeviceId>,
        /// The sign-in name of somebody with one stick.
        #[arg(long)]
        person: Option<String>,
    },
    /// Blocks a lost stick for good; what runs on it ends.
    Lost {
        /// The stick's id, as `list` shows it.
        id: DeviceId,
    },
    /// Blocks a stick for good that is not needed any more; what runs on it ends.
    End {
        /// The stick's id, as `list` shows it.
        id: DeviceId,
    },
}

#[derive(Debug, Args)]
struct Create {
    /// The sign-in name of somebody who gets a stick; may be repeated.
    #[arg(long, required_unless_present = "group", conflicts_with = "group")]
    person: Vec<String>,
    /// The name of a group in which everybody gets a stick.
    #[arg(long)]
    group: Option<String>,
    /// Also for people who have a stick already.
    #[arg(long)]
    additional: bool,
    /// The folder for the ZIP file; it is made if need be.
    #[arg(long)]
    out: PathBuf,
}

/// Runs `fernamt stick`.
pub(crate) async fn run(config: &Path, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let office = Office::open(super::configuration(config)?).await?;
    let tenant = office.tenant(arguments.tenant.as_deref()).await?;
    let store = office.store.tenant(tenant.id);
    match arguments.action {
        Action::Create(wanted) => create(&office, &tenant, &store, &wanted).await,
        Action::List => list(&store).await,
        Action::Code { id, person } => new_code(&office, &store, id, person.as_deref()).await,
        Action::Lost { id } => take_back(&store, id, true).await,
        Action::End { id } => take_back(&store, id, false).await,
    }
}

async fn create(office: &Office, tenant: &Tenant, store: &TenantStore, wanted: &Create) -> anyhow::Result<ExitCode> {
    let host_keys = sticks::host_keys(office)?;
    let delivery = sticks::delivery(&office.config, host_keys.as_ref());
    let programs = delivery.ready()?;
    warn_of_missing(&delivery)?;
    let people = people(store, wanted).await?;
    std::fs::create_dir_all(&wanted.out).with_context(|| format!("{} cannot be made", wanted.out.display()))?;
    let path = wanted.out.join(match &*people {
        [one] => format!("stick-{}.zip", one.name),
        _ => "sticks.zip".to_owned(),
    });
    let file = File::create_new(&path).with_context(|| format!("{} cannot be written", path.display()))?;

    let identity = office.identity();
    let (mut made, mut lines) = (Vec::new(), String::new());
    let mut work = store.begin().await?;
    for person in people {
        match identity.order_stick(&mut work, store.id(), person.id, wanted.additional, None).await {
            Ok(ordered) => {
                let event = AuditEvent::new(AuditKind::Device, "stick_ordered", Outcome::Success);
                work.record(event.device(ordered.device).about(person.id));
                made.push((person, ordered));
            }
            Err(NotOrdered::LeftOut(reason)) => {
                writeln!(lines, "{}\tno stick: {}", person.name, left_out(reason))?;
            }
            Err(NotOrdered::Store(error)) => return Err(error.into()),
        }
    }
    work.commit().await?;
    if made.is_empty() {
        std::fs::remove_file(&path)?;
        return super::print(&lines);
    }
    let address = office.public_address();
    let place = Place { tenant: store, host: &tenant.host, address: &address };
    let packed = packed(&delivery, &place, &made).await?;
    let now = office.clock.now();
    tokio::task::spawn_blocking(move || write_package(file, &programs, &packed, now)?.sync_all())
        .await?
        .with_context(|| format!("{} cannot be written", path.display()))?;
    for (person, ordered) in &made {
        let (id, code, until) = (ordered.device, ordered.code.expose(), day(ordered.until)?);
        writeln!(lines, "{}\t{id}\tactivation code {code}, good until {until}", person.name)?;
    }
    writeln!(lines, "{} holds what belongs on the sticks. Hand over codes and sticks apart.", path.display())?;
    super::print(&lines)
}

/// Half a set of programs may be meant, but is never taken in silence.
fn warn_of_missing(delivery: &Delivery) -> anyhow::Result<()> {
    let mut err = std::io::stderr().lock();
    for file in delivery.missing() {
        let system = if Path::new(file).extension().is_some() { "Windows" } else { "Linux" };
        let folder = delivery.folder().display();
        writeln!(err, "fernamt: {file} is missing in {folder}: these sticks do not work on computers with {system}")?;
    }
    Ok(())
}

async fn new_code(
    office: &Office,
    store: &TenantStore,
    id: Option<DeviceId>,
    person: Option<&str>,
) -> anyhow::Result<ExitCode> {
    let id = match (id, person) {
        (Some(id), _) => id,
        (None, Some(name)) => only_stick(store, name).await?,
        (None, None) => bail!("say whose stick, or its id"),
    };
    let mut work = store.begin().await?;
    if matches!(work.sticks().get(id).await, Err(StoreError::NotFound(_))) {
        bail!("there is no stick {id}; `fernamt stick list` shows all");
    }
    let device = work.devices().get(id).await?;
    if device.state == DeviceState::Revoked {
        bail!("{id} is blocked for good; make a new stick with `fernamt stick create`");
    }
    let ordered = office.identity().reorder_stick(&mut work, store.id(), id, None).await?;
    let event = AuditEvent::new(AuditKind::Device, "stick_code_made", Outcome::Success);
    work.record(event.device(id).about(device.person));
    work.commit().await?;
    let (code, until) = (ordered.code.expose(), day(ordered.until)?);
    super::print(&format!("{id}\tactivation code {code}, good until {until}\nThe key on the stick counts no more.\n"))
}

/// The stick of somebody who has one that can still be used.
async fn only_stick(store: &TenantStore, name: &str) -> anyhow::Result<DeviceId> {
    let Some(person) = store.people().by_name(name).await? else {
        bail!("there is no person with the sign-in name `{name}`; `fernamt user list` shows all")
    };
    let devices = store.devices().of_person(person.id).await?;
    let usable = devices.iter().filter(|it| it.kind == DeviceKind::Stick && it.state != DeviceState::Revoked);
    match &*usable.map(|device| device.id).collect::<Vec<_>>() {
        [one] => Ok(*one),
        [] => bail!("`{name}` has no stick; make one with `fernamt stick create --person {name}`"),
        several => {
            let ids: Vec<String> = several.iter().map(ToString::to_string).collect();
            bail!("`{name}` has several sticks; say which: fernamt stick code {}", ids.join(" or "))
        }
    }
}

/// For whom, by sign-in name, each once.
async fn people(store: &TenantStore, wanted: &Create) -> anyhow::Result<Vec<PersonRecord>> {
    let ids: BTreeSet<PersonId> = match &wanted.group {
        Some(name) => {
            let Some(group) = store.groups().by_name(name).await? else { bail!("there is no group `{name}`") };
            store.groups().all_members(group.id).await?
        }
        None => {
            let mut ids = BTreeSet::new();
            for name in &wanted.person {
                let Some(person) = store.people().by_name(name).await? else {
                    bail!("there is no person with the sign-in name `{name}`; `fernamt user list` shows all")
                };
                ids.insert(person.id);
            }
            ids
        }
    };
    if ids.is_empty() {
        bail!("there is nobody in this group");
    }
    if ids.len() > MAX_STICKS_AT_ONCE {
        bail!("at most {MAX_STICKS_AT_ONCE} sticks can be made at once, not {}", ids.len());
    }
    let mut people = Vec::new();
    for id in ids {
        people.push(store.people().get(id).await?);
    }
    people.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(people)
}

async fn packed(
    delivery: &Delivery,
    place: &Place<'_>,
    made: &[(PersonRecord, Ordered)],
) -> anyhow::Result<Vec<Packed>> {
    let mut packed = Vec::new();
    for (person, ordered) in made {
        let device = place.tenant.devices().get(ordered.device).await?;
        let config = delivery.config(place, &device, person).await?;
        packed.push(Packed { name: person.name.clone(), config });
    }
    Ok(packed)
}

async fn list(store: &TenantStore) -> anyhow::Result<ExitCode> {
    let mut page = Page { limit: MAX_PAGE_ROWS, ..Page::default() };
    loop {
        let devices = store.devices().list(None, &page).await?.items;
        if devices.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        page.offset += MAX_PAGE_ROWS;
        let mut lines = String::new();
        for device in devices.into_iter().filter(|device| device.kind == DeviceKind::Stick) {
            let person = store.people().get_even_removed(device.person).await?;
            let stick = store.sticks().get(device.id).await?;
            let state = match device.state {
                DeviceState::Pending if device.public_key.is_empty() => "ordered",
                DeviceState::Suspended if stick.copied_at.is_some() => "suspended (copied)",
                DeviceState::Revoked if stick.lost => "lost",
                DeviceState::Revoked => "ended",
                other => other.as_str(),
            };
            let seen = device.last_seen_on.map_or_else(|| "never used".to_owned(), |day| day.to_string());
            writeln!(lines, "{}\t{}\t{}\t{state}\t{seen}", device.id, person.name, device.name)?;
        }
        super::print(&lines)?;
    }
}

async fn take_back(store: &TenantStore, id: DeviceId, lost: bool) -> anyhow::Result<ExitCode> {
    let mut work = store.begin().await?;
    let found = work.sticks().get(id).await;
    if matches!(found, Err(StoreError::NotFound(_))) {
        bail!("there is no stick {id}; `fernamt stick list` shows all");
    }
    if lost {
        work.sticks().lose(id).await?;
    }
    let device = work.devices().get(id).await?;
    work.devices().set_state(id, DeviceState::Revoked, None).await?;
    for session in work.sessions().end_of_device(id).await? {
        work.publish(DomainEvent::SessionEnded { session });
    }
    let action = if lost { "stick_lost" } else { "revoked" };
    work.record(AuditEvent::new(AuditKind::Device, action, Outcome::Success).device(id).about(device.person));
    work.publish(DomainEvent::DeviceChanged { device: id });
    work.commit().await?;
    super::print(&format!("{id} is blocked for good.\n"))
}

fn left_out(reason: LeftOutReason) -> &'static str {
    match reason {
        LeftOutReason::Disabled => "may not sign in",
        LeftOutReason::HasStick => "has one already (--additional makes another)",
        LeftOutReason::TooManyDevices => "has as many devices as one person may have",
    }
}

fn day(moment: OffsetDateTime) -> anyhow::Result<String> {
    Ok(moment.format(format_description!("[year]-[month]-[day] [hour]:[minute] UTC"))?)
}
