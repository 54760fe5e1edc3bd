-- Channels: one currency, the locales it speaks, and what it shows.

create table channel (
    id             uuid primary key,
    handle         text not null unique,
    name           text not null,
    currency       char(3) not null,
    default_locale text not null,
    locales        text[] not null check (default_locale = any (locales)),
    is_default     boolean not null default false,
    active         boolean not null default true,
    version        bigint not null default 1,
    created_at     timestamptz not null,
    updated_at     timestamptz not null
);

-- Requests without a publishable key belong to the default channel: there is never a second one.
create unique index channel_default_key on channel (is_default) where is_default;
