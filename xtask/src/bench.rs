//! `cargo xtask bench NAME`: a `[[bench]]` target without harness, found by its name wherever it lives. It reports by
//! `fernamt_testkit::report`, which prints the table and writes target/bench/NAME.json.

use anyhow::{Context as _, Result, bail};

use crate::{
    check::metadata::Metadata,
    shell::{self, cargo, target_dir},
    tools, web,
};

/// Which bench.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The bench's name; without one, all are listed.
    name: Option<String>,
    /// Further words for the bench itself.
    #[arg(last = true)]
    words: Vec<String>,
}

impl Options {
    /// The bench called `name`, as it is.
    pub(crate) fn named(name: &str) -> Self {
        Self { name: Some(name.to_owned()), words: Vec::new() }
    }
}

/// Builds the server in release mode, as every bench measures it, and runs the bench.
pub(crate) fn run(options: &Options) -> Result<()> {
    let metadata = Metadata::load()?;
    let benches: Vec<_> = metadata.targets("bench").collect();
    let Some(name) = &options.name else {
        let names: Vec<_> = benches.iter().map(|(_, target)| target.name.as_str()).collect();
        println!("Benches: {}", names.join(", "));
        return Ok(());
    };
    let Some((package, _)) = benches.iter().find(|(_, target)| target.name == *name) else {
        bail!("there is no bench `{name}`: `cargo xtask bench` lists them");
    };
    web::install()?;
    web::build()?;
    shell::run(cargo().args(["build", "--release", "--locked", "-p", "fernamt-server", "--bin", "fernamt"]))?;
    if name == "line" {
        // The bench drives its command line, which needs no window.
        let program = ["build", "--release", "--locked", "-p", "fernamt-stick", "--no-default-features"];
        shell::run(cargo().args(program).args(["--bin", "fernamt-stick"]))?;
    }
    shell::run(
        cargo()
            .args(["bench", "--locked", "-p", &package.name, "--bench", name, "--"])
            .args(&options.words)
            .env("PATH", tools::path_with_node()?)
            .env("FERNAMT_BIN", target_dir().join("release/fernamt"))
            .env("FERNAMT_STICK", target_dir().join("release/fernamt-stick")),
    )
    .with_context(|| format!("bench {name}"))
}

/// The names of all benches, for `cargo xtask test --full`.
pub(crate) fn names() -> Result<Vec<String>> {
    Ok(Metadata::load()?.targets("bench").map(|(_, target)| target.name.clone()).collect())
}
