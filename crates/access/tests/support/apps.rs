//! Internal web applications, one careless and one hostile, and the proxy in front of them.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State, WebSocketUpgrade, ws},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use fernamt_access::proxy::{Place, Proxy};
use fernamt_domain::{SessionFacts, SystemClock, SystemRng, TenantId};
use fernamt_http::egress::EgressGuard;
use fernamt_testkit::peers::Door;
use futures_util::stream;
use reqwest::{Client, redirect::Policy};
use tokio::net::TcpListener;

use super::house::{self, House};

/// The main host in tests.
pub(crate) const MAIN: &str = "fernamt.test";

/// A web application with a hole: it does as it is told by whoever asks, and remembers what it was sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Careless {
    pub(crate) requests: Arc<Mutex<Vec<(String, HeaderMap)>>>,
}

impl Careless {
    /// Starts it. The door shows which connections reach it.
    pub(crate) async fn start() -> (Self, Door) {
        let app = Self::default();
        let router = Router::new()
            .route("/", any(|| async { "Akten" }))
            .route("/transfer", any(|| async { "transferred" }))
            .route(
                "/login",
                get(|| async { [(header::SET_COOKIE, "sid=geheim; HttpOnly; Domain=fernamt.test; Path=/")] }),
            )
            .route(
                "/moved",
                get(|headers: HeaderMap| async move {
                    let host = headers[header::HOST].to_str().unwrap().to_owned();
                    (StatusCode::FOUND, [(header::LOCATION, format!("http://{host}/elsewhere"))])
                }),
            )
            .route(
                "/endless",
                get(|| async {
                    let drops = stream::unfold((), |()| async {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                        Some((Ok::<_, std::io::Error>(Bytes::from_static(b"drop")), ()))
                    });
                    Body::from_stream(drops)
                }),
            )
            .route("/echo", post(|body: Body| async move { Response::new(body) }))
            .route(
                "/socket",
                any(|upgrade: WebSocketUpgrade| async {
                    upgrade.on_upgrade(|mut socket| async move {
                        while let Some(Ok(message)) = socket.recv().await {
                            if let ws::Message::Text(text) = message {
                                let _ = socket.send(ws::Message::Text(text)).await;
                            }
                        }
                    })
                }),
            );
        (app.clone(), serve(router, app).await)
    }

    /// The last request it got.
    pub(crate) fn last(&self) -> (String, HeaderMap) {
        self.requests.lock().unwrap().last().cloned().expect("a request came")
    }
}

/// A web application that tries what it can against its neighbours.
pub(crate) async fn hostile() -> Door {
    let answer = || async {
        let mut headers = HeaderMap::new();
        for line in [
            "sid=untergeschoben; Domain=fernamt.test; Path=/",
            "__Host-fernamt=x; Path=/; Secure",
            "__Host-fernamt-app=x; Path=/; Secure",
            "__host-fernamt-app-state=x; Path=/; Secure",
            "theme=dark; Path=/; DOMAIN=.fernamt.test",
        ] {
            headers.append(header::SET_COOKIE, HeaderValue::from_static(line));
        }
        headers.insert("strict-transport-security", HeaderValue::from_static("max-age=0; includeSubDomains"));
        headers.insert("connection", HeaderValue::from_static("x-frame-options"));
        headers
    };
    serve(Router::new().fallback(answer), Careless::default()).await
}

async fn serve(router: Router, log: Careless) -> Door {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let remember = axum::middleware::from_fn_with_state(
        log,
        async |State(log): State<Careless>, request: Request, next: axum::middleware::Next| {
            log.requests.lock().unwrap().push((request.uri().to_string(), request.headers().clone()));
            next.run(request).await
        },
    );
    tokio::spawn(async move { axum::serve(listener, router.layer(remember)).await });
    Door::to_address(address).unwrap()
}

/// The proxy on a loopback port, with a main site that knows one person.
pub(crate) struct Front {
    pub(crate) address: SocketAddr,
    pub(crate) house: Arc<House>,
    pub(crate) proxy: Arc<Proxy>,
}

