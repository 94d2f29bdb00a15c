//! What a running process costs, read off `/proc`.

use std::{fs, time::Duration};

use anyhow::{Context as _, Result};

/// Linux counts processor time in these, whatever the kernel's own tick is.
const TICKS_PER_SECOND: u64 = 100;

/// The processor time of a process so far, its own threads included.
pub fn cpu(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("read the process's times")?;
    let (_, fields) = stat.rsplit_once(") ").context("the process has a name")?;
    let ticks: u64 = fields.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
}

/// The processor time of a process and all that descend from it, those that ended and were waited for included.
pub fn cpu_with_children(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("read the process's times")?;
    let (_, fields) = stat.rsplit_once(") ").context("the process has a name")?;
    let ticks: u64 = fields.split(' ').skip(11).take(4).filter_map(|field| field.parse::<u64>().ok()).sum();
    let living: Duration = children(pid).into_iter().filter_map(|child| cpu_with_children(child).ok()).sum();
    Ok(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND) + living)
}

/// The processor time of a process and its present descendants, of their present threads only but to the nanosecond.
pub fn running_with_children(pid: u32) -> Result<Duration> {
    let mut time = Duration::ZERO;
    for thread in fs::read_dir(format!("/proc/{pid}/task")).context("list the process's threads")?.flatten() {
        // A thread may end while we look.
        let Ok(schedule) = fs::read_to_string(thread.path().join("schedstat")) else { continue };
        let nanoseconds = schedule.split_whitespace().next().and_then(|field| field.parse().ok());
        time += Duration::from_nanos(nanoseconds.context("the kernel tells the time on the processor")?);
    }
    let living: Duration = children(pid).into_iter().filter_map(|child| running_with_children(child).ok()).sum();
    Ok(time + living)
}

/// The memory of a process in bytes, pages shared with others counted in part (PSS).
pub fn memory(pid: u32) -> Result<u64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).context("read the process's memory")?;
    let kilobytes = rollup.lines().find_map(|line| line.strip_prefix("Pss:")?.split_whitespace().next()?.parse().ok());
    kilobytes.map(|kilobytes: u64| kilobytes * 1024).context("the kernel tells the PSS")
}

/// The memory of a process and all that descend from it.
pub fn memory_with_children(pid: u32) -> Result<u64> {
    let living: u64 = children(pid).into_iter().filter_map(|child| memory_with_children(child).ok()).sum();
    Ok(memory(pid)? + living)
}

/// The processes that a process started and that still run.
pub fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists = threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|child| child.parse().ok()).collect::<Vec<_>>()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_process_costs_something() {
        let pid = std::process::id();
        assert!(memory(pid).expect("we run") > 100_000);
        assert!(
            cpu_with_children(pid).expect("we run") >= cpu(pid).expect("we run").saturating_sub(Duration::from_secs(1))
        );
        assert!(running_with_children(pid).expect("we run") > Duration::ZERO);
    }
}
