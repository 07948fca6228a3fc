//! What requests say of who is to be kept out, and what is shown of it.

use domain::access_block::{AccessBlock, BlockReason, BlockState, BlockTarget};
use domain::address::AddressRange;
use domain::event::Actor;
use domain::id::{AccessBlockId, ApiKeyId, CustomerId, TenantNo};
use domain::time::Timestamp;
use ports::NewAccessBlock;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::actor_body::{ActorBody, Actors};
use crate::app::{App, unexpected};
use crate::definition_body::check_chars;
use crate::names::customer_no_at;
use crate::problem::Problem;
use crate::schemas;
use crate::source::Source;

const NOTE_CHARS_MAX: usize = 500;

/// The widest ranges: what is wider can only be a slip.
const IPV4_PREFIX_MIN: u8 = 8;
const IPV6_PREFIX_MIN: u8 = 16;

/// Whom to keep out: exactly one of `customer_id`, `key_id` and `addresses`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewBlock {
    /// Neither claims nor redeems any more, whoever asks for it.
    #[schema(value_type = Option<String>)]
    customer_id: Option<CustomerId>,
    /// No call with this API key is answered any more.
    #[schema(value_type = Option<String>)]
    key_id: Option<ApiKeyId>,
    /// No call from this address or range is answered any more.
    #[schema(value_type = Option<String>, example = "203.0.113.0/24")]
    addresses: Option<AddressRange>,
    /// Why; whoever is refused is told this word.
    #[schema(value_type = schemas::BlockReason)]
    reason: BlockReason,
    /// For staff alone.
    #[schema(max_length = 500)]
    note: Option<String>,
    /// The end; without one, until it is removed.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

impl NewBlock {
    pub(crate) async fn parse(
        self,
        app: &App,
        (tenant, made_by): (TenantNo, Actor),
        source: Source,
    ) -> Result<NewAccessBlock, Problem> {
        if let Some(note) = &self.note {
            check_chars("/note", note, NOTE_CHARS_MAX)?;
        }
        if self.until.is_some_and(|until| until <= app.now()) {
            return Err(Problem::invalid_field("/until", "invalid", "must be in the future"));
        }
        let target = match (self.customer_id, self.key_id, self.addresses) {
            (Some(id), None, None) => BlockTarget::Customer(customer_no_at(app, tenant, id, "/customer_id").await?),
            (None, Some(id), None) => BlockTarget::Key(key_no_at(app, tenant, id).await?),
            (None, None, Some(range)) => BlockTarget::Addresses(check_range(range)?),
            _ => {
                let detail = "give exactly one of `customer_id`, `key_id` and `addresses`";
                return Err(Problem::invalid_field("", "invalid", detail));
            }
        };
        check_not_own(target, made_by, source)?;
        let Self { reason, note, until, .. } = self;
        Ok(NewAccessBlock { id: AccessBlockId((app.new_id)()), target, reason, note, made_by, until })
    }
}

async fn key_no_at(app: &App, tenant: TenantNo, id: ApiKeyId) -> Result<u32, Problem> {
    let keys = app.store.api_keys(tenant).await?;
    let found = keys.iter().find(|key| key.id == id).map(|key| key.no);
    found.ok_or_else(|| Problem::invalid_field("/key_id", "key_not_found", "there is no such API key"))
}

fn check_range(range: AddressRange) -> Result<AddressRange, Problem> {
    let least = if range.is_ipv4() { IPV4_PREFIX_MIN } else { IPV6_PREFIX_MIN };
    if range.prefix() >= least {
        return Ok(range);
    }
    Err(Problem::invalid_field("/addresses", "invalid", format!("must not be wider than /{least}")))
}

/// Who locks himself out could not take it back.
fn check_not_own(target: BlockTarget, actor: Actor, source: Source) -> Result<(), Problem> {
    let own = match target {
        BlockTarget::Key(no) if actor == Actor::Key(no) => "/key_id",
        BlockTarget::Addresses(range) if range.contains(source.address()) => "/addresses",
        BlockTarget::Key(_) | BlockTarget::Addresses(_) | BlockTarget::Customer(_) => return Ok(()),
    };
    Err(Problem::invalid_field(own, "own", "would keep you out yourself"))
}

