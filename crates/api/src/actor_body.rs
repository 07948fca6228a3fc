//! Who made something happen.

use std::collections::BTreeSet;

use domain::event::Actor;
use domain::id::{ApiKeyId, CustomerId, TenantNo};
use ports::ApiKey;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::names::Names;
use crate::problem::Problem;

/// Who made it happen.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = Actor)]
pub(crate) enum ActorBody {
    /// A deadline passed.
    System,
    /// The command line on the server itself.
    Operator,
    /// A server, by its API key.
    Key {
        #[schema(value_type = Option<String>)]
        id: Option<ApiKeyId>,
    },
    /// A customer.
    Customer {
        #[schema(value_type = String)]
        id: CustomerId,
    },
    /// A member of staff, by the number of the account.
    Staff { number: u32 },
}

/// The public ids of those who acted, each looked up once.
pub(crate) struct Actors {
    customers: Names,
    keys: Vec<ApiKey>,
}

impl Actors {
    pub(crate) async fn of(
        app: &App,
        tenant: TenantNo,
        actors: impl Iterator<Item = Actor> + Send,
    ) -> Result<Self, Problem> {
        let (mut customers, mut by_key) = (BTreeSet::new(), false);
        for actor in actors {
            match actor {
                Actor::Customer(no) => drop(customers.insert(no)),
                Actor::Key(_) => by_key = true,
                Actor::System | Actor::Operator | Actor::Staff(_) => {}
            }
        }
        let customers = Names::of(app, tenant, BTreeSet::new(), customers).await?;
        let keys = if by_key { app.store.api_keys(tenant).await? } else { Vec::new() };
        Ok(Self { customers, keys })
    }

    pub(crate) fn body(&self, actor: Actor) -> ActorBody {
        match actor {
            Actor::System => ActorBody::System,
            Actor::Operator => ActorBody::Operator,
            Actor::Key(no) => ActorBody::Key { id: self.keys.iter().find(|key| key.no == no).map(|key| key.id) },
            Actor::Customer(no) => ActorBody::Customer { id: self.customers.customer(no) },
            Actor::Staff(no) => ActorBody::Staff { number: no.0 },
        }
    }
}
