//! Health and metrics for whoever operates the machine.

use std::{net::SocketAddr, path::Path, sync::Arc};

use anyhow::Context as _;
use axum::{
    Router,
    http::{StatusCode, header},
    routing::get,
};
use fernamt_domain::LiveGrants;
use fernamt_store::Store;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::disk;

/// Where monitoring asks whether the server is well, on every listener.
pub(crate) const HEALTH_PATH: &str = "/healthz";

/// The text format of Prometheus.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Connections to targets that are open now.
const LIVE_CONNECTIONS: &str = "fernamt_live_connections";
/// Answers over HTTP, by the class of their status.
const HTTP_ANSWERS: &str = "fernamt_http_answers_total";

/// Starts to count.
pub(crate) fn start_counting() -> anyhow::Result<PrometheusHandle> {
    let handle = PrometheusBuilder::new().install_recorder().context("metrics are counted already")?;
    metrics::describe_gauge!(LIVE_CONNECTIONS, "Connections to targets that are open now");
    metrics::describe_counter!(HTTP_ANSWERS, "Answers over HTTP, by the class of their status");
    metrics::describe_counter!(
        "fernamt_http_connections_refused_total",
        "HTTP connections refused, by the limit reached"
    );
    metrics::describe_counter!("fernamt_ssh_connections_total", "SSH connections accepted");
    metrics::describe_counter!("fernamt_ssh_refused_total", "SSH connections refused, by the limit reached");
    metrics::describe_counter!("fernamt_ssh_grace_over_total", "SSH connections that did not sign in in time");
    metrics::describe_counter!("fernamt_ssh_sign_ins_total", "SSH connections that signed in");
    metrics::describe_gauge!("fernamt_ssh_signed_in", "SSH connections that are signed in now");
    Ok(handle)
}

/// Counts an answer.
pub(crate) fn count_answer(status: StatusCode) {
    let class = match status.as_u16() {
        0..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    };
    metrics::counter!(HTTP_ANSWERS, "status" => class).increment(1);
}

/// Whether the server can do its work: the database answers, and there is room to store what happens.
pub(crate) async fn health(store: Store, data_dir: Arc<Path>) -> (StatusCode, &'static str) {
    match store.ping().await {
        Ok(()) if disk::has_room(&data_dir) => (StatusCode::OK, "ok\n"),
        Ok(()) => {
            tracing::error!("There is no room left in the data folder");
            (StatusCode::SERVICE_UNAVAILABLE, "there is no room left in the data folder\n")
        }
        Err(error) => {
            tracing::warn!(%error, "The database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    }
}

/// Serves `/metrics` on an address of its own.
pub(crate) async fn serve_metrics(
    address: SocketAddr,
    handle: PrometheusHandle,
    grants: LiveGrants,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let listener =
        TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address} for metrics"))?;
    let render = move || {
        metrics::gauge!(LIVE_CONNECTIONS).set(f64::from(u32::try_from(grants.len()).unwrap_or(u32::MAX)));
        std::future::ready(([(header::CONTENT_TYPE, TEXT_FORMAT)], handle.render()))
    };
    let router = Router::new().route("/metrics", get(render));
    axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await.context("metrics ended")
}
