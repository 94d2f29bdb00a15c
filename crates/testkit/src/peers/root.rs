//! The private Debian root that server peers run from: made once with debootstrap, cached, never changed afterwards
//! (every peer sees it through an overlay of its own).

use std::{
    env,
    fs::{self, File},
    hash::{DefaultHasher, Hash, Hasher as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};

/// The peers' facts (versions, options, traps) hold for this release.
const SUITE: &str = "bookworm";

const PACKAGES: &[&str] = &[
    "ca-certificates",
    "clamav-daemon",
    "cyrus-imapd",
    "dbus-x11",
    "exim4-daemon-light",
    "freerdp2-shadow-x11",
    "freerdp2-x11",
    "iproute2",
    "janus",
    "ldb-tools",
    "openssh-client",
    "openssh-server",
    "openssl",
    "postgresql",
    "procps",
    "putty-tools",
    "samba",
    "samba-ad-provision",
    "samba-dsdb-modules",
    "samba-vfs-modules",
    "sasl2-bin",
    "socat",
    "winbind",
    "x11-utils",
    "x11-xserver-utils",
    "xauth",
    "xdotool",
    "xkb-data",
    "xorgxrdp",
    "xrdp",
    "xserver-xorg-core",
    "xterm",
    "xvfb",
];

/// The root's folder, made first if it is missing. Several processes may ask at once: one makes it, the others wait.
pub fn prepare() -> Result<PathBuf> {
    prepare_with(&[])
}

/// The folder of a root that has further packages, for a peer that few need.
pub fn prepare_with(further: &[&str]) -> Result<PathBuf> {
    let cache = cache_dir()?;
    let packages: Vec<_> = PACKAGES.iter().chain(further).copied().collect();
    let root = cache.join(format!("peers-{SUITE}-{:08x}", short_hash((SUITE, &packages))));
    if root.is_dir() {
        return Ok(root);
    }
    fs::create_dir_all(&cache).with_context(|| format!("create {}", cache.display()))?;
    let lock = File::create(cache.join("peers.lock")).context("create the lock of the peers' root")?;
    lock.lock().context("wait for another process that makes the peers' root")?;
    if !root.is_dir() {
        make(&cache, &root, &packages)?;
    }
    Ok(root)
}

/// A command that runs as root: as it is for root, through a password-less `sudo` for others.
pub fn as_root(program: &str) -> Result<Command> {
    let uid = fs::metadata("/proc/self").context("look up our own user id")?.uid();
    if uid == 0 {
        return Ok(Command::new(program));
    }
    let sudo_works = Command::new("sudo").args(["-n", "true"]).stderr(Stdio::null()).status();
    ensure!(
        sudo_works.is_ok_and(|status| status.success()),
        "server peers need root: run as root, or allow this user `sudo` without a password"
    );
    let mut command = Command::new("sudo");
    command.args(["-n", program]);
    Ok(command)
}

/// Where roots and tools are kept between runs: `FERNAMT_CACHE`, else `fernamt` in the user's cache folder.
pub fn cache_dir() -> Result<PathBuf> {
    let folder = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(cache) = folder("FERNAMT_CACHE") {
        return Ok(cache);
    }
    let base = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
    Ok(base.context("set HOME, XDG_CACHE_HOME or FERNAMT_CACHE: the peers' root needs a place")?.join("fernamt"))
}

fn make(cache: &Path, root: &Path, packages: &[&str]) -> Result<()> {
    install_debootstrap()?;
    let part = root.with_extension("part");
    run(as_root("rm")?.arg("-rf").arg(&part))?;
    let log = cache.join("debootstrap.log");
    let output = File::create(&log).with_context(|| format!("create {}", log.display()))?;
    let status = as_root("debootstrap")?
        .args(["--variant=minbase", "--components=main"])
        .arg(format!("--include={}", packages.join(",")))
        .arg(SUITE)
        .arg(&part)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .status()
        .context("run debootstrap")?;
    if !status.success() {
        bail!("debootstrap failed; its last words are in {}", log.display());
    }
    run(as_root("rm")?.arg("-rf").arg(part.join("var/cache/apt/archives")))?;
    run(as_root("mv")?.arg(&part).arg(root))
}

fn install_debootstrap() -> Result<()> {
    if Path::new("/usr/sbin/debootstrap").exists() {
        return Ok(());
    }
    ensure!(Path::new("/usr/bin/apt-get").exists(), "the peers' root is made by debootstrap: install it");
    run(as_root("apt-get")?.args(["-qq", "update"]))?;
    run(as_root("apt-get")?.env("DEBIAN_FRONTEND", "noninteractive").args([
        "-qq",
        "install",
        "--no-install-recommends",
        "debootstrap",
        "debian-archive-keyring",
    ]))
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("run {command:?}"))?;
    ensure!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}

/// A number that follows a recipe.
pub(crate) fn short_hash(recipe: impl Hash) -> u32 {
    let mut hasher = DefaultHasher::new();
    recipe.hash(&mut hasher);
    // Half of the hash is plenty to tell recipes apart, and keeps paths short.
    (hasher.finish() >> 32).try_into().unwrap_or(u32::MAX)
}
