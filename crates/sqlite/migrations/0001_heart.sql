-- Keys begin with the tenant. Small numbers key the rows; public ids are unique beside them. Instants are milliseconds
-- since 1970 UTC. Blobs named `takings`, `parts`, `lines`, `outcome` and `events` are postcard behind one format byte.

create table meta (
    name text not null primary key,
    value text not null
) strict, without rowid;

create table tenant (
    tenant integer not null primary key,
    name text not null,
    zone text not null,
    currency text not null,
    created_at integer not null
) strict;

-- The ring that codes are computed with; each secret sealed by the master key.
create table code_key (
    key_no integer not null primary key,
    sealed blob not null,
    created_at integer not null
) strict;

create table api_key (
    key_no integer not null primary key,
    api_key_id blob not null,
    tenant integer not null references tenant,
    name text not null,
    secret_hash blob not null,
    created_at integer not null,
    revoked_at integer,
    constraint api_key_id_is_unique unique (api_key_id),
    constraint api_key_secret_is_unique unique (secret_hash)
) strict;

-- The next small number of each kind: 0 coupon, 1 customer, 2 campaign, 3 limit.
create table sequence (
    tenant integer not null references tenant,
    kind integer not null,
    next integer not null,
    primary key (tenant, kind)
) strict, without rowid;

create table customer (
    tenant integer not null references tenant,
    customer integer not null,
    customer_id blob not null,
    version integer not null,
    external_id text,
    email text,
    phone text,
    name text,
    birth_date text,
    attributes text,
    created_at integer not null,
    journal integer not null,
    primary key (tenant, customer),
    constraint customer_id_is_unique unique (customer_id),
    constraint customer_external_id_is_unique unique (tenant, external_id)
) strict, without rowid;

create table campaign (
    tenant integer not null references tenant,
    campaign integer not null,
    campaign_id blob not null,
    version integer not null,
    created_at integer not null,
    journal integer not null,
    document text not null, -- the Campaign as JSON
    primary key (tenant, campaign),
    constraint campaign_id_is_unique unique (campaign_id)
) strict, without rowid;

create table coupon (
    tenant integer not null references tenant,
    coupon integer not null,
    coupon_id blob not null,
    campaign integer,
    version integer not null,
    state integer not null,
    journal integer not null,
    document text not null, -- the Coupon as JSON
    primary key (tenant, coupon),
    foreign key (tenant, campaign) references campaign,
    constraint coupon_id_is_unique unique (coupon_id)
) strict, without rowid;

create index coupon_of_campaign on coupon (tenant, campaign) where campaign is not null;

-- Every saved version, for replies that are rendered again and decisions that are replayed.
create table coupon_version (
    tenant integer not null,
    coupon integer not null,
    version integer not null,
    document text not null,
    primary key (tenant, coupon, version),
    foreign key (tenant, coupon) references coupon
) strict, without rowid;

-- Every text that is or was a coupon's shared code, folded.
create table shared_code (
    tenant integer not null,
    folded text not null,
    coupon integer not null,
    primary key (tenant, folded),
    foreign key (tenant, coupon) references coupon
) strict, without rowid;

-- Prefixes are never given up: a code in print must not become another coupon's.
create table code_pattern (
    tenant integer not null,
    coupon integer not null,
    document text not null, -- the Pattern as JSON
    primary key (tenant, coupon),
    foreign key (tenant, coupon) references coupon
) strict, without rowid;

-- What every number of a limit counts, for all limits there ever were.
create table usage_limit (
    tenant integer not null,
    usage_limit integer not null,
    coupon integer,
    campaign integer,
    counts integer not null, -- 0 claims, 1 redemptions, 2 value
    per integer not null, -- 0 everyone, 1 customer
    period integer not null, -- 0 ever, 1 hour, 2 day, 3 week, 4 month
    primary key (tenant, usage_limit),
    foreign key (tenant, coupon) references coupon,
    foreign key (tenant, campaign) references campaign,
    constraint usage_limit_has_one_owner check ((coupon is null) <> (campaign is null))
) strict, without rowid;

create table usage (
    tenant integer not null,
    usage_limit integer not null,
    subject integer not null, -- 0 everyone, else the customer
    period integer not null, -- minutes since 1970 of the period's local start; 0 for ever
    used integer not null,
    held integer not null,
    bound integer not null, -- the maximum of the latest grant
    primary key (tenant, usage_limit, subject, period),
    foreign key (tenant, usage_limit) references usage_limit,
    constraint usage_is_not_negative check (used >= 0 and held >= 0),
    constraint usage_is_within_bound check (used + held <= bound)
) strict, without rowid;

-- The next ordinal of a coupon and kind.
create table series (
    tenant integer not null,
    coupon integer not null,
    kind integer not null, -- 0 row, 1 bearer, 2 given
    next integer not null,
    primary key (tenant, coupon, kind),
    foreign key (tenant, coupon) references coupon
) strict, without rowid;