impl Front {
    /// Starts it in front of applications.
    pub(crate) async fn start(apps: &[(&str, u16, bool)]) -> Self {
        let house = House::with_apps(apps);
        let guard = EgressGuard::default().allow_loopback(apps.iter().map(|(_, port, _)| *port));
        let proxy = Arc::new(Proxy::new(Arc::clone(&house) as _, guard, Arc::new(SystemClock), Arc::new(SystemRng)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answering = Arc::clone(&proxy);
        let router = Router::new().fallback(move |request: Request| {
            let proxy = Arc::clone(&answering);
            async move {
                let host = request.headers()[header::HOST].to_str().unwrap().to_owned();
                let Some((label, main)) = host.split_once('.').filter(|(_, rest)| rest.starts_with(MAIN)) else {
                    return "the main site".into_response();
                };
                let place = Place {
                    tenant: TenantId(uuid::Uuid::nil()),
                    label: label.to_owned(),
                    app_origin: format!("http://{host}"),
                    main_origin: format!("http://{main}"),
                    situation: house::situation(),
                };
                proxy.handle(place, request).await
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, house, proxy }
    }

    /// The origin of an application.
    pub(crate) fn origin(&self, label: &str) -> String {
        format!("http://{label}.{MAIN}:{}", self.address.port())
    }

    /// What the main site does when a signed-in person comes to `enter`.
    pub(crate) fn enter(&self, label: &str, facts: &SessionFacts, address: &str) -> String {
        let address = url::Url::parse(address).unwrap();
        let value =
            |name: &str| address.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let targets = self.house.targets.lock().unwrap();
        let target = targets.iter().find(|target| target.web().unwrap().label == label).unwrap();
        let (path, state) = (value("path"), value("state"));
        let tenant = TenantId(uuid::Uuid::nil());
        self.proxy
            .enter(tenant, &self.origin(label), target, (facts, "anna"), (path.as_deref(), state.as_deref()))
            .unwrap()
    }
}

/// A browser: it keeps cookies by host, as browsers do, and tells by `Location` where it would go.
pub(crate) struct Browser {
    client: Client,
    cookies: Mutex<Vec<(String, String, String)>>,
}

impl Browser {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let mut builder = Client::builder().redirect(Policy::none()).resolve(MAIN, address);
        for label in ["akten", "evil", "unknown"] {
            builder = builder.resolve(&format!("{label}.{MAIN}"), address);
        }
        Self { client: builder.build().unwrap(), cookies: Mutex::default() }
    }

    /// Plants a cookie, as a neighbour's script can with `Domain=`.
    pub(crate) fn plant(&self, host: &str, name: &str, value: &str) {
        self.cookies.lock().unwrap().push((host.to_owned(), name.to_owned(), value.to_owned()));
    }

    /// The names of the cookies held for a host.
    pub(crate) fn cookie_names(&self, host: &str) -> Vec<String> {
        self.cookies.lock().unwrap().iter().filter(|cookie| cookie.0 == host).map(|cookie| cookie.1.clone()).collect()
    }

    /// The `Cookie` line for a host.
    pub(crate) fn cookie_line(&self, host: &str) -> String {
        let cookies = self.cookies.lock().unwrap();
        let pairs = cookies.iter().filter(|cookie| cookie.0 == host).map(|(_, name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    /// Sends a request with the cookies of its host and extra headers.
    pub(crate) async fn send(&self, method: &str, address: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        self.send_body(method, address, headers, Vec::new()).await
    }

    /// Sends a request with a body.
    pub(crate) async fn send_body(
        &self,
        method: &str,
        address: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> reqwest::Response {
        let host = url::Url::parse(address).unwrap().host_str().unwrap().to_owned();
        let mut request =
            self.client.request(method.parse().unwrap(), address).header("cookie", self.cookie_line(&host)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        for line in response.headers().get_all("set-cookie") {
            let (name, rest) = line.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            cookies.retain(|cookie| (cookie.0.as_str(), cookie.1.as_str()) != (host.as_str(), name));
            if !rest.contains("Max-Age=0") {
                cookies.push((host.clone(), name.to_owned(), value.to_owned()));
            }
        }
        response
    }

    /// Opens a page, as a click does.
    pub(crate) async fn open(&self, address: &str) -> reqwest::Response {
        self.send(
            "GET",
            address,
            &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"), ("sec-fetch-site", "none")],
        )
        .await
    }

    /// Goes through the whole entry to an application.
    pub(crate) async fn enter(&self, front: &Front, label: &str, facts: &SessionFacts) {
        let to_main = location(&self.open(&format!("{}/", front.origin(label))).await);
        let back = front.enter(label, facts, &to_main);
        assert_eq!(location(&self.open(&back).await), "/");
    }
}

/// Where a response leads to.
pub(crate) fn location(response: &reqwest::Response) -> String {
    assert_eq!(response.status().as_u16(), 303, "{response:?}");
    response.headers()["location"].to_str().unwrap().to_owned()
}
