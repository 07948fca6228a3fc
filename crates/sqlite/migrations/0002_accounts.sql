-- Who signs in. What an account says of its person and how it proves who it is are sealed by the ring of code keys.
create table account (
    tenant integer not null references tenant,
    account integer not null,
    account_id blob not null,
    version integer not null,
    epoch integer not null, -- a session of an earlier one is over
    role integer not null, -- 0 admin, 1 operator, 2 merchant, 3 analyst, 4 customer
    active integer not null,
    customer integer,
    profile blob not null, -- sealed JSON
    credentials blob not null, -- sealed JSON
    created_at integer not null,
    changed_at integer not null,
    journal integer not null,
    primary key (tenant, account),
    foreign key (tenant, customer) references customer,
    constraint account_id_is_unique unique (account_id),
    constraint account_of_customer_is_of_role check ((customer is null) = (role <> 4)),
    constraint account_is_active_or_not check (active in (0, 1))
) strict, without rowid;

create index account_of_customer on account (tenant, customer) where customer is not null;
create index account_of_staff on account (tenant, account) where role <> 4;
create index account_admin on account (tenant, account) where role = 0 and active = 1;

-- What is typed to sign in, as a keyed hash. The account it points to may go by another address since.
create table login (
    tenant integer not null,
    hash blob not null,
    account integer not null,
    primary key (tenant, hash),
    foreign key (tenant, account) references account
) strict, without rowid;

-- Who is signed in where. A row ends with its sign-out, its time, or the account's next epoch.
create table session (
    tenant integer not null,
    session_id blob not null,
    account integer not null,
    epoch integer not null,
    made_at integer not null,
    expires_at integer not null,
    primary key (tenant, session_id),
    foreign key (tenant, account) references account
) strict, without rowid;

create index session_of_account on session (tenant, account);
create index session_by_end on session (expires_at);

-- The refresh tokens of a session, by SHA-256. One that was used stays, so that its second use is noticed. The session
-- comes first in the key, so that the end of one finds its tokens and goes through no other's.
create table refresh_token (
    tenant integer not null,
    token_hash blob not null,
    session_id blob not null,
    used_at integer,
    primary key (tenant, session_id, token_hash),
    foreign key (tenant, session_id) references session on delete cascade,
    constraint refresh_token_is_unique unique (tenant, token_hash)
) strict, without rowid;

-- What a key may do, a bit each; keys from before may do all but administer.
alter table api_key add column scopes integer not null default 127;
