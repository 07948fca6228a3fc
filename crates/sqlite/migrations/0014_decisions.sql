-- Every saved version of what a tenant has set: decisions name the one they were made under. Of the versions before this
-- table only the one in force is kept; decisions from before it carry what they need themselves.
create table tenant_version (
    tenant integer not null references tenant,
    version integer not null,
    settings text not null, -- the Settings as JSON
    primary key (tenant, version)
) strict, without rowid;

insert into tenant_version (tenant, version, settings)
select tenant, version, settings
from tenant;
