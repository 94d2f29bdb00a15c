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
