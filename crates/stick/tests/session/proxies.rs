//! Through HTTP proxies.

use std::{net::SocketAddr, sync::Arc};

use data_encoding::BASE64;
use fernamt_api::stick::Transport;
use fernamt_stick::{dial::Surroundings, engine::Problem, seam::Gateway as _, session::Network};
use rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_rustls::TlsAcceptor;

use super::{echo, house::House};

/// A proxy that wants a name and a password and leads to `far`, whatever it is asked for. Tells what that was.
async fn proxy(far: SocketAddr) -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let tell = tell.clone();
            tokio::spawn(async move {
                let mut near = BufReader::new(near);
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") && near.read_line(&mut head).await.is_ok_and(|count| count > 0) {}
                let _ = tell.send(head.lines().next().unwrap_or_default().to_owned());
                let wanted = format!("Proxy-Authorization: Basic {}", BASE64.encode(b"erika:geheim"));
                if !head.lines().any(|line| line == wanted) {
                    let no = b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"Amt\"\r\nContent-Length: 0\r\n\r\n";
                    return near.write_all(no).await;
                }
                near.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
                let mut far = TcpStream::connect(far).await?;
                copy_bidirectional(&mut near, &mut far).await.map(drop)
            });
        }
    });
    (address, told)
}

/// TLS by a certificate that nobody vouches for, in front of `far`.
async fn tls(far: SocketAddr) -> SocketAddr {
    let made = rcgen::generate_simple_self_signed(["elsewhere.invalid".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut near = acceptor.accept(near).await?;
                let mut far = TcpStream::connect(far).await?;
                copy_bidirectional(&mut near, &mut far).await
            });
        }
    });
    address
}

fn by(proxy: SocketAddr) -> Network {
    super::network(Surroundings::by_proxy(&format!("http://{proxy}")).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_lets_through_who_knows_its_password() {
    let Some(house) = House::start(echo().await.port()) else { return };
    house.activate(&house.activation_code).await.unwrap();
    let (proxy, mut asked) = proxy(house.ssh).await;
    let mut config = house.config.clone();
    // Nobody but the proxy knows this name.
    (config.ssh, config.websocket) = (Some("gateway.invalid:2222".into()), None);
    let network = by(proxy);
    assert_eq!(house.sign_in(&network, &config).await.unwrap_err(), Problem::ProxyWantsPassword);
    network.set_proxy_password("erika".into(), "falsch".into());
    assert_eq!(house.sign_in(&network, &config).await.unwrap_err(), Problem::ProxyWantsPassword);
    network.set_proxy_password("erika".into(), "geheim".into());
    let arrival = house.sign_in(&network, &config).await.unwrap();
    assert_eq!(arrival.transport, Transport::Proxy);
    assert_eq!(asked.recv().await.unwrap(), "CONNECT gateway.invalid:2222 HTTP/1.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_certificate_on_the_way_keeps_nobody_out() {
    let Some(house) = House::start(echo().await.port()) else { return };
    house.activate(&house.activation_code).await.unwrap();
    let (proxy, mut asked) = proxy(tls(house.office.address()).await).await;
    let mut config = house.config.clone();
    (config.ssh, config.websocket) = (None, Some(format!("wss://{}", house.office.host())));
    let network = by(proxy);
    network.set_proxy_password("erika".into(), "geheim".into());
    let arrival = house.sign_in(&network, &config).await.unwrap();
    assert_eq!(arrival.transport, Transport::Proxy);
    assert_eq!(asked.recv().await.unwrap(), format!("CONNECT {} HTTP/1.1", house.office.host()));
    // Whoever looks at the way still cannot pass for the gateway.
    config.host_keys =
        vec!["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ".to_owned()];
    assert_eq!(house.sign_in_with(&network, &config, "000000").await.unwrap_err(), Problem::WrongHostKey);
}
