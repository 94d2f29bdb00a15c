//! Files that are made from the code and committed, so that a reader and the web app can rely on them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use crate::{
    shell::{capture, cargo, command, root, target_dir},
    web,
};

const OPENAPI: &str = "crates/api/openapi.json";
const CONFIG_SCHEMA: &str = "docs/operate/fernamt.schema.json";
const API_TYPES: &str = "web/src/api/api-schema.d.ts";

/// Writes every generated file.
pub(crate) fn run() -> Result<()> {
    for (path, contents) in outputs(None)? {
        let changed = fs::read_to_string(root().join(path)).map_or(true, |old| old != contents);
        if changed {
            let file = root().join(path);
            if let Some(folder) = file.parent() {
                fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
            }
            fs::write(&file, contents).with_context(|| format!("write {path}"))?;
        }
        println!("{path}: {}", if changed { "written" } else { "up to date" });
    }
    Ok(())
}

/// The generated files that differ from what the code says now. `server` is the built binary, if there is one.
pub(crate) fn stale(server: Option<&Path>) -> Result<Vec<&'static str>> {
    let outputs = outputs(server)?;
    let differs = |(path, contents): &(&'static str, String)| {
        fs::read_to_string(root().join(path)).map_or(true, |committed| committed != *contents)
    };
    Ok(outputs.iter().filter(|output| differs(output)).map(|(path, _)| *path).collect())
}

fn outputs(server: Option<&Path>) -> Result<Vec<(&'static str, String)>> {
    let openapi = printed(server, "openapi")?;
    let types = api_types(&openapi)?;
    Ok(vec![(OPENAPI, openapi), (CONFIG_SCHEMA, printed(server, "schema")?), (API_TYPES, types)])
}

fn printed(server: Option<&Path>, word: &str) -> Result<String> {
    if let Some(binary) = server {
        return capture(command(binary).arg(word));
    }
    capture(cargo().args(["run", "--quiet", "-p", "fernamt-server", "--bin", "fernamt", "--", word]))
}

fn api_types(openapi: &str) -> Result<String> {
    let scratch = target_dir().join("generate");
    fs::create_dir_all(&scratch)?;
    let (source, types) = (scratch.join("openapi.json"), scratch.join("api-schema.d.ts"));
    fs::write(&source, openapi)?;
    let path = |path: &PathBuf| path.to_string_lossy().into_owned();
    capture(&mut web::npx(&["openapi-typescript", &path(&source), "--output", &path(&types)])?)?;
    fs::read_to_string(&types).context("read the generated types")
}
