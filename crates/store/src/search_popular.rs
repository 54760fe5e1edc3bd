//! Queries that are suggested while somebody types: what many have searched for, and found.

use std::collections::HashMap;

use jiff::Timestamp;
use tradepost_domain::kernel::ids::EntityId;

use crate::catalog::fragment::View;
use crate::db::Client;
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    // What counts halves every two weeks; a click counts as much as a search. Of words that found nothing the last time, or only
    // what is spelt otherwise, nothing is to be suggested; nor of numbers, which may be somebody's.
    REFRESH = "
        with asked as (
            select q.channel_id, q.locale, q.words,
                   sum(power(0.5, extract(epoch from $1 - q.at) / 1209600) * (1 + (e.query_id is not null)::int)) as weight,
                   (array_agg(q.hit_ids <> '{}' and q.step = 'exact' order by q.at desc))[1] as is_found
              from search_query q
              left join (select distinct query_id from search_event where at >= $2) e on e.query_id = q.id
             where q.at >= $2 and q.at <= $1 and q.is_initial and q.redirect is null
               and length(q.words) <= 60 and length(regexp_replace(q.words, '[^0-9]', '', 'g')) <= 6
             group by q.channel_id, q.locale, q.words
            having count(distinct q.client_id) >= $3),
        ranked as (
            select channel_id, locale, words, (weight * 1000)::int8 as score,
                   row_number() over (partition by channel_id, locale order by weight desc, words) as place
              from asked
             where is_found and not string_to_array(words, ' ') && $4::text[]),
        kept as (
            select channel_id, locale, words, score from ranked where place <= $5),
        gone as (
            delete from search_popular where (channel_id, locale, words) not in (select channel_id, locale, words from kept))
        insert into search_popular as p (channel_id, locale, words, score)
        select channel_id, locale, words, score from kept
            on conflict (channel_id, locale, words) do update set score = excluded.score
         where p.score <> excluded.score";
    LIST = "
        select channel_id, locale, words, score from search_popular order by channel_id, locale, score desc, words";
}

/// What may be suggested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Popular<'a> {
    /// Searches since then are looked at.
    pub since: Timestamp,
    /// Words that fewer browsers searched for are nobody else's.
    pub clients_min: i64,
    /// Words that are never suggested, lower case.
    pub never: &'a [String],
    /// Queries of a channel and locale at most.
    pub limit: i64,
}

/// Makes anew, of the log, what is suggested.
pub async fn refresh(client: &Client, popular: &Popular<'_>, now: Timestamp) -> Result<(), StoreError> {
    let Popular { since, clients_min, never, limit } = popular;
    client.execute(REFRESH, &[&now, since, clients_min, never, limit]).await.map(drop)
}

/// What is suggested, by channel and locale, the best first: the words, and how often they were searched for.
pub async fn list(client: &Client) -> Result<HashMap<View, Vec<(String, i64)>>, StoreError> {
    let mut all: HashMap<View, Vec<(String, i64)>> = HashMap::new();
    for row in client.query(LIST, &[]).await? {
        let locale: &str = row.get(1);
        let locale =
            locale.parse().map_err(|_| StoreError::inconsistent("search_popular", "an unknown locale"))?;
        let view = View { channel_id: EntityId::from_uuid(row.get(0)), locale };
        all.entry(view).or_default().push((row.get(2), row.get(3)));
    }
    Ok(all)
}
