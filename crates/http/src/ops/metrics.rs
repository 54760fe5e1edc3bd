//! Figures as Prometheus reads them: what was recorded along the way, and what is read when it is asked.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use axum::extract::{Extension, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tradepost_app::Shop;
use tradepost_app::catalog::cache::RoomStats;
use tradepost_app::search::{ShelfState, Underway};
use tradepost_app::system::{Backlogs, count_backlogs};

use super::{Ops, process};
use crate::state::ApiState;

/// Text format 0.0.4 of Prometheus.
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
/// Upper bounds of the times of requests, in seconds: from a cached answer to a report.
const SECONDS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// The backlog is counted at most once in this time.
const BACKLOG_HOLDS_FOR: Duration = Duration::from_secs(5);
const BACKLOG_PATIENCE: Duration = Duration::from_secs(2);

/// How much waits, and when that was counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backlog {
    backlogs: Backlogs,
    at: Instant,
}

/// Makes the recorder of this process the one that all figures go to. Once a process.
///
/// Somebody has to call [`PrometheusHandle::run_upkeep`] every few seconds.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?
        .install_recorder()?;
    metrics::describe_counter!("http_requests_total", "Requests answered");
    metrics::describe_histogram!(
        "http_request_duration_seconds",
        "Time from a request's headers to its answer's"
    );
    metrics::describe_gauge!("http_requests_in_flight", "Requests that are being answered");
    metrics::describe_counter!("sql_statements_total", "SQL statements that requests ran");
    metrics::describe_gauge!("http_connections", "Open connections of clients");
    metrics::describe_counter!("http_connections_total", "Connections of clients that were taken");
    metrics::describe_counter!("http_connections_refused_total", "Connections over the limit");
    metrics::describe_counter!("http_requests_refused_total", "Requests for which there was no room");
    metrics::describe_gauge!("runtime_work_waits_seconds", "How much later than its time work begins");
    Ok(handle)
}

/// Figures for Prometheus
///
/// Requests by route, pools of connections, memory and files of the process, the runtime, what waits in the background.
#[utoipa::path(get, path = "/metrics", operation_id = "metrics", tag = "operations",
    responses((status = 200, description = "Prometheus text format 0.0.4", body = String, content_type = "text/plain")))]
pub(crate) async fn handler(State(state): State<ApiState>, Extension(ops): Extension<Ops>) -> Response {
    let mut text = ops.0.figures.as_ref().map(PrometheusHandle::render).unwrap_or_default();
    add_pools(&mut text, &state.shop);
    add_backlog(&mut text, &state, &ops).await;
    if let Some(rows) = state.shop.soundness.broken_rows() {
        single(&mut text, ("audit_broken_rows", "gauge", "Rows that broke a rule at the last audit"), &rows);
    }
    add_mails(&mut text, &state.shop);
    add_webhooks(&mut text, &state.shop);
    add_cache(&mut text, &state.shop);
    add_search(&mut text, &state.shop);
    add_runtime(&mut text);
    add_process(&mut text, &ops);
    ([(header::CONTENT_TYPE, TEXT), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], text)
        .into_response()
}

/// A family of figures that is read now; values are whole numbers or decimals written out.
fn family(text: &mut String, (name, kind, help): (&str, &str, &str), samples: &[(String, String)]) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    for (labels, value) in samples {
        let _ = writeln!(text, "{name}{labels} {value}");
    }
}

fn single(text: &mut String, name_kind_help: (&str, &str, &str), value: &dyn std::fmt::Display) {
    family(text, name_kind_help, &[(String::new(), value.to_string())]);
}

fn add_pools(text: &mut String, shop: &Shop) {
    let mut connections = Vec::new();
    let (mut largest, mut waiting) = (Vec::new(), Vec::new());
    for db in shop.store.pools() {
        let (name, used) = (db.name(), db.usage());
        let busy = used.size.saturating_sub(used.idle);
        for (state, count) in [("idle", used.idle), ("busy", busy)] {
            connections.push((format!("{{pool=\"{name}\",state=\"{state}\"}}"), count.to_string()));
        }
        largest.push((format!("{{pool=\"{name}\"}}"), used.max.to_string()));
        waiting.push((format!("{{pool=\"{name}\"}}"), used.waiting.to_string()));
    }
    family(text, ("db_pool_connections", "gauge", "Connections to the database"), &connections);
    family(text, ("db_pool_connections_max", "gauge", "Connections that a pool may open"), &largest);
    family(text, ("db_pool_waiting", "gauge", "Requests that wait for a connection"), &waiting);
    single(text, ("orders_waiting", "gauge", "Orders that wait to be decided"), &shop.desk.waiting());
}