/// Somebody is kept out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Block)]
pub(crate) struct BlockBody {
    #[schema(value_type = String, example = "ban_0198f0c2a5b47d10a1f2c3d4e5f60718")]
    id: AccessBlockId,
    #[schema(value_type = schemas::BlockState)]
    state: BlockState,
    #[schema(value_type = Option<String>)]
    customer_id: Option<CustomerId>,
    #[schema(value_type = Option<String>)]
    key_id: Option<ApiKeyId>,
    #[schema(value_type = Option<String>)]
    addresses: Option<AddressRange>,
    #[schema(value_type = schemas::BlockReason)]
    reason: BlockReason,
    note: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
    made_by: ActorBody,
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    removed_at: Option<Timestamp>,
    removed_by: Option<ActorBody>,
}

pub(crate) async fn show_block(app: &App, tenant: TenantNo, block: AccessBlock) -> Result<BlockBody, Problem> {
    let mut shown = show_blocks(app, tenant, vec![block]).await?;
    shown.pop().ok_or_else(unexpected)
}

pub(crate) async fn show_blocks(
    app: &App,
    tenant: TenantNo,
    blocks: Vec<AccessBlock>,
) -> Result<Vec<BlockBody>, Problem> {
    let now = app.now();
    let of_block = |block: &AccessBlock| {
        let removed_by = block.removed.map(|removal| removal.by);
        [Some(block.made_by), removed_by, one_of(block.target)].into_iter().flatten()
    };
    let actors = Actors::of(app, tenant, blocks.iter().flat_map(of_block)).await?;
    Ok(blocks.into_iter().map(|block| BlockBody::of(block, now, &actors)).collect())
}

/// A target that could act itself, so that its id is looked up with those who did.
fn one_of(target: BlockTarget) -> Option<Actor> {
    match target {
        BlockTarget::Customer(no) => Some(Actor::Customer(no)),
        BlockTarget::Key(no) => Some(Actor::Key(no)),
        BlockTarget::Addresses(_) => None,
    }
}

impl BlockBody {
    fn of(block: AccessBlock, now: Timestamp, actors: &Actors) -> Self {
        let state = block.state_at(now);
        let AccessBlock { id, target, reason, note, made_at, made_by, until, removed } = block;
        let (mut customer_id, mut key_id) = (None, None);
        match one_of(target).map(|actor| actors.body(actor)) {
            Some(ActorBody::Customer { id }) => customer_id = Some(id),
            Some(ActorBody::Key { id }) => key_id = id,
            _ => {}
        }
        let addresses = match target {
            BlockTarget::Addresses(range) => Some(range),
            BlockTarget::Customer(_) | BlockTarget::Key(_) => None,
        };
        Self {
            id,
            state,
            customer_id,
            key_id,
            addresses,
            reason,
            note,
            made_at,
            made_by: actors.body(made_by),
            until,
            removed_at: removed.map(|removal| removal.at),
            removed_by: removed.map(|removal| actors.body(removal.by)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(target: BlockTarget, caller: u32, address: &str, pointer: Option<&str>) {
        let source = Source::of(address.parse().expect("an address"));
        let found = check_not_own(target, Actor::Key(caller), source).err();
        let found = found.map(|problem| problem.errors()[0].pointer.clone());
        assert_eq!(found.as_deref(), pointer, "{target:?} by key {caller} from {address}");
    }

    #[test]
    fn nobody_locks_himself_out() {
        let range = |text: &str| BlockTarget::Addresses(text.parse().expect("a range"));
        check(BlockTarget::Key(1), 2, "203.0.113.7", None);
        check(BlockTarget::Key(1), 1, "203.0.113.7", Some("/key_id"));
        check(range("203.0.113.0/24"), 1, "203.0.113.7", Some("/addresses"));
        check(range("203.0.113.0/24"), 1, "203.0.114.7", None);
        check(range("2001:db8::/32"), 1, "203.0.114.7", None);
    }

    #[test]
    fn a_range_that_can_only_be_a_slip_is_refused() {
        for (range, fits) in [("10.0.0.0/8", true), ("0.0.0.0/7", false), ("2001::/16", true), ("2000::/3", false)] {
            assert_eq!(check_range(range.parse().expect("a range")).is_ok(), fits, "{range}");
        }
    }
}
