//! The process that started us, where it is a shell with its script; see the module above for why it matters.

/// Its number, if what descends from it is a terminal's or a script's own.
#[cfg(target_os = "linux")]
pub(super) fn starter() -> Option<u32> {
    use crate::peer_process::session;

    let parent = Some(std::os::unix::process::parent_id()).filter(|parent| *parent > 1)?;
    (session(parent)? == session(std::process::id())?).then_some(parent)
}

/// No system that we know how to ask.
#[cfg(not(any(target_os = "linux", windows)))]
pub(super) fn starter() -> Option<u32> {
    None
}

/// Its number, if it is not the desktop itself.
#[cfg(windows)]
pub(super) fn starter() -> Option<u32> {
    use std::collections::BTreeMap;

    use winsafe::{HPROCESSLIST, co};

    /// Everything that a person starts descends from these.
    const DESKTOP: [&str; 3] = ["explorer.exe", "services.exe", "svchost.exe"];

    let mut list = HPROCESSLIST::CreateToolhelp32Snapshot(co::TH32CS::SNAPPROCESS, None).ok()?;
    let (mut parents, mut names) = (BTreeMap::new(), BTreeMap::new());
    for entry in list.iter_processes() {
        let Ok(entry) = entry else { break };
        parents.insert(entry.th32ProcessID, entry.th32ParentProcessID);
        names.insert(entry.th32ProcessID, entry.szExeFile().to_lowercase());
    }
    let parent = *parents.get(&std::process::id())?;
    let name = names.get(&parent)?;
    (!DESKTOP.contains(&name.as_str())).then_some(parent)
}