/// Left out while the database is away: no figure is better than a wrong one.
async fn add_backlog(text: &mut String, state: &ApiState, ops: &Ops) {
    let mut kept = ops.0.backlog.lock().await;
    if kept.is_none_or(|backlog| backlog.at.elapsed() >= BACKLOG_HOLDS_FOR) {
        let asked = tokio::time::timeout(BACKLOG_PATIENCE, count_backlogs(&state.shop)).await;
        let backlogs = asked.ok().and_then(Result::ok);
        *kept = backlogs.map(|backlogs| Backlog { backlogs, at: Instant::now() });
    }
    let Some(Backlog { backlogs, .. }) = *kept else { return };
    single(text, ("outbox_pending", "gauge", "Events that wait to be dispatched"), &backlogs.outbox);
    single(text, ("projection_pending", "gauge", "Products that wait to be rendered"), &backlogs.projection);
    let mails = [("waiting", backlogs.mails.0), ("parked", backlogs.mails.1)];
    let mails = mails.map(|(state, count)| (format!("{{state=\"{state}\"}}"), count.to_string()));
    family(text, ("mails_pending", "gauge", "Mails that are not sent, counted up to 10000"), &mails);
    let money = &backlogs.money;
    let events = [("pending", money.inbox_pending), ("parked", money.inbox_parked)];
    let events = events.map(|(state, count)| (format!("{{state=\"{state}\"}}"), count.to_string()));
    family(
        text,
        ("payment_inbox_events", "gauge", "Events of payment providers that are not worked off"),
        &events,
    );
    single(
        text,
        ("payments_unknown", "gauge", "Payments whose outcome is not known"),
        &money.payments_unknown,
    );
    single(text, ("refunds_pending", "gauge", "Refunds that are on their way"), &money.refunds_pending);
    let due = "Deliveries of webhooks that are due, counted up to 10000";
    single(text, ("webhooks_due", "gauge", due), &backlogs.webhooks_due);
    single(
        text,
        ("webhooks_due_seconds", "gauge", "For how long the oldest of them has been"),
        &backlogs.webhooks_due_seconds,
    );
}

fn add_webhooks(text: &mut String, shop: &Shop) {
    let tries = shop.webhooks.by_result();
    let tries = tries.map(|(result, count)| (format!("{{result=\"{result}\"}}"), count.to_string()));
    family(text, ("webhook_attempts_total", "counter", "Tries of webhooks by this process"), &tries);
}

/// What this process has sent; where `tradepost worker` sends, its log tells.
fn add_mails(text: &mut String, shop: &Shop) {
    let ended = shop.mail_counts.list().into_iter().map(|(kind, outcome, count)| {
        (format!("{{kind=\"{}\",outcome=\"{outcome}\"}}", kind.as_str()), count.to_string())
    });
    let help = "Mails that were sent, tried again later or put aside";
    family(text, ("mails_total", "counter", help), &ended.collect::<Vec<_>>());
}

fn add_cache(text: &mut String, shop: &Shop) {
    let stats = shop.catalog.cache.stats();
    let rooms = [
        ("cards", stats.cards),
        ("pages", stats.pages),
        ("handles", stats.handles),
        ("bodies", stats.bodies),
        ("goods", stats.goods),
        ("missing", stats.missing),
    ];
    let by_room = |value: fn(&RoomStats) -> String| {
        rooms.iter().map(|(room, stats)| (format!("{{room=\"{room}\"}}"), value(stats))).collect::<Vec<_>>()
    };
    let hits = by_room(|stats| stats.hits.to_string());
    family(text, ("cache_hits_total", "counter", "Look-ups that the cache answered"), &hits);
    let misses = by_room(|stats| stats.misses.to_string());
    family(text, ("cache_misses_total", "counter", "Look-ups that it did not"), &misses);
    let entries = by_room(|stats| stats.entries.to_string());
    family(text, ("cache_entries", "gauge", "Entries of the cache"), &entries);
    let bytes = by_room(|stats| stats.bytes.to_string());
    family(text, ("cache_bytes", "gauge", "Memory of the cache, by estimate"), &bytes);
    single(
        text,
        ("cache_listening", "gauge", "1 while the cache hears of changes; else it answers nothing"),
        &u8::from(stats.listening),
    );
}

