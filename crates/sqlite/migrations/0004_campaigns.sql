-- Definitions that move by the clock, campaigns with versions and states, and who restocked what.

-- When the clock moves it next; null: never.
alter table coupon add column due_at integer;

-- What a sweep of definitions looks at.
create index coupon_due on coupon (due_at) where due_at is not null;

-- The coupons of a campaign that something may still be done with.
create index coupon_at_work_of_campaign on coupon (tenant, campaign) where campaign is not null and state <> 4;

-- No program could make a campaign before this one, so the defaults stand in no row.
alter table campaign add column state integer not null default 0; -- as of coupon
alter table campaign add column due_at integer;

create index campaign_due on campaign (due_at) where due_at is not null;

-- Every saved version of a campaign.
create table campaign_version (
    tenant integer not null,
    campaign integer not null,
    version integer not null,
    document text not null,
    primary key (tenant, campaign, version),
    foreign key (tenant, campaign) references campaign
) strict, without rowid;

-- How much each contributor has put into the limits of a coupon.
create table contribution (
    tenant integer not null,
    coupon integer not null,
    contributor text not null,
    units integer not null,
    primary key (tenant, coupon, contributor),
    foreign key (tenant, coupon) references coupon,
    constraint contribution_is_positive check (units > 0)
) strict, without rowid;
