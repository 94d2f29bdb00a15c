//! Health and metrics for whoever operates the machine.

use std::net::SocketAddr;

use anyhow::Context as _;
use axum::{Router, http::StatusCode, routing::get};
use fernamt_store::Store;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Where monitoring asks whether the server is well, on every listener.
pub(crate) const HEALTH_PATH: &str = "/healthz";

/// Starts to count.
pub(crate) fn start_counting() -> anyhow::Result<PrometheusHandle> {
    PrometheusBuilder::new().install_recorder().context("metrics are counted already")
}

/// Whether the server can do its work: the database answers.
pub(crate) async fn health(store: Store) -> (StatusCode, &'static str) {
    match store.ping().await {
        Ok(()) => (StatusCode::OK, "ok\n"),
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
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let listener =
        TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address} for metrics"))?;
    let router = Router::new().route("/metrics", get(move || std::future::ready(handle.render())));
    axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await.context("metrics ended")
}
