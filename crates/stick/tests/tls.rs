//! A gateway with TLS: its certificate is checked before a byte goes out.

use std::{
    fs,
    io::Write as _,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::{Command, Output, Stdio},
    sync::Arc,
    thread,
};

use futures_util::{SinkExt as _, StreamExt as _};
use rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer};
use tokio::{net::TcpListener, runtime::Runtime};
use tokio_rustls::TlsAcceptor;

/// A gateway whose SSH sends back what it gets.
fn mirror(runtime: &Runtime, folder: &Path) -> SocketAddr {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.join("ca.pem"), made.cert.pem()).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let Ok(socket) = acceptor.accept(socket).await else { continue };
            let mut line = tokio_tungstenite::accept_async(socket).await.unwrap();
            while let Some(Ok(message)) = line.next().await {
                if message.is_binary() {
                    line.send(message).await.unwrap();
                }
            }
        }
    });
    address
}

fn proxy(port: u16, options: &[&str], input: Vec<u8>, enough: usize) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fernamt-stick"));
    command.args(["proxy", "--gateway", &format!("wss://localhost:{port}")]).args(options);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let writing = thread::spawn(move || {
        // Whoever is refused takes nothing.
        let _ = stdin.write_all(&input);
        stdin
    });
    let mut seen = vec![0; enough];
    if std::io::Read::read_exact(&mut stdout, &mut seen).is_err() {
        seen.clear();
    }
    // Only now may its input end, which ends everything.
    drop(writing.join().unwrap());
    let mut output = child.wait_with_output().unwrap();
    output.stdout = seen;
    output
}

#[test]
fn bytes_come_back_over_tls_as_they_went() {
    let (runtime, folder) = (Runtime::new().unwrap(), tempfile::tempdir().unwrap());
    let port = mirror(&runtime, folder.path()).port();
    let sent: Vec<u8> = (0..1_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    let ca = folder.path().join("ca.pem");
    let output = proxy(port, &["--ca", ca.to_str().unwrap()], sent.clone(), sent.len());
    assert!(output.stdout == sent, "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success());
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let (runtime, folder) = (Runtime::new().unwrap(), tempfile::tempdir().unwrap());
    let port = mirror(&runtime, folder.path()).port();
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let ca = folder.path().join("other.pem");
    fs::write(&ca, other.cert.pem()).unwrap();
    let output = proxy(port, &["--ca", ca.to_str().unwrap()], b"SSH-2.0-stick\r\n".to_vec(), 1);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("certificate"), "{said}");
}

#[test]
fn a_file_without_certificates_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("empty.pem");
    fs::write(&ca, "nothing").unwrap();
    let runtime = Runtime::new().unwrap();
    let port = mirror(&runtime, folder.path()).port();
    let output = proxy(port, &["--ca", ca.to_str().unwrap()], Vec::new(), 1);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no certificates in it"));
}
