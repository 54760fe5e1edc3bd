//! From a call to its answer: who may call, which step it is, what its key remembers, what goes wrong.

use std::time::Duration;

use serde_json::{Value, json};

use crate::Shared;
use crate::fault::{self, Step, Trouble};
use crate::form::Params;
use crate::page::page;
use crate::reply::Reply;
use crate::world::{Customer, Kept, World};

/// A call as it came.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) is_post: bool,
    pub(crate) path: String,
    pub(crate) params: Params,
    pub(crate) key: Option<String>,
    pub(crate) authorized: bool,
}

/// What happens on the wire.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// An answer, maybe late.
    Answer(Reply, Duration),
    /// An answer that nobody can read.
    Garbage,
    /// The connection ends.
    Drop,
    /// Nothing, ever.
    Hang,
}

/// Answers a call.
pub(crate) fn answer(shared: &Shared, call: &Call) -> Wire {
    let now = shared.now();
    let mut world = shared.world();
    if !call.authorized {
        let refusal = Reply::error(401, "invalid_request_error", None, "no API key was given");
        return Wire::Answer(refusal, Duration::ZERO);
    }
    let step = step_of(call);
    world.calls.push(step);
    let trouble = fault::take(&mut world.faults, step);
    match &trouble {
        Some(Trouble::HangBefore) => return Wire::Hang,
        Some(Trouble::DropBefore) => return Wire::Drop,
        Some(Trouble::RateLimit) => {
            let refusal = Reply::error(429, "invalid_request_error", Some("rate_limit"), "too many requests");
            return Wire::Answer(refusal, Duration::ZERO);
        }
        _ => {}
    }
    let reply = once_a_key(&mut world, call, trouble.as_ref(), now);
    match trouble {
        Some(Trouble::HangAfter) => Wire::Hang,
        Some(Trouble::DropAfter) => Wire::Drop,
        Some(Trouble::Garbage) => Wire::Garbage,
        Some(Trouble::Slow(delay)) => Wire::Answer(reply, delay),
        _ => Wire::Answer(reply, Duration::ZERO),
    }
}

/// Does a call, or gives what came of it before: <https://docs.stripe.com/api/idempotent_requests>.
fn once_a_key(world: &mut World, call: &Call, trouble: Option<&Trouble>, now: i64) -> Reply {
    let key = call.key.as_ref().filter(|_| call.is_post);
    if let Some(kept) = key.and_then(|key| world.kept(key, now)) {
        return if kept.path == call.path && kept.params == call.params {
            kept.reply.clone()
        } else {
            Reply::error(400, "idempotency_error", None, "this key was used with other parameters")
        };
    }
    let reply = match trouble {
        Some(Trouble::FailBefore) => Reply::fault(),
        Some(Trouble::FailAfter) => {
            done(world, call, None, now);
            Reply::fault()
        }
        Some(Trouble::Refuse(code)) => Reply::invalid(code, "this cannot be done"),
        Some(Trouble::Decline(code)) => done(world, call, Some(code.clone()), now),
        _ => done(world, call, None, now),
    };
    if let Some(key) = key.filter(|_| !is_about_parameters(&reply)) {
        let (path, params) = (call.path.clone(), call.params.clone());
        world.keep(key.clone(), Kept { path, params, reply: reply.clone(), created: now });
    }
    reply
}

/// Whether a call was refused before it began, so that its key may be used again.
fn is_about_parameters(reply: &Reply) -> bool {
    let code = reply.body.pointer("/error/code").and_then(Value::as_str).unwrap_or_default();
    code.starts_with("parameter_") || reply.status == 404
}

fn step_of(call: &Call) -> Step {
    let last = call.path.rsplit('/').next().unwrap_or_default();
    match (call.is_post, last) {
        (false, _) => Step::Read,
        (true, "payment_intents") => Step::Create,
        (true, "confirm") => Step::Confirm,
        (true, "capture") => Step::Capture,
        (true, "cancel") => Step::Cancel,
        (true, "refunds") => Step::Refund,
        (true, "customers") => Step::Customer,
        (true, "detach") => Step::Detach,
        (true, _) => Step::Other,
    }
}

