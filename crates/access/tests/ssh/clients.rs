//! Stock `ssh` and `plink` do what people use them for.

use std::{fmt::Write as _, fs, net::Ipv4Addr, sync::atomic::Ordering};

use fernamt_access::ssh::TunnelNote;
use fernamt_testkit::{peer, peers::OpenSsh};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::Command,
};

use super::{
    house::{CODE, House, PASSWORD, Running, Target},
    peers::{Client, Desk, Echo, free_port, greet, socks},
};

async fn office() -> (Running, Echo, Echo) {
    let (mine, theirs) = (Echo::start().await, Echo::start().await);
    let running = Running::start(vec![
        Target::new("Fachverfahren Grün", "fach.amt.test", mine.address),
        Target::new("Kasse", "kasse.amt.test", theirs.address).forbidden(),
    ])
    .await;
    (running, mine, theirs)
}

#[tokio::test]
async fn ssh_with_password_and_code_forwards_a_port() {
    let (running, mut echo, _) = office().await;
    let desk = Desk::new(&running);
    let local = free_port().await;
    let forward = format!("127.0.0.1:{local}:fach.amt.test:{}", echo.address.port());
    let mut client = Client::start(desk.ssh("anna", &["-N", "-L", &forward]));
    client.says("Entering interactive session").await;
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, local)).await.unwrap();
    greet(&mut stream).await;
    assert!(desk.asked().contains("Passwort: ") && desk.asked().contains("Einmalcode: "), "{}", desk.asked());
    drop(stream);
    echo.ended(1, super::peers::PATIENCE).await;
    running.house.wait_for_note(TunnelNote::Finished).await;
    assert!(running.house.grants.is_empty());
}

#[tokio::test]
async fn ssh_with_an_enrolled_key_asks_for_the_code_only() {
    let (running, echo, _) = office().await;
    let desk = Desk::new(&running);
    let key = desk.make_key().await;
    running.house.keys.lock().unwrap().push(key);
    let to = format!("fachverfahren-gruen:{}", echo.address.port());
    let mut client = Client::start(desk.ssh("anna@shire", &["-W", &to]));
    let mut stdin = client.child.stdin.take().unwrap();
    stdin.write_all(b"Hallo").await.unwrap();
    drop(stdin);
    let (code, out, messages) = client.finish().await;
    assert_eq!((code, out.as_str()), (0, "Hallo"), "{messages}");
    assert!(messages.contains("Authenticated using \"publickey\" with partial success."), "{messages}");
    assert!(!desk.asked().contains("Password") && desk.asked().contains("One-time code: "), "{}", desk.asked());
}

#[tokio::test]
async fn a_key_that_is_not_enrolled_leaves_password_and_code() {
    let (running, echo, _) = office().await;
    let desk = Desk::new(&running);
    desk.make_key().await;
    let to = format!("fach.amt.test:{}", echo.address.port());
    let (code, _, messages) = Client::start(desk.ssh("anna", &["-W", &to])).finish().await;
    assert_eq!(code, 0, "{messages}");
    assert!(desk.asked().contains("Passwort: "), "{}", desk.asked());
}

#[tokio::test]
async fn ssh_as_a_socks_proxy_reaches_what_is_allowed_and_nothing_else() {
    let (running, echo, mut forbidden) = office().await;
    let desk = Desk::new(&running);
    let local = free_port().await;
    let mut client = Client::start(desk.ssh("anna", &["-N", "-D", &format!("127.0.0.1:{local}")]));
    client.says("Entering interactive session").await;
    let connect = || TcpStream::connect((Ipv4Addr::LOCALHOST, local));
    let mut stream = connect().await.unwrap();
    assert_eq!(socks(&mut stream, "fach.amt.test", echo.address.port()).await, 0);
    greet(&mut stream).await;
    for (host, port) in
        [("kasse.amt.test", forbidden.address.port()), ("127.0.0.1", echo.address.port()), ("fach.amt.test", 1)]
    {
        let reply = socks(&mut connect().await.unwrap(), host, port).await;
        assert_ne!(reply, 0, "{host}:{port} was opened");
    }
    client.says("Dieses Ziel ist Ihnen nicht erlaubt.").await;
    assert_eq!(forbidden.seen.borrow_and_update().0, 0, "the forbidden target was touched");
}

