//! The demo's internal web application: a small register, as a town would have one. It has no sign-in of its own, as
//! many internal applications have none: the proxy in front of it is what keeps strangers out.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context as _;
use axum::{
    Form, Router,
    extract::State,
    http::HeaderMap,
    response::{Html, Redirect},
    routing::get,
};
use serde::Deserialize;
use tokio::net::TcpListener;

/// The most entries that the demo keeps.
const MAX_ENTRIES: usize = 200;

/// The longest entry in characters.
const MAX_ENTRY_CHARS: usize = 200;

type Register = Arc<Mutex<Vec<String>>>;

/// Where the application listens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addresses {
    /// Its pages, which believe the proxy who is there.
    pub(crate) pages: SocketAddr,
    /// The same entries as lines of text, for programs; it believes nobody, so a tunnel may lead to it.
    pub(crate) service: SocketAddr,
}

/// Starts the application on free ports of the loopback.
pub(crate) async fn start() -> anyhow::Result<Addresses> {
    let register: Register = Arc::new(Mutex::new(vec![
        "Hund „Bello“, Halter: Musterstraße 1".into(),
        "Katze „Minka“, Halterin: Am Markt 5".into(),
    ]));
    let pages = Router::new().route("/", get(show).post(add)).with_state(Arc::clone(&register));
    let service = Router::new().route("/", get(list)).with_state(register);
    Ok(Addresses { pages: serve(pages).await?, service: serve(service).await? })
}

async fn serve(router: Router) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("the demo application found no free port")?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "The demo application stopped");
        }
    });
    Ok(address)
}

async fn list(State(register): State<Register>) -> String {
    let entries = register.lock().unwrap_or_else(PoisonError::into_inner);
    entries.join("\n") + "\n"
}

async fn show(State(register): State<Register>, headers: HeaderMap) -> Html<String> {
    let who = headers.get("x-fernamt-user").and_then(|value| value.to_str().ok()).unwrap_or("niemand");
    let entries = register.lock().unwrap_or_else(PoisonError::into_inner);
    let items: Vec<String> = entries.iter().map(|entry| format!("<li>{}</li>", escape(entry))).collect();
    let items = items.concat();
    Html(format!(
        r#"<!doctype html><html lang="de"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Tierregister</title><style>body{{font:18px/1.5 sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}}
input,button{{font:inherit;padding:.4rem .6rem}}header{{border-bottom:3px solid #1f5fa8;margin-bottom:1rem}}</style>
<header><h1>Tierregister</h1><p>Internes Fachverfahren. Angemeldet als <strong>{}</strong>.</p></header>
<main><h2>Einträge</h2><ul>{items}</ul>
<form method="post"><label>Neuer Eintrag <input name="entry" maxlength="{MAX_ENTRY_CHARS}" required></label> <button>Eintragen</button></form></main>"#,
        escape(who)
    ))
}

#[derive(Deserialize)]
struct NewEntry {
    entry: String,
}

async fn add(State(register): State<Register>, Form(new): Form<NewEntry>) -> Redirect {
    let mut entries = register.lock().unwrap_or_else(PoisonError::into_inner);
    if entries.len() < MAX_ENTRIES {
        entries.push(new.entry.chars().take(MAX_ENTRY_CHARS).collect());
    }
    Redirect::to("/")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
