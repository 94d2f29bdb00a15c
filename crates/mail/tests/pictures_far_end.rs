//! What servers of pictures do, and how much they are asked.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use fernamt_api::admin::settings::PictureSettings;
use fernamt_http::egress::EgressGuard;
use fernamt_mail::{Pictures, Scanner, ScannerAddress};
use rustls::{
    HandshakeKind, RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    house::House,
    pictures::{Desk, Gallery, PNG, allow, load, message, ok, refusal, told},
};

/// A server with a picture at `/a.png`, over TLS, with a certificate of its own making.
struct Encrypted {
    port: u16,
    certificate: CertificateDer<'static>,
    desk: Desk,
    handshakes: Arc<Mutex<Vec<Option<HandshakeKind>>>>,
}

impl Encrypted {
    async fn start(name: &str) -> Self {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let desk = Desk::new(HashMap::from([("/a.png".to_owned(), ok("image/png", PNG))]));
        let handshakes = Arc::<Mutex<Vec<_>>>::default();
        let (serving, noted) = (desk.clone(), Arc::clone(&handshakes));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                // Whoever does not believe the certificate goes away.
                let Ok(stream) = acceptor.accept(stream).await else { continue };
                noted.lock().unwrap().push(stream.get_ref().1.handshake_kind());
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        Self { port, certificate, desk, handshakes }
    }

    fn url(&self) -> String {
        format!("https://127.0.0.1:{}/a.png", self.port)
    }

    fn pictures(&self) -> Pictures {
        Pictures::new(EgressGuard::default().public_only().allow_loopback([self.port]))
    }

    /// Trusts the certificate of this server.
    fn trust(&self) -> RootCertStore {
        let mut authorities = RootCertStore::empty();
        authorities.add(self.certificate.clone()).unwrap();
        authorities
    }
}

async fn house(pictures: Pictures) -> House {
    let house = House::with_pictures(pictures).await;
    allow(&house, PictureSettings { enabled: true, unencrypted: false }).await;
    house
}

#[tokio::test]
async fn a_server_that_somebody_vouches_for_is_asked_and_knows_nobody_again() {
    let server = Encrypted::start("127.0.0.1").await;
    let house = house(server.pictures().trusting(server.trust())).await;
    let ada = house.person("ada").await;
    let email = message(&ada, &[&server.url()]).await;
    for _ in 0..2 {
        let reply = load(&ada, &email, &server.url()).await;
        assert_eq!((reply.status, &reply.bytes[..]), (200, PNG));
    }
    assert_eq!(*server.handshakes.lock().unwrap(), [Some(HandshakeKind::Full); 2], "no ticket is shown again");
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_not_asked() {
    let [own, other] = [Encrypted::start("127.0.0.1").await, Encrypted::start("bild.example").await];
    for (server, pictures) in [(&own, own.pictures()), (&other, other.pictures().trusting(other.trust()))] {
        let house = house(pictures).await;
        let ada = house.person("ada").await;
        let email = message(&ada, &[&server.url()]).await;
        assert_eq!(refusal(&load(&ada, &email, &server.url()).await), (422, "picture_unavailable"));
        assert_eq!(server.desk.asked().len(), 0);
    }
}

#[tokio::test]
async fn a_server_without_tls_is_not_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        drop(stream.write_all(&ok("image/png", PNG)).await);
    });
    let house = house(Pictures::new(EgressGuard::default().public_only().allow_loopback([port]))).await;
    let ada = house.person("ada").await;
    let url = format!("https://127.0.0.1:{port}/a.png");
    let email = message(&ada, &[&url]).await;
    assert_eq!(refusal(&load(&ada, &email, &url).await), (422, "picture_unavailable"));
}

#[tokio::test]
async fn a_picture_comes_in_one_piece_however_it_is_cut() {
    let picture = [PNG, &[7; 10_000]].concat();
    let pieces: Vec<_> = picture.iter().map(|byte| [b"1\r\n".as_slice(), &[*byte], b"\r\n"].concat()).collect();
    let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let answer = [head.as_slice(), &pieces.concat(), b"0\r\n\r\n"].concat();
    let gallery = Gallery::start(|_| HashMap::from([("/a.png".to_owned(), answer)])).await;
    let house = gallery.house().await;
    let ada = house.person("ada").await;
    let url = gallery.url("/a.png");
    let email = message(&ada, &[&url]).await;
    assert_eq!(load(&ada, &email, &url).await.bytes, picture);
}

#[tokio::test]
async fn a_person_has_so_many_pictures_in_an_hour_and_others_have_theirs() {
    const MOST: usize = 600;
    let gallery = Gallery::start(|_| HashMap::from([("/a.png".to_owned(), ok("image/png", PNG))])).await;
    let house = gallery.house().await;
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    let url = gallery.url("/a.png");
    let (email, own) = (message(&ada, &[&url]).await, message(&ben, &[&url]).await);
    for number in 0..MOST {
        // Those count, too, that are not found: each is looked for.
        let refused = load(&ada, &email, "https://a.example/").await;
        assert_eq!(refusal(&refused), (422, "picture_not_in_message"), "{number}");
    }
    let spent = load(&ada, &email, &url).await;
    assert_eq!(refusal(&spent), (429, "pictures_spent"));
    assert_eq!(spent.headers["retry-after"].to_str().unwrap(), "3601");
    assert_eq!(load(&ben, &own, &url).await.status, 200);
    house.clock.advance(Duration::HOUR);
    let ada = house.again(&ada).await;
    assert_eq!(load(&ada, &email, &url).await.status, 200);
    assert_eq!(gallery.asked().len(), 2);
}

#[tokio::test]
async fn a_scanner_that_says_nothing_holds_a_picture_no_longer_than_it_has() {
    let scanner = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = ScannerAddress::Tcp(scanner.local_addr().unwrap().to_string());
    let gallery = Gallery::start(|_| HashMap::from([("/a.png".to_owned(), ok("image/png", PNG))])).await;
    let pictures = Pictures::new(gallery.guard()).patience(std::time::Duration::from_secs(1));
    let house = House::with_scanned_pictures(pictures, Scanner::new(address)).await;
    allow(&house, PictureSettings { enabled: true, unencrypted: true }).await;
    let ada = house.person("ada").await;
    let url = gallery.url("/a.png");
    // It looks at the message itself, and falls silent then.
    let looks = async {
        let (mut line, _) = scanner.accept().await.unwrap();
        let mut heard = Vec::new();
        while !heard.ends_with(&[0; 4]) {
            assert_ne!(line.read_buf(&mut heard).await.unwrap(), 0);
        }
        line.write_all(b"stream: OK\0").await.unwrap();
    };
    let urls = [url.as_str()];
    let (email, ()) = tokio::join!(message(&ada, &urls), looks);
    assert_eq!(refusal(&load(&ada, &email, &url).await), (422, "picture_unavailable"));
    assert_eq!(gallery.asked().len(), 1, "it was there");
}

#[tokio::test]
async fn nothing_is_asked_where_the_operator_named_no_networks() {
    let house = House::new().await;
    allow(&house, PictureSettings { enabled: true, unencrypted: true }).await;
    let ada = house.person("ada").await;
    let email = message(&ada, &["https://a.example/"]).await;
    assert!(told(&ada).await.0.is_null());
    assert_eq!(refusal(&load(&ada, &email, "https://a.example/").await), (403, "pictures_off"));
}
