//! A scan of our TLS, and of a server that is weak on purpose, so that we know the scan can fail.

mod hello;

use std::{
    collections::BTreeSet,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::Arc,
};

use fernamt_testkit::peers::{Namespace, Network, free_port};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};

use self::hello::{Answer, Offer, SSL3, TLS10, TLS11, TLS12, TLS13, offer};
use crate::support::{Server, local};

/// Ephemeral key exchange with authenticated encryption (BSI TR-02102-2): AES-GCM and ChaCha20 with ECDSA or RSA keys.
const GOOD_TLS12: [u16; 6] = [0xC02B, 0xC02C, 0xC02F, 0xC030, 0xCCA8, 0xCCA9];
const GOOD_TLS13: [u16; 3] = [0x1301, 0x1302, 0x1303];
/// P-256, P-384, P-521, X25519, X448, and the three hybrids with ML-KEM.
const GOOD_GROUPS: [u16; 8] = [23, 24, 25, 29, 30, 0x11EB, 0x11EC, 0x11ED];
/// What a server writes into its random when it takes less than it could (RFC 8446, section 4.1.3).
const DOWNGRADED: &[u8; 8] = b"DOWNGRD\x01";

/// Every suite there could be but TLS 1.3's own and the two signals.
fn all_suites() -> impl Iterator<Item = u16> {
    (0x0000..=0x00FE).chain(0xC001..=0xC0FF).chain(0xCC13..=0xCCAF).chain(0xD001..=0xD00F).chain([0xFEFE, 0xFEFF])
}

/// Everything weak that a server takes.
fn scan(server: SocketAddr) -> Vec<String> {
    let mut findings = Vec::new();
    for version in [SSL3, TLS10, TLS11] {
        if let Answer::Taken(choice) = offer(server, &Offer::new(version, all_suites())) {
            findings.push(format!("version {:04x} with suite {:04x}", choice.version, choice.suite));
        }
    }
    let mut suites = BTreeSet::new();
    for (version, offered) in [(TLS12, all_suites().collect::<BTreeSet<_>>()), (TLS13, (0x1301..=0x1307).collect())] {
        let good: &[u16] = if version == TLS13 { &GOOD_TLS13 } else { &GOOD_TLS12 };
        let mut left = offered;
        while let Some(choice) = offer(server, &Offer::new(version, left.iter().copied())).taken() {
            assert!(left.remove(&choice.suite), "a suite that was not offered: {:04x}", choice.suite);
            suites.insert(choice.suite);
            if choice.version != version || !good.contains(&choice.suite) {
                findings.push(format!("suite {:04x} under {:04x}", choice.suite, choice.version));
            }
            if choice.compression != 0 {
                findings.push("compression".to_owned());
            }
            if version == TLS12 {
                let marks = [
                    (choice.extended_master_secret, "no extended master secret"),
                    (choice.secure_renegotiation, "renegotiation that can be spliced"),
                    (choice.sentinel == *DOWNGRADED, "a downgrade to TLS 1.2 without a warning"),
                ];
                findings.extend(marks.iter().filter(|(there, _)| !there).map(|(_, what)| (*what).to_owned()));
            }
        }
    }
    if suites.is_empty() {
        findings.push("nothing at all is spoken".to_owned());
    }
    for group in (1..=0x0104).chain([0x11EB, 0x11EC, 0x11ED]).filter(|group| !GOOD_GROUPS.contains(group)) {
        for (version, suites) in [(TLS12, &GOOD_TLS12[..]), (TLS13, &GOOD_TLS13)] {
            let only = Offer { groups: vec![group], ..Offer::new(version, suites.iter().copied()) };
            if offer(server, &only).taken().is_some() {
                findings.push(format!("group {group} under {version:04x}"));
            }
        }
    }
    let suites = || GOOD_TLS12.into_iter().chain(GOOD_TLS13);
    for weak in [0x0101, 0x0103, 0x0201, 0x0202, 0x0203, 0x0301, 0x0303] {
        let only = Offer { signatures: vec![weak], ..Offer::new(TLS12, suites()) };
        if offer(server, &only).taken().is_some() {
            findings.push(format!("signature {weak:04x}"));
        }
    }
    for compression in [vec![1], vec![64, 1]] {
        let only = Offer { compression, ..Offer::new(TLS12, suites()) };
        if offer(server, &only).taken().is_some() {
            findings.push("an offer without the null compression".to_owned());
        }
    }
    findings.sort();
    findings.dedup();
    findings
}

