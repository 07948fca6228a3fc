-- Groups of goods that scopes and conditions ask for.
create table collection (
    tenant integer not null references tenant,
    collection integer not null, -- from 1
    name text, -- null once it was deleted, until its entries are gone too
    lists text not null, -- the CollectionOf
    version integer not null,
    entries integer not null default 0, -- how many rows of collection_entry it has, until it is deleted
    saved_at integer not null,
    primary key (tenant, collection),
    constraint collection_name_is_unique unique (tenant, name),
    constraint collection_is_within_bound check (entries between 0 and 1000000)
) strict, without rowid;

-- What a collection lists: the text that lines of orders are compared with.
create table collection_entry (
    tenant integer not null,
    collection integer not null,
    entry text not null,
    primary key (tenant, collection, entry),
    foreign key (tenant, collection) references collection
) strict, without rowid;