create table voucher (
    tenant integer not null,
    coupon integer not null,
    kind integer not null,
    ordinal integer not null,
    key_no integer not null,
    version integer not null,
    state integer not null, -- 0 held, 1 issued, 2 locked, 3 redeemed, 4 expired, 5 revoked
    customer integer,
    made_at integer not null,
    valid_from integer,
    valid_until integer,
    held_until integer, -- while set, the takings count as held
    locked_until integer, -- while locked
    redemption_id text, -- that locks it or used it
    takings blob, -- null: none
    journal integer not null, -- where its latest event is
    primary key (tenant, coupon, kind, ordinal),
    foreign key (tenant, coupon) references coupon,
    foreign key (tenant, customer) references customer,
    constraint voucher_held_has_deadline check (state <> 0 or held_until is not null),
    constraint voucher_locked_has_redemption check (state <> 2 or redemption_id is not null)
) strict, without rowid;

create index voucher_due on voucher (tenant, coupon, held_until) where state = 0;

-- Whose vouchers are whose, in a customer's order. Written with the voucher.
create table wallet (
    tenant integer not null,
    customer integer not null,
    coupon integer not null,
    kind integer not null,
    ordinal integer not null,
    primary key (tenant, customer, coupon, kind, ordinal)
) strict, without rowid;

-- Codes given by people: found by a keyed hash, shown from a sealed copy.
create table given_code (
    tenant integer not null,
    hash blob not null,
    coupon integer not null,
    ordinal integer not null, -- of kind 2
    sealed blob not null,
    primary key (tenant, hash),
    foreign key (tenant, coupon) references coupon,
    constraint given_code_has_one_voucher unique (tenant, coupon, ordinal)
) strict, without rowid;

-- Runs of bearer codes; their vouchers have no rows until used.
create table code_block (
    tenant integer not null,
    coupon integer not null,
    first integer not null,
    count integer not null,
    block_id blob not null,
    key_no integer not null,
    version integer not null,
    made_at integer not null,
    takings blob,
    revoked_at integer,
    journal integer not null,
    primary key (tenant, coupon, first),
    foreign key (tenant, coupon) references coupon,
    constraint code_block_id_is_unique unique (block_id)
) strict, without rowid;

-- In the order in which they were made, which is also how they are listed.
create table redemption (
    redemption integer not null primary key,
    tenant integer not null references tenant,
    redemption_id text not null,
    version integer not null,
    state integer not null, -- 0 pending, 1 succeeded, 2 cancelled, 3 expired, 4 returned
    fingerprint blob not null,
    customer integer,
    order_id text,
    currency text, -- null on the mark of a cancel that came first
    subtotal_minor integer not null,
    discount_minor integer not null,
    total_minor integer not null,
    made_at integer not null,
    deadline integer,
    parts blob not null,
    lines blob not null,
    journal integer not null,
    foreign key (tenant, customer) references customer,
    constraint redemption_id_is_unique unique (tenant, redemption_id),
    constraint redemption_pending_has_deadline check (state <> 0 or deadline is not null),
    constraint redemption_adds_up check (total_minor = subtotal_minor - discount_minor and total_minor >= 0)
) strict;

create index redemption_of_customer on redemption (tenant, customer) where customer is not null;

-- An order has at most one live redemption.
create unique index redemption_of_order_is_unique on redemption (tenant, order_id)
    where state in (0, 1) and order_id is not null;

-- Pending redemptions by coupon and deadline: what a sweep ends and an abort cancels.
create table reservation (
    tenant integer not null,
    coupon integer not null,
    deadline integer not null,
    redemption_id text not null,
    primary key (tenant, coupon, deadline, redemption_id),
    foreign key (tenant, coupon) references coupon,
    foreign key (tenant, redemption_id) references redemption (tenant, redemption_id)
) strict, without rowid;

create table decision (
    tenant integer not null,
    redemption_id text not null,
    document text not null, -- the DecisionRecord as JSON
    primary key (tenant, redemption_id),
    foreign key (tenant, redemption_id) references redemption (tenant, redemption_id)
) strict, without rowid;

-- Events, up to 64 to a row, all of one batch and tenant. Each event names the row of its subject's event before it.
create table journal (
    journal integer not null primary key,
    tenant integer not null references tenant,
    at integer not null,
    events blob not null
) strict;

-- What was answered to an idempotency key.
create table answer (
    tenant integer not null,
    hash blob not null,
    fingerprint blob not null,
    at integer not null,
    outcome blob not null,
    primary key (tenant, hash)
) strict, without rowid;

-- Tallied from the events, in the transaction that writes them.
create table coupon_statistics (
    tenant integer not null,
    coupon integer not null,
    issued integer not null,
    held integer not null,
    locked integer not null,
    redeemed integer not null,
    returned integer not null,
    expired integer not null,
    revoked integer not null,
    value_given_minor integer not null,
    primary key (tenant, coupon),
    foreign key (tenant, coupon) references coupon
) strict, without rowid;

create table refusal_count (
    tenant integer not null,
    coupon integer not null,
    rejection text not null,
    count integer not null,
    primary key (tenant, coupon, rejection),
    foreign key (tenant, coupon) references coupon
) strict, without rowid;