#[tokio::test]
async fn ssh_jumps_to_a_host_behind_the_gateway() {
    let inner = peer!(OpenSsh::start());
    let running = Running::start(vec![Target::new("Host", "host.amt.test", inner.address())]).await;
    let desk = Desk::new(&running);
    let mut known = fs::read_to_string(desk.path("known_hosts")).unwrap();
    writeln!(known, "{}", inner.known_hosts_line.replace("127.0.0.1", "host.amt.test")).unwrap();
    fs::write(desk.path("known_hosts"), known).unwrap();
    let config = format!(
        "Host *\n UserKnownHostsFile {known}\n StrictHostKeyChecking yes\nHost gateway\n HostName 127.0.0.1\n Port {port}\n \
         User anna\n PubkeyAuthentication no\nHost host.amt.test\n Port {inner_port}\n User {user}\n IdentityFile {key}\n",
        known = desk.path("known_hosts").display(),
        port = running.port(),
        inner_port = inner.address().port(),
        user = inner.user,
        key = inner.key_file().display(),
    );
    fs::write(desk.path("config"), config).unwrap();
    let mut command = Command::new("ssh");
    command.arg("-F").arg(desk.path("config")).args(["-J", "gateway", "host.amt.test", "echo angekommen"]);
    desk.with_askpass(&mut command);
    let (code, out, messages) = Client::start(command).finish().await;
    assert_eq!((code, out.trim()), (0, "angekommen"), "{messages}");
}

#[tokio::test]
async fn whoever_asks_for_a_shell_is_shown_their_targets() {
    let (running, _, _) = office().await;
    let desk = Desk::new(&running);
    let (code, out, messages) = Client::start(desk.ssh("anna", &["-T"])).finish().await;
    assert_eq!(code, 0, "{messages}");
    assert!(out.contains("Fachverfahren Grün") && out.contains("There is no shell here"), "{out}");
    assert!(!out.contains("Kasse"), "{out}");
    let mut command = desk.ssh("anna", &["-tt"]);
    command.arg("rm -rf /");
    let (code, out, messages) = Client::start(command).finish().await;
    assert_eq!(code, 1, "a command that was not run must not look as if it was: {messages}");
    assert!(out.contains("\r\n"), "{out}");
}

