-- Who is known by what, and what is personal sealed. What was kept plain until now is sealed by the first start after
-- this, which also drops the table it waits in: sealing needs the ring, which SQL has not.

create table customer_plain as
    select tenant, customer, external_id, email, phone, name, birth_date, attributes, created_at
    from customer
    where coalesce(external_id, email, phone, name, birth_date, attributes) is not null;

create table customer_sealed (
    tenant integer not null references tenant,
    customer integer not null,
    customer_id blob not null,
    version integer not null,
    profile blob, -- the CustomerProfile as JSON, sealed under the customer's key; null: nothing is said
    guest integer not null, -- 1: whoever carries its identities, as long as none is proven
    created_at integer not null,
    erased_at integer,
    journal integer not null,
    primary key (tenant, customer),
    constraint customer_id_is_unique unique (customer_id),
    constraint customer_erased_has_no_profile check (erased_at is null or profile is null)
) strict, without rowid;

insert into customer_sealed (tenant, customer, customer_id, version, guest, created_at, journal)
    select tenant, customer, customer_id, version, external_id is null, created_at, journal
    from customer;

drop table customer;
alter table customer_sealed rename to customer;

-- What each customer's profile and identities are sealed with; itself sealed under the ring. Without the row they never
-- open again: that is what erases them, in back-ups too that are made later.
create table customer_key (
    tenant integer not null,
    customer integer not null,
    sealed blob not null,
    primary key (tenant, customer),
    foreign key (tenant, customer) references customer
) strict, without rowid;

-- Found by a keyed hash, shown from a sealed copy. Several customers may carry one.
create table identity (
    tenant integer not null,
    kind integer not null, -- 0 external id, 1 e-mail, 2 phone, 3 open id
    hash blob not null,
    customer integer not null,
    sealed blob not null,
    verified_at integer,
    added_at integer not null,
    primary key (tenant, kind, hash, customer),
    foreign key (tenant, customer) references customer
) strict, without rowid;

-- In the order in which the customer got them, more or less; ties by kind and hash.
create index identity_of_customer on identity (tenant, customer, added_at, kind, hash);

-- One of them at most has proven to be who the identity names.
create unique index identity_holder_is_unique on identity (tenant, kind, hash) where verified_at is not null;

-- Customers that are one person with others, or were merged into one. The rest has no row.
create table person (
    tenant integer not null,
    customer integer not null,
    person integer not null, -- as whom it counts: the first of them
    merged_into integer,
    primary key (tenant, customer),
    foreign key (tenant, customer) references customer,
    foreign key (tenant, person) references customer (tenant, customer),
    foreign key (tenant, merged_into) references customer (tenant, customer),
    constraint person_is_named_after_the_first check (person <= customer),
    constraint person_is_not_merged_into_itself check (merged_into is not customer)
) strict, without rowid;

create index person_of on person (tenant, person, customer);
create index person_merged_into on person (tenant, merged_into, customer) where merged_into is not null;

-- The limits that have counters per customer, so that a person's counters are found without one more index on every
-- counter there is.
create index usage_limit_per_customer on usage_limit (tenant, usage_limit) where per = 1;
