-- Facts about this shop that are neither catalogue nor configuration: how far the filling of a demo has come.

create table setting (
    key        text primary key,
    value      jsonb not null,
    updated_at timestamptz not null
);
