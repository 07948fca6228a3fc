-- Who is kept out: a customer, an API key or a range of addresses, one of them. `made_by` and `removed_by` are actors,
-- postcard behind one format byte. `stands` is 1 until the block is removed or its end is written down, which happens
-- when the next one is made; its end acts at its instant all the same.
create table access_block (
    tenant integer not null references tenant,
    access_block integer not null, -- from 1, as they were made
    access_block_id blob not null,
    customer integer,
    key_no integer references api_key,
    addresses text, -- in the one way a range is written
    reason integer not null,
    note text,
    made_at integer not null,
    made_by blob not null,
    until integer,
    removed_at integer,
    removed_by blob,
    stands integer not null,
    primary key (tenant, access_block),
    foreign key (tenant, customer) references customer,
    constraint access_block_id_is_unique unique (access_block_id),
    constraint access_block_has_one_target
        check ((customer is not null) + (key_no is not null) + (addresses is not null) = 1),
    constraint access_block_removal_is_whole check ((removed_at is null) = (removed_by is null)),
    constraint access_block_stands_until_removed check (stands in (0, 1) and (stands = 0 or removed_at is null))
) strict, without rowid;

create unique index access_block_of_customer_stands_once on access_block (tenant, customer)
where stands = 1 and customer is not null;

create unique index access_block_of_key_stands_once on access_block (tenant, key_no)
where stands = 1 and key_no is not null;

create unique index access_block_of_addresses_stands_once on access_block (tenant, addresses)
where stands = 1 and addresses is not null;

create index access_block_to_end on access_block (tenant, until)
where stands = 1 and until is not null;

-- A key that is made is looked for here first, as the table refers to keys.
create index access_block_of_key on access_block (key_no)
where key_no is not null;
