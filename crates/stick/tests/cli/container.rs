//! A program that is killed while it keeps a new generation, at whatever moment.

use std::{
    env,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use fernamt_domain::{DeviceId, Secret, SystemRng};
use fernamt_stick::container::{Container, Contents, Cost, Sealed};
use fernamt_testkit::office::pause;
use uuid::Uuid;

const FOLDER: &str = "FERNAMT_TEST_CONTAINER";
const HOST_KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB";
const KILLS: u32 = 40;

fn open(folder: &Path) -> Container {
    Sealed::find(folder).unwrap().open(&"Kastanie Regen".into()).unwrap()
}

/// Not a test of its own: what the next one starts and kills.
#[test]
fn keeps_generations_until_it_is_killed() {
    let Some(folder) = env::var_os(FOLDER).map(PathBuf::from) else { return };
    let mut container = open(&folder);
    loop {
        let next = container.contents().generation + 1;
        container.keep_generation(next, &SystemRng).unwrap();
        println!("kept {next}");
    }
}

#[test]
fn a_container_survives_a_kill_at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    let contents = Contents {
        device: DeviceId(Uuid::from_u128(7)),
        login: "erika".to_owned(),
        seed: Secret::new([9; 32]),
        generation: 0,
        host_keys: vec![HOST_KEY.to_owned()],
    };
    let mut container =
        Container::new(folder.path(), contents, &"Kastanie Regen".into(), Cost::TEST, &SystemRng).unwrap();
    container.prepare(&SystemRng).unwrap();
    container.adopt(&SystemRng).unwrap();
    for kill in 0..KILLS {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "cli::container::keeps_generations_until_it_is_killed", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let kept = |line: String| line.split_once("kept ").and_then(|(_, number)| number.parse::<u64>().ok());
        let first = lines.by_ref().find_map(|line| kept(line.unwrap())).unwrap();
        pause(std::time::Duration::from_micros(u64::from(kill) * 397 % 9_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let last = lines.map_while(Result::ok).filter_map(kept).last().unwrap_or(first);
        let found = open(folder.path()).contents().generation;
        // Killed after it was on the disk and before it was told, or in the middle of the next.
        assert!((last..=last + 1).contains(&found), "kept {last}, found {found}");
    }
}
