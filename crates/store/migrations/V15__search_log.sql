-- What was searched for and what became of it, in the terms of User Behavior Insights (queries and events). Kept for some days
-- only. No foreign keys: it is written in batches, long after the fact, and read by reports alone.

create table search_query (
    id         uuid primary key,
    at         timestamptz not null,
    channel_id uuid not null,
    locale     text not null,
    -- hash, with a key of the shop, of what the browser drew; null where the shopper has not agreed to be recognised
    client_id  uuid,
    -- lower case, single blanks
    words      text not null,
    -- false for further pages and for searches that were narrowed by filters: they are the same search
    is_initial boolean not null,
    -- by which words the best was found; null where the database answered instead of the search
    step       text check (step in ('exact', 'corrected', 'relaxed')),
    -- where a rule of search led to
    redirect   text,
    -- what rules of search showed beside the products
    banners    integer not null,
    -- the products of the answer, in its order
    hit_ids    uuid[] not null
);
create index search_query_at_idx on search_query using brin (at);
create index search_query_client_idx on search_query (client_id, at) where client_id is not null;

-- Once for each query, action and object: what is told twice counts once, and a query has no more than it has products.
create table search_event (
    query_id  uuid not null,
    action    text not null check (action in ('click', 'add_to_cart', 'purchase')),
    -- a product of the answer; of a purchase, the order
    object_id uuid not null,
    -- place in the answer, from 1
    position  integer,
    at        timestamptz not null,
    primary key (query_id, action, object_id)
);
create index search_event_at_idx on search_event using brin (at);

-- The queries that are suggested while somebody types: made of the log every few minutes.
create table search_popular (
    channel_id uuid not null,
    locale     text not null,
    words      text not null,
    -- how often it was made lately, in thousandths; what is long ago counts less
    score      bigint not null check (score >= 0),
    primary key (channel_id, locale, words)
);
