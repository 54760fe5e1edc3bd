//! What services of others said of taxes and shipping, kept so that pricing reads it like every other rule.

use jiff::Timestamp;
use serde_json::Value;

use crate::db::Client;
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    GET = "
        select answer, answered_at, asked_at
          from rate_answer
         where kind = $1
           and ask = $2";
    PUT = "
        insert into rate_answer (kind, ask, answer, answered_at, asked_at)
        values ($1, $2, $3, $4, $4)
            on conflict (kind, ask) do update
           set answer = excluded.answer, answered_at = excluded.answered_at, asked_at = excluded.asked_at";
    PUT_NONE = "
        insert into rate_answer (kind, ask, asked_at)
        values ($1, $2, $3)
            on conflict (kind, ask) do update set asked_at = excluded.asked_at";
    FORGET = "
        delete from rate_answer
         where (kind, ask) in (select kind, ask from rate_answer where asked_at < $1 limit $2)";
}

/// What is asked of whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateKey {
    /// `tax` or `shipping`.
    pub kind: &'static str,
    /// SHA-256 of what is asked.
    pub ask: Vec<u8>,
}

/// What is known of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredAnswer {
    /// The last answer and its time; none while none ever came.
    pub answer: Option<(Value, Timestamp)>,
    /// When it was last asked for.
    pub asked_at: Timestamp,
}

/// The answer to a question, if it was ever asked.
pub async fn get(client: &Client, key: &RateKey) -> Result<Option<StoredAnswer>, StoreError> {
    let row = client.query_opt(GET, &[&key.kind, &key.ask]).await?;
    Ok(row.map(|row| StoredAnswer {
        answer: row.get::<_, Option<Value>>(0).zip(row.get(1)),
        asked_at: row.get(2),
    }))
}

/// Keeps an answer, or that none came: an earlier one stays then.
pub async fn put(
    client: &Client,
    key: &RateKey,
    answer: Option<&Value>,
    now: Timestamp,
) -> Result<(), StoreError> {
    match answer {
        Some(answer) => client.execute(PUT, &[&key.kind, &key.ask, answer, &now]).await.map(drop),
        None => client.execute(PUT_NONE, &[&key.kind, &key.ask, &now]).await.map(drop),
    }
}

/// Forgets up to `limit` answers that nobody asked for since `before`; how many there were.
pub async fn forget(client: &Client, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
    client.execute(FORGET, &[&before, &limit]).await
}