/// The parameters that a call may have; Stripe refuses all others.
fn known_params(path: &[&str], is_post: bool) -> &'static [&'static str] {
    match (is_post, path) {
        (true, ["payment_intents"]) => &[
            "amount",
            "currency",
            "capture_method",
            "automatic_payment_methods",
            "metadata",
            "customer",
            "setup_future_usage",
        ],
        (true, ["payment_intents", _, "confirm"]) => {
            &["payment_method", "return_url", "off_session", "client_secret"]
        }
        (true, ["payment_intents", _, "capture"]) => &["amount_to_capture"],
        (true, ["payment_intents", _, "cancel"]) => &["cancellation_reason"],
        (true, ["refunds"]) => &["payment_intent", "amount", "metadata", "reason"],
        (true, ["customers"]) => &["email", "metadata"],
        (true, ["payment_methods", _, "attach"]) => &["customer"],
        (true, _) => &[],
        (false, _) => {
            &["limit", "created", "starting_after", "payment_intent", "expand", "query", "page", "type"]
        }
    }
}

fn done(world: &mut World, call: &Call, decline: Option<String>, now: i64) -> Reply {
    let path: Vec<&str> = call.path.trim_start_matches("/v1/").split('/').collect();
    if let Some(name) = call.params.unknown(known_params(&path, call.is_post)) {
        return Reply::invalid("parameter_unknown", &format!("`{name}` is not known"));
    }
    let result = if call.is_post {
        change(world, &path, &call.params, (now, decline))
    } else {
        read(world, &path, &call.params, now)
    };
    result.unwrap_or_else(|error| error)
}

fn change(
    world: &mut World,
    path: &[&str],
    params: &Params,
    (now, decline): (i64, Option<String>),
) -> Result<Reply, Reply> {
    match path {
        ["payment_intents"] => world.create(params, now),
        ["payment_intents", id, "confirm"] => world.confirm(id, params, now, decline),
        ["payment_intents", id, "capture"] => world.capture(id, params, now),
        ["payment_intents", id, "cancel"] => world.cancel(id, now),
        ["refunds"] => world.refund(params, now),
        ["customers"] => {
            let email = params.text("email").unwrap_or_default().to_owned();
            let id = world.next_id("cus");
            let body = json!({"id": id, "object": "customer", "email": email, "created": now});
            world.customers.insert(id, Customer { email });
            Ok(Reply::ok(body))
        }
        ["payment_methods", id, "attach"] => world.attach(id, params.required("customer")?),
        ["payment_methods", id, "detach"] => world.detach(id),
        _ => Err(Reply::missing("address")),
    }
}

fn read(world: &World, path: &[&str], params: &Params, now: i64) -> Result<Reply, Reply> {
    let found = |object: Option<Value>| object.map(Reply::ok).ok_or_else(|| Reply::missing("object"));
    match path {
        ["payment_intents"] => page(world.all_intents(), params),
        ["payment_intents", "search"] => world.search(params, now),
        ["payment_intents", id] => found(world.intent_json(id, params.expands("latest_charge"))),
        ["refunds"] => page(world.all_refunds(), params),
        ["refunds", id] => found(world.refund_json(id)),
        ["disputes"] => page(world.all_disputes(), params),
        ["disputes", id] => found(world.dispute_json(id)),
        ["events"] => page(world.events.clone(), params),
        ["balance_transactions"] => page(world.all_lines(params.expands("data.source")), params),
        ["customers", id] => found(
            world.customers.get(*id).map(|of| json!({"id": id, "object": "customer", "email": of.email})),
        ),
        ["customers", id, "payment_methods"] => page(world.methods_of(id)?, params),
        ["customers", id, "payment_methods", method] => found(world.method_json(method, Some(id))),
        _ => Err(Reply::missing("address")),
    }
}