/// Whether a client may begin a handshake anew on a running connection, as stock `openssl` finds out.
fn renegotiates(peer: &Namespace, server: SocketAddr) -> bool {
    // Who is not answered waits for ever, so the attempt has a limit.
    let script =
        format!("(sleep 1; echo R; sleep 3) | timeout 10 openssl s_client -tls1_2 -connect {server} 2>&1 || true");
    let said = peer.run(&script).unwrap();
    let (_, after) = said.split_once("RENEGOTIATING").unwrap_or_else(|| panic!("openssl did not try: {said}"));
    // A second handshake looks at the certificate a second time.
    after.contains("verify return:")
}

fn our_server() -> Server {
    let address = local(free_port().unwrap());
    let configuration = format!(
        "[server]\ndata_dir = \"data\"\npublic_url = \"https://fernamt.localhost:{}\"\n\n[[listener]]\nzone = \
         \"internet\"\naddress = \"{address}\"\ntls = \"self-signed\"\nadministration = true\n\n[backup]\nenabled = false\n",
        address.port()
    );
    Server::start_configured(&configuration, address)
}

#[test]
fn our_tls_takes_nothing_weak() {
    let server = our_server();
    assert_eq!(scan(server.office.address()), [""; 0], "weak TLS is taken");

    // As browsers order them.
    let modern = Offer { groups: vec![0x11EC, 29, 23], ..Offer::new(TLS13, GOOD_TLS13) };
    let modern = offer(server.office.address(), &modern).taken().unwrap();
    assert_eq!((modern.version, modern.group), (TLS13, Some(0x11EC)), "a post-quantum exchange where the client can");
    let spoken = offer(server.office.address(), &Offer::new(TLS12, GOOD_TLS12)).taken().unwrap();
    assert!(GOOD_GROUPS.contains(&spoken.group.unwrap()), "{spoken:?}");
    // Old clients are told what is wrong, not left waiting: protocol_version or handshake_failure.
    for version in [SSL3, TLS10, TLS11] {
        let told = offer(server.office.address(), &Offer::new(version, all_suites()));
        assert!(matches!(told, Answer::Refused(Some(40 | 70))), "{version:04x}: {told:?}");
    }
    // RSA key exchange, and finite-field Diffie-Hellman.
    for suites in [[0x002F, 0x0035, 0x009C, 0x009D], [0x0033, 0x0039, 0x009E, 0x009F]] {
        let told = offer(server.office.address(), &Offer::new(TLS12, suites));
        assert!(matches!(told, Answer::Refused(Some(40))), "{told:?}");
    }
}

#[test]
fn the_scan_finds_a_weak_server_weak() {
    let peer = fernamt_testkit::peer!(Namespace::start("weak-tls", Network::Machine));
    let port = free_port().unwrap();
    peer.run(&format!(
        "cd /share; openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=weak -keyout key -out cert 2>/dev/null\n\
         openssl s_server -accept 127.0.0.1:{port} -key key -cert cert -cipher ALL:@SECLEVEL=0 -no_tls1_3 -www \
         -client_renegotiation -legacy_renegotiation -groups P-224:P-256 >/share/server.log 2>&1 &\nawait_port {port}"
    ))
    .unwrap();
    let findings = scan(local(port));
    for expected in [
        "version 0301",
        "version 0302",
        "suite 002f under 0303",
        "suite 009c under 0303",
        "suite c013 under 0303",
        "group 21 under 0303",
        "signature 0201",
        "a downgrade to TLS 1.2 without a warning",
    ] {
        assert!(findings.iter().any(|found| found.starts_with(expected)), "{expected} in {findings:#?}");
    }
    assert!(renegotiates(&peer, local(port)), "openssl's server lets clients renegotiate here");
    let server = our_server();
    assert!(!renegotiates(&peer, server.office.address()), "our server renegotiates");
}

#[test]
fn browsers_are_told_to_stay_with_https() {
    let server = our_server();
    let certificate = CertificateDer::from_pem_file(server.office.data("keys/self-signed.pem")).unwrap();
    for path in ["/", "/api/v1/sign-in/challenge", "/api/v1/nothing", "/assets/nothing.js"] {
        let answer = https_get(&server, &certificate, path).to_ascii_lowercase();
        let told = answer.lines().find_map(|line| line.strip_prefix("strict-transport-security: max-age="));
        let seconds: u32 = told.unwrap_or_else(|| panic!("{path} says nothing: {answer}")).trim().parse().unwrap();
        assert!(seconds >= 31_536_000, "{path}: a year at least");
    }
    // Plain HTTP at this port gets no page and no cookie.
    let mut stream = TcpStream::connect(server.office.address()).unwrap();
    stream.write_all(format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", server.office.host()).as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP/"), "{}", String::from_utf8_lossy(&answer));
}

fn https_get(server: &Server, certificate: &CertificateDer<'static>, path: &str) -> String {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("fernamt.localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(server.office.address()).unwrap());
    let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.office.host());
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // The server ends with the connection, not with an alert.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}
