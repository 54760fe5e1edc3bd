//! Lists: newest first, in pages: <https://docs.stripe.com/api/pagination>.

use serde_json::{Value, json};

use crate::form::Params;
use crate::reply::Reply;
use crate::world::World;

/// Seconds until a new object is found by the search: <https://docs.stripe.com/search#data-freshness>.
const SEARCH_LAG_SECONDS: i64 = 60;

/// A page of objects that are given oldest first.
pub(crate) fn page(mut all: Vec<Value>, params: &Params) -> Result<Reply, Reply> {
    let limit = params.number("limit")?.unwrap_or(10);
    if !(1..=100).contains(&limit) {
        return Err(Reply::invalid("parameter_invalid_integer", "`limit` is 1 to 100"));
    }
    let from = params.number("created[gte]")?.unwrap_or(i64::MIN);
    let until = params.number("created[lte]")?.unwrap_or(i64::MAX);
    let intent = params.text("payment_intent");
    all.reverse();
    all.retain(|object| {
        let created = object.get("created").and_then(Value::as_i64).unwrap_or_default();
        let of = object.get("payment_intent").and_then(Value::as_str);
        (from..=until).contains(&created) && (intent.is_none() || of == intent)
    });
    if let Some(after) = params.text("starting_after") {
        let is_after = |object: &Value| object.get("id").and_then(Value::as_str) == Some(after);
        let place = all.iter().position(is_after).ok_or_else(|| Reply::missing("object to start after"))?;
        all.drain(..=place);
    }
    let limit = usize::try_from(limit).unwrap_or(10);
    let has_more = all.len() > limit;
    all.truncate(limit);
    Ok(Reply::ok(json!({"object": "list", "data": all, "has_more": has_more, "url": "/v1/list"})))
}

impl World {
    pub(crate) fn all_intents(&self) -> Vec<Value> {
        self.intents.keys().filter_map(|id| self.intent_json(id, false)).collect()
    }

    pub(crate) fn all_refunds(&self) -> Vec<Value> {
        self.refunds.keys().filter_map(|id| self.refund_json(id)).collect()
    }

    pub(crate) fn all_disputes(&self) -> Vec<Value> {
        self.disputes.keys().filter_map(|id| self.dispute_json(id)).collect()
    }

    /// The books, with what moved each line whole when that is asked for.
    pub(crate) fn all_lines(&self, with_source: bool) -> Vec<Value> {
        let source = |id: &str| {
            let by_charge = || {
                let intent = self.intents.values().find(|intent| intent.charge.as_deref() == Some(id))?;
                self.charge_json(&intent.id)
            };
            let whole = || self.refund_json(id).or_else(|| self.dispute_json(id)).or_else(by_charge);
            if with_source { whole().unwrap_or_default() } else { json!(id) }
        };
        let line = |line: &crate::world::Line| {
            json!({
                "id": line.id, "object": "balance_transaction", "type": line.kind, "created": line.created,
                "amount": line.amount, "currency": "eur", "fee": 0, "net": line.amount,
                "source": source(&line.source), "status": "available",
            })
        };
        self.lines.iter().map(line).collect()
    }

    /// `metadata['key']:'value'`, and nothing else; what is new is not found yet.
    pub(crate) fn search(&self, params: &Params, now: i64) -> Result<Reply, Reply> {
        let query = params.required("query")?;
        let parts = query
            .strip_prefix("metadata['")
            .and_then(|rest| rest.strip_suffix('\''))
            .and_then(|rest| rest.split_once("']:'"));
        let (key, value) =
            parts.ok_or_else(|| Reply::invalid("parameter_invalid", "this query is not known"))?;
        let known = |id: &String| {
            self.intents.get(id).is_some_and(|intent| now - intent.created >= SEARCH_LAG_SECONDS)
        };
        let found = self.intents_with(key, value).into_iter().filter(known);
        let data: Vec<_> = found.filter_map(|id| self.intent_json(&id, false)).collect();
        Ok(Reply::ok(json!({"object": "search_result", "data": data, "has_more": false, "next_page": null})))
    }
}
