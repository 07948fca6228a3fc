-- By the number of the redemption and not by its id: rows then follow each other, and one of usual length needs no page of its
-- own, as it did in an index.
create table decision_row (
    redemption integer not null primary key references redemption,
    document text not null -- the DecisionRecord as JSON
) strict;

insert into decision_row (redemption, document)
select redemption, document
from redemption
join decision using (tenant, redemption_id)
order by redemption;

drop table decision;
alter table decision_row rename to decision;
