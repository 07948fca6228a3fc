-- What a tenant has set, as one document; zone and currency were columns of their own.
alter table tenant add column version integer not null default 1;
alter table tenant add column settings text not null default '{}'; -- the Settings as JSON
update tenant set settings = json_object('zone', zone, 'currency', currency);
alter table tenant drop column zone;
alter table tenant drop column currency;
create unique index tenant_name_is_unique on tenant (name);

-- Whose guest is who comes by a host name.
create table tenant_host (
    host text not null primary key,
    tenant integer not null references tenant
) strict, without rowid;

create index tenant_host_of_tenant on tenant_host (tenant);
