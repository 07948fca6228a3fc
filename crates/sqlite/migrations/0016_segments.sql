-- Groups of customers that conditions ask for: by a list of members or by a rule over who buys.
create table segment (
    tenant integer not null references tenant,
    segment integer not null, -- from 1
    name text, -- null once it was deleted, until its members are gone too
    version integer not null,
    rule text, -- the Rule as JSON; null: its members are listed
    saved_at integer not null,
    primary key (tenant, segment),
    constraint segment_name_is_unique unique (tenant, name)
) strict, without rowid;

-- Whom a segment lists: customers that stand for themselves. Who is merged into another hands it on, who is erased is gone.
create table segment_member (
    tenant integer not null,
    segment integer not null,
    customer integer not null,
    primary key (tenant, segment, customer),
    foreign key (tenant, segment) references segment,
    foreign key (tenant, customer) references customer
) strict, without rowid;

create index segment_member_of_customer on segment_member (tenant, customer, segment);