#[tokio::test]
async fn wrong_answers_and_unknown_names_look_the_same() {
    let (running, _, _) = office().await;
    let desk = Desk::new(&running);
    let mut seen = Vec::new();
    for (user, password, code) in
        [("anna", "falsch", CODE), ("anna", PASSWORD, "000000"), ("unknown", PASSWORD, CODE), ("@@", PASSWORD, CODE)]
    {
        desk.answers(password, code);
        let (status, _, messages) = Client::start(desk.ssh(user, &["-N"])).finish().await;
        assert_eq!(status, 255, "{messages}");
        let told: Vec<_> = messages
            .lines()
            .filter(|line| line.contains("Authentications that can continue") || line.contains("denied"))
            .map(|line| line.replace(user, "NAME"))
            .collect();
        seen.push(told);
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:#?}");
    assert_eq!(running.house.sign_ins.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn the_plain_password_method_is_not_offered() {
    let (running, _, _) = office().await;
    let desk = Desk::new(&running);
    let options = ["-N", "-o", "PreferredAuthentications=password"];
    let (status, _, messages) = Client::start(desk.ssh("anna", &options)).finish().await;
    assert_eq!(status, 255);
    assert!(messages.contains("Authentications that can continue: publickey,keyboard-interactive"), "{messages}");
    assert_eq!(running.house.sign_ins.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn who_has_a_pending_device_is_told_what_to_do() {
    let echo = Echo::start().await;
    let mut house = House::new(vec![Target::new("Ziel", "ziel.test", echo.address)]);
    house.pending_devices = true;
    let running = Running::start_with(house, fernamt_access::ssh::Limits::default()).await;
    let desk = Desk::new(&running);
    let (status, _, messages) = Client::start(desk.ssh("anna", &["-N"])).finish().await;
    assert_eq!(status, 255);
    assert!(messages.contains("Dieser Zugang ist noch nicht freigegeben."), "{messages}");
}

#[tokio::test]
async fn forwarding_back_and_agents_are_refused() {
    let (running, _, _) = office().await;
    let desk = Desk::new(&running);
    let options = ["-N", "-R", "127.0.0.1:0:127.0.0.1:1"];
    let (status, _, messages) = Client::start(desk.ssh("anna", &options)).finish().await;
    assert_eq!(status, 255);
    assert!(messages.contains("remote port forwarding failed"), "{messages}");
}

#[tokio::test]
async fn plink_with_password_and_code_forwards_a_port_and_a_stream() {
    let (running, echo, _) = office().await;
    let desk = Desk::new(&running);
    let port = echo.address.port();
    let local = free_port().await;
    let forward = format!("127.0.0.1:{local}:fach.amt.test:{port}");
    let mut client = Client::start(desk.plink("anna", &["-N", "-L", &forward]));
    client.answers("Passwort: ", PASSWORD).await;
    client.answers("Einmalcode: ", CODE).await;
    client.says("forwarding").await;
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, local)).await.unwrap();
    greet(&mut stream).await;
    drop(client);

    let mut client = Client::start(desk.plink("anna", &["-nc", &format!("fach.amt.test:{port}")]));
    client.answers("Passwort: ", PASSWORD).await;
    client.answers("Einmalcode: ", CODE).await;
    client.says("Access granted").await;
    let mut keyboard = client.child.stdin.take().unwrap();
    keyboard.write_all(b"Hallo").await.unwrap();
    drop(keyboard);
    let (_, out, messages) = client.finish().await;
    assert_eq!(out, "Hallo", "{messages}");
}

#[tokio::test]
async fn plink_with_key_and_code_is_a_socks_proxy() {
    let (running, echo, mut forbidden) = office().await;
    let desk = Desk::new(&running);
    let key = desk.make_key().await;
    running.house.keys.lock().unwrap().push(key);
    let convert = Command::new("puttygen").arg(desk.path("id")).arg("-o").arg(desk.path("id.ppk")).status();
    assert!(convert.await.unwrap().success());
    let local = free_port().await;
    let ppk = desk.path("id.ppk");
    let proxy = format!("127.0.0.1:{local}");
    let mut client = Client::start(desk.plink("anna", &["-N", "-i", ppk.to_str().unwrap(), "-D", &proxy]));
    client.answers("Einmalcode: ", CODE).await;
    client.says("forwarding").await;
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, local)).await.unwrap();
    assert_eq!(socks(&mut stream, "fach.amt.test", echo.address.port()).await, 0);
    greet(&mut stream).await;
    // plink tells its SOCKS client that all is well before it has asked; what counts is that nothing comes.
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, local)).await.unwrap();
    socks(&mut stream, "kasse.amt.test", forbidden.address.port()).await;
    client.says("Forwarded connection refused by remote").await;
    assert_eq!(forbidden.seen.borrow_and_update().0, 0, "the forbidden target was touched");
}

#[tokio::test]
async fn much_data_arrives_whole_in_both_directions_at_once() {
    let (running, echo, _) = office().await;
    let desk = Desk::new(&running);
    let to = format!("fach.amt.test:{}", echo.address.port());
    let mut client = Client::start(desk.ssh("anna", &["-W", &to]));
    let (mut stdin, mut stdout) = (client.child.stdin.take().unwrap(), client.child.stdout.take().unwrap());
    client.child.stdout = None;
    let sent: Vec<u8> = (0..24_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()[0]).collect();
    let expected = sent.clone();
    let writing = tokio::spawn(async move {
        stdin.write_all(&sent).await.unwrap();
    });
    let mut received = Vec::with_capacity(expected.len());
    stdout.read_to_end(&mut received).await.unwrap();
    writing.await.unwrap();
    assert_eq!(received.len(), expected.len());
    assert!(received == expected, "the bytes differ");
}
