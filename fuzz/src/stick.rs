//! What a stick reads: its files, which whoever finds it can change, and what the gateway says; and what the gateway reads
//! of a stick.

use std::{path::Path, sync::OnceLock};

use fernamt_access::ssh::{Answers, Lines as FromStickLines, Login, MAX_TENANT_BYTES, Said};
use fernamt_api::stick::{FromGateway, MAX_FROM_STICK_BYTES, activation_login};
use fernamt_domain::{DeviceId, Secret};
use fernamt_stick::{
    config,
    container::{Container, Contents, Cost, Header, Sealed},
    gateway::Gateway,
    session::control,
    state_file,
};
use fernamt_testkit::SeededRng;
use uuid::Uuid;

/// The most memory times passes that are spent on one input.
const CHEAP_KIB: u32 = 1024;
const PASSPHRASE: &str = "Kastanie Regen";
const HOST_KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB";

/// `stick.json`, and `stick.state` beside it.
pub fn stick_config(data: &[u8]) {
    let remembered = state_file::parse(data);
    assert!(remembered.language.is_none_or(|language| language == "de" || language == "en"), "a third language");
    let Ok(config) = config::parse(data) else { return };
    assert!(!config.host_keys.is_empty(), "anybody would be trusted");
    assert!(config.ssh.is_some() || config.websocket.is_some(), "there is no way to the gateway");
    if let Some(websocket) = &config.websocket {
        assert!(Gateway::parse(websocket).is_ok(), "an address is checked in two ways");
    }
    let written = serde_json::to_vec(&config).expect("what was read can be written");
    assert_eq!(config::parse(&written).ok().as_ref(), Some(&config), "it does not survive its own encoding");
}

/// `stick.key`. The first byte chooses: a whole file; its contents; or changes to a file that we made, in steps of two
/// bytes for the place and one for what is changed there.
pub fn stick_container(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    match choice % 3 {
        0 => {
            let cheap = |cost: Cost| cost.memory_kib().saturating_mul(cost.passes()) <= CHEAP_KIB;
            if Header::parse(rest).is_some_and(|header| cheap(header.cost)) {
                opens(rest.to_vec(), false);
            }
        }
        1 => {
            if let Some(contents) = Contents::parse(rest) {
                assert_eq!(Contents::parse(&contents.to_bytes()), Some(contents), "they do not survive their encoding");
            }
        }
        _ => {
            let mut changed = made().clone();
            for change in rest.chunks_exact(3) {
                let place = usize::from(u16::from_be_bytes([change[0], change[1]]));
                // The cost is left alone: trying another one is only slow.
                if let Some(byte) = changed.get_mut(place).filter(|_| !(8..20).contains(&place)) {
                    *byte ^= change[2];
                }
            }
            let same = changed == *made();
            opens(changed, same);
        }
    }
}

fn opens(bytes: Vec<u8>, expected: bool) {
    let opened = Sealed::of(bytes).is_some_and(|sealed| sealed.open(&PASSPHRASE.into()).is_ok());
    assert_eq!(opened, expected, "a forged container opens, or ours does not");
}

fn made() -> &'static Vec<u8> {
    static MADE: OnceLock<Vec<u8>> = OnceLock::new();
    MADE.get_or_init(|| {
        let contents = Contents {
            device: DeviceId(Uuid::nil()),
            login: "erika".to_owned(),
            seed: Secret::new([9; 32]),
            generation: 7,
            host_keys: vec![HOST_KEY.to_owned()],
        };
        let rng = SeededRng::new(1);
        Container::new(Path::new(""), contents, &PASSPHRASE.into(), Cost::TEST, &rng)
            .and_then(|mut container| container.seal(&rng))
            .expect("nothing of it is foreign")
    })
}

/// How a stick asks for its key: the name by which it signs in, and the code, a line each.
pub fn stick_activation(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    if let Some(Ok(name)) = lines.next().map(str::from_utf8)
        && let Ok(login) = Login::parse(name)
        && let Some(device) = login.activation()
    {
        assert!(login.tenant().is_none_or(|tenant| tenant.len() <= MAX_TENANT_BYTES), "a tenant's name is too long");
        let ours = activation_login(device, login.tenant());
        let again = Login::parse(&ours).expect("a stick may say its own name");
        assert_eq!((again.activation(), again.tenant()), (Some(device), login.tenant()), "{ours} means another");
    }
    let answers: Vec<_> = lines.collect();
    if let Some(answers) = Answers::parse(false, &answers) {
        assert!(!answers.code.expose().contains(' '), "blanks between the halves were kept");
    }
}

/// What stick and gateway say to each other. The first byte chooses who hears it.
pub fn stick_lines(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    if choice % 2 == 0 {
        let mut lines = control::Lines::default();
        for chunk in rest.chunks(61) {
            lines.push(chunk);
            while let Ok(Some(line)) = lines.next_line() {
                if let Ok(said) = control::parse::<FromGateway>(&line) {
                    let written = serde_json::to_vec(&said).expect("what was read can be written");
                    assert_eq!(control::parse::<FromGateway>(&written), Ok(said), "it does not survive its encoding");
                }
            }
        }
        return;
    }
    let mut lines = FromStickLines::default();
    let mut first = true;
    for chunk in rest.chunks(61) {
        let Ok(said) = lines.push(chunk) else { return };
        assert!(lines.waiting_bytes() <= MAX_FROM_STICK_BYTES, "a stick fills our memory");
        for line in said {
            assert_eq!(matches!(line, Said::Hello(_)), first, "one hello, and first");
            first = false;
        }
    }
}