fn view_labels(channel: &dyn std::fmt::Display, locale: &dyn std::fmt::Display) -> String {
    format!("{{channel=\"{channel}\",locale=\"{locale}\"}}")
}

fn add_search(text: &mut String, shop: &Shop) {
    let dropped = shop.search_log.dropped();
    single(
        text,
        ("search_log_dropped_total", "counter", "Searches and their events that were not kept"),
        &dropped,
    );
    let Some(shelves) = &shop.catalog.shelves else { return };
    let states = shelves.states();
    let each = |value: fn(&ShelfState) -> i64| {
        let sample = |state: &ShelfState| {
            (view_labels(&state.view.channel_id, &state.view.locale), value(state).to_string())
        };
        states.iter().map(sample).collect::<Vec<_>>()
    };
    let products = each(|state| state.tally.products);
    family(text, ("search_products", "gauge", "Products that can be searched"), &products);
    let age = each(|state| state.age_seconds);
    family(text, ("search_filled_seconds", "gauge", "Time since the index was filled anew"), &age);
    let underway = shelves.underway();
    let filling = |value: fn(&Underway) -> i64| {
        let sample = |filling: &Underway| {
            (view_labels(&filling.view.channel_id, &filling.view.locale), value(filling).to_string())
        };
        underway.iter().map(sample).collect::<Vec<_>>()
    };
    let done = ("search_filling_products", "gauge", "Products read by the filling under way, each twice");
    family(text, done, &filling(|filling| filling.done));
    let due = ("search_filling_due", "gauge", "Products that the filling under way will have read");
    family(text, due, &filling(|filling| filling.due));
    let away = ("search_away", "gauge", "Indexes whose engine is away: the database answers instead");
    single(text, away, &shelves.resting_count());
    let cache = shop.catalog.cache.stats();
    let lag = cache.heard.saturating_sub(cache.epoch);
    single(text, ("search_lag_epochs", "gauge", "Changes that were heard of and cannot be found yet"), &lag);
}

fn add_runtime(text: &mut String) {
    let runtime = tokio::runtime::Handle::current().metrics();
    single(text, ("tokio_workers", "gauge", "Threads that run tasks"), &runtime.num_workers());
    single(text, ("tokio_alive_tasks", "gauge", "Tasks that have not ended"), &runtime.num_alive_tasks());
    single(
        text,
        ("tokio_global_queue_depth", "gauge", "Tasks that wait for a thread"),
        &runtime.global_queue_depth(),
    );
}

fn add_process(text: &mut String, ops: &Ops) {
    let uptime = ops.0.started.elapsed();
    single(text, ("process_uptime_seconds", "gauge", "Age of the process"), &process::seconds(uptime));
    single(
        text,
        ("process_cpu_seconds_total", "counter", "Processor time used"),
        &process::seconds(process::cpu_time()),
    );
    let Some(figures) = process::read() else { return };
    single(text, ("process_resident_memory_bytes", "gauge", "Memory held"), &figures.resident_bytes);
    single(text, ("process_threads", "gauge", "Threads"), &figures.threads);
    single(text, ("process_open_fds", "gauge", "Open files and connections"), &figures.open_files);
    if let Some(most) = figures.open_files_max {
        single(text, ("process_max_fds", "gauge", "Files and connections that may be open"), &most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_written_as_prometheus_reads_it() {
        let mut text = String::new();
        family(&mut text, ("a_total", "counter", "Help."), &[("{b=\"c\"}".to_owned(), "1".to_owned())]);
        single(&mut text, ("d", "gauge", "More."), &2);
        let expected = "# HELP a_total Help.\n# TYPE a_total counter\na_total{b=\"c\"} 1\n# HELP d More.\n# TYPE d gauge\nd 2\n";
        assert_eq!(text, expected);
    }
}
