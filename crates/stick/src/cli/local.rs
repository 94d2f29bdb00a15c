//! What needs no gateway: whose stick it is, and what its container costs.

use std::time::Instant;

use clap::Args;
use tokio::task::spawn_blocking;

use super::{Common, Exit, Language, event::Event, event::Voice};
use crate::{
    activation,
    container::{self, ContainerError, Cost, Sealed},
    engine::Problem,
    state_file,
};

/// The most attempts that are measured.
const MAX_RUNS: u8 = 100;

/// What `measure` takes.
#[derive(Debug, Args)]
pub struct MeasureOptions {
    /// How many attempts to measure.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=i64::from(MAX_RUNS)))]
    runs: u8,
    /// Say it as JSON.
    #[arg(long)]
    json: bool,
    /// The language: de or en.
    #[arg(long, value_name = "LANGUAGE", value_parser = Language::parse)]
    language: Option<Language>,
}

pub(super) fn status(common: &Common) -> Exit {
    let stick = match common.stick() {
        Ok(stick) => stick,
        Err(exit) => return exit,
    };
    let (config, voice) = (&stick.config, stick.voice);
    let found = Sealed::find(&stick.folder);
    let activated = found.is_ok();
    voice.event(&Event::Stick {
        device: config.device,
        agency: &config.agency,
        person: &config.person,
        activated,
        transport: state_file::load(&stick.folder).transport,
        program: env!("CARGO_PKG_VERSION"),
    });
    if let Err(error) = found
        && !matches!(error, ContainerError::Missing)
    {
        let problem = activation::problem(&error);
        voice.problem(&problem);
        return voice.ended(Some(&problem), Exit::of(&problem));
    }
    voice.answer(&voice.words().status(&config.person, &config.agency, activated));
    voice.ended(None, Exit::Wish)
}

pub(super) async fn measure(options: &MeasureOptions) -> Exit {
    let voice = Voice::new(options.json, options.language.unwrap_or_default());
    let (cost, runs) = (Cost::STICK, options.runs);
    let measured = spawn_blocking(move || {
        let mut seconds = Vec::new();
        for _ in 0..runs {
            let begin = Instant::now();
            container::guess(cost)?;
            seconds.push(begin.elapsed().as_secs_f64());
        }
        seconds.sort_by(f64::total_cmp);
        Ok::<_, container::ContainerError>(seconds.get(seconds.len() / 2).copied().unwrap_or_default())
    });
    let Ok(Ok(seconds)) = measured.await else {
        voice.problem(&Problem::NoMemory);
        return voice.ended(Some(&Problem::NoMemory), Exit::Failed);
    };
    voice.event(&Event::Measured {
        memory_kib: cost.memory_kib(),
        passes: cost.passes(),
        lanes: cost.lanes(),
        seconds,
        peak_memory_kib: peak_memory_kib(),
    });
    voice.answer(&voice.words().measured(cost.memory_kib() / 1024, cost.passes(), seconds));
    voice.ended(None, Exit::Wish)
}

/// The most memory that this process had, as Linux counts it.
fn peak_memory_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
