//! The web app, embedded in the binary, with the headers that keep a page to itself.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use fernamt_domain::rng::random_token;
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::{ApiError, Site, page_build};

/// The folder that the web app's build leaves. A debug build reads it from disk, a release carries it.
#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct WebApp;

/// Stands in `index.html` where the nonce of the response goes.
const NONCE_PLACEHOLDER: &str = "__NONCE__";

/// Serves a file of the web app, or its page for every address that the router of the web app knows.
#[expect(clippy::unused_async, reason = "axum's handlers are async")]
pub async fn serve(site: Site, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return ApiError::not_found().into_response();
    }
    let path = request.uri().path().trim_start_matches('/');
    if path == "api" || path.starts_with("api/") || path == "metrics" {
        return ApiError::not_found().into_response();
    }
    match WebApp::get(path) {
        Some(file) if !PAGES.contains(&path) => asset(path, file),
        _ if path.contains('.') => StatusCode::NOT_FOUND.into_response(),
        _ => page(&site),
    }
}

/// The pages of the web app: the main site's, and the one on the origin of mail.
const PAGES: [&str; 2] = ["index.html", "post.html"];

fn asset(path: &str, file: EmbeddedFile) -> Response {
    // The build puts a hash of the content into the names below assets/.
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mime = file.metadata.mimetype().to_owned();
    let script = mime.contains("javascript");
    let mut response =
        ([(header::CONTENT_TYPE, mime), (header::CACHE_CONTROL, cache.to_owned())], Body::from(file.data))
            .into_response();
    if script {
        let policy = HeaderValue::from_static(WORKER_POLICY);
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// What a worker may do: its policy comes with its script, and not from the page that starts it.
const WORKER_POLICY: &str =
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; frame-ancestors 'none'";

fn page(site: &Site) -> Response {
    let [main, post] = PAGES;
    let Some(file) = WebApp::get(if site.is_post() { post } else { main }) else {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            "The web app was not built into this program: run `npm run build` in web/.",
        )
            .into_response();
    };
    let nonce = random_token::<16>(&*site.web.rng);
    let mut html = String::from_utf8_lossy(&file.data).replace(NONCE_PLACEHOLDER, &nonce);
    if site.is_post() {
        html = page_build::signed(html, &site.web.sealer, site.tenant.id());
    }
    let mut response =
        ([(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], html)
            .into_response();
    let policy = content_security_policy(site, &nonce);
    if let Ok(value) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, value);
    }
    response
}

fn content_security_policy(site: &Site, nonce: &str) -> String {
    let socket = site.own_origin().replacen("http", "ws", 1);
    let (forms, types) =
        if site.is_post() { ("'none'", "; trusted-types fernamt-own-scripts fernamt-mail") } else { ("'self'", "") };
    [
        "default-src 'none'".to_owned(),
        "script-src 'self' 'wasm-unsafe-eval'".to_owned(),
        format!("style-src 'self' 'nonce-{nonce}'"),
        "img-src 'self' data: blob:".to_owned(),
        "font-src 'self'".to_owned(),
        "worker-src 'self'".to_owned(),
        "manifest-src 'self'".to_owned(),
        format!("connect-src 'self' {socket}"),
        "base-uri 'none'".to_owned(),
        format!("form-action {forms}"),
        "frame-ancestors 'none'".to_owned(),
        format!("require-trusted-types-for 'script'{types}"),
    ]
    .join("; ")
}

/// Middleware that puts on every response of the main site what every response needs.
pub async fn security_headers(site: Site, request: Request, next: Next) -> Response {
    // Unless it is told not to, Firefox writes answers into its cache on the disk, those to POST too.
    let private = ["/api/", "/jmap/"].iter().any(|place| request.uri().path().starts_with(place));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut put = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    put(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(header::X_FRAME_OPTIONS, "DENY");
    put(header::REFERRER_POLICY, "no-referrer");
    put(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    put(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    put(
        HeaderName::from_static("permissions-policy"),
        "camera=(self), microphone=(self), display-capture=(self), geolocation=(), publickey-credentials-get=(self), publickey-credentials-create=(self)",
    );
    put(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    if private {
        put(header::CACHE_CONTROL, "no-store");
    }
    if site.web.address.scheme == "https" {
        put(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    response
}
