//! Who may use the stick's loopback ports.

use std::{
    net::SocketAddr,
    process::{Command, Stdio},
};

use fernamt_stick::seam::{Family, SessionEvent};

use super::{
    echo,
    house::{House, event},
};

/// What a shell hears that connects to an address and says a word there; `setpriv` words make it another user.
fn tried(address: SocketAddr, family: Option<&Family>, before: &[&str]) -> Vec<u8> {
    // It waits for its input, so that it can be let into the family before it connects.
    let script = format!(
        "read go; exec 3<>/dev/tcp/{}/{} && echo hello >&3 && timeout 5 head -c 6 <&3",
        address.ip(),
        address.port()
    );
    let words: Vec<&str> = before.iter().copied().chain(["bash", "-c", &script]).collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let child = command.spawn().unwrap();
    if let Some(family) = family {
        family.admit(child.id());
    }
    let output = {
        let mut child = child;
        std::io::Write::write_all(child.stdin.as_mut().unwrap(), b"go\n").unwrap();
        child.wait_with_output().unwrap()
    };
    output.stdout
}

#[tokio::test(flavor = "multi_thread")]
async fn only_programs_of_the_stick_and_of_its_own_user_get_through() {
    let Some(house) = House::start(echo().await.port()) else { return };
    let arrival = house.arrive(&house.config).await;
    let family = Family::default();
    let address = arrival.session.open(&house.target(&arrival), &family).await.unwrap();
    let tried = |family: Option<Family>, before: &'static [&'static str]| async move {
        tokio::task::spawn_blocking(move || tried(address, family.as_ref(), before)).await.unwrap()
    };
    assert_eq!(tried(Some(family.clone()), &[]).await, b"hello\n", "a program of ours");
    assert_eq!(tried(Some(family.clone()), &["env"]).await, b"hello\n", "what it started");
    assert!(tried(None, &[]).await.is_empty(), "a program that nobody let in");
    if rustix::process::geteuid().is_root() {
        let other = &["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
        assert!(tried(Some(family.clone()), other).await.is_empty(), "another user's program");
    }
    let mut events = arrival.events;
    drop(arrival.session);
    while let Some(event) = events.recv().await {
        assert!(!matches!(event, SessionEvent::TargetFailed(..)), "the gateway never heard of those");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_does_not_answer_is_told() {
    let nobody = fernamt_testkit::peers::free_port().unwrap();
    let Some(house) = House::start(nobody) else { return };
    let mut arrival = house.arrive(&house.config).await;
    let target = house.target(&arrival);
    let address = arrival.session.open(&target, &Family::default()).await.unwrap();
    let mut program = tokio::net::TcpStream::connect(address).await.unwrap();
    let failed = event(&mut arrival.events, |event| matches!(event, SessionEvent::TargetFailed(..))).await;
    assert_eq!(failed, SessionEvent::TargetFailed(target.id, fernamt_stick::engine::Problem::TargetUnreachable));
    assert!(!matches!(tokio::io::AsyncReadExt::read(&mut program, &mut [0]).await, Ok(1..)));
}
