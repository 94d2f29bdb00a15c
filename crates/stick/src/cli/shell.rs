//! The process that started us, where it is a shell with its script; see the module above for why it matters.

/// Its number, if what descends from it is a terminal's or a script's own.
#[cfg(unix)]
pub(super) fn starter() -> Option<u32> {
    use rustix::process::{Pid, getsid};

    let parent = std::os::unix::process::parent_id();
    let known = Pid::from_raw(i32::try_from(parent).ok()?).filter(|_| parent > 1)?;
    let same_session = getsid(Some(known)).ok()? == getsid(None).ok()?;
    same_session.then_some(parent)
}

/// Its number, if it is not the desktop itself.
#[cfg(windows)]
pub(super) fn starter() -> Option<u32> {
    use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

    /// Everything that a person starts descends from these.
    const DESKTOP: [&str; 3] = ["explorer.exe", "services.exe", "svchost.exe"];

    let mut system = System::new();
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, ProcessRefreshKind::nothing());
    let parent = system.process(Pid::from_u32(std::process::id()))?.parent()?;
    let name = system.process(parent)?.name().to_string_lossy().to_lowercase();
    (!DESKTOP.contains(&name.as_str())).then(|| parent.as_u32())
}
