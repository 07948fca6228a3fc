//! Which commands go into one transaction: whatever waits, in its order, up to a bound.

use domain::id::TenantNo;
use domain::ledger::{Action, Command};
use tokio::sync::oneshot;

use crate::queue::{Reply, Submission};

/// What the commands of a batch may weigh together; one that weighs more goes alone.
pub(crate) const WEIGHT_MAX: usize = 4096;

/// The commands of one tenant, with who waits for each.
pub(crate) struct Group {
    pub tenant: TenantNo,
    pub commands: Vec<Command>,
    pub replies: Vec<oneshot::Sender<Reply>>,
}

/// The commands of one transaction, by tenant.
#[derive(Default)]
pub(crate) struct Batch {
    pub groups: Vec<Group>,
    count: usize,
    weight: usize,
}

impl Batch {
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether this one may join.
    pub fn takes(&self, action: &Action, count_max: usize) -> bool {
        self.count == 0 || self.count < count_max && self.weight + action.weight() <= WEIGHT_MAX
    }

    pub fn push(&mut self, submission: Submission) {
        let Submission { tenant, command, reply } = submission;
        self.count += 1;
        self.weight += command.action.weight();
        let group = match self.groups.iter_mut().find(|group| group.tenant == tenant) {
            Some(group) => group,
            None => {
                self.groups.push(Group { tenant, commands: Vec::new(), replies: Vec::new() });
                self.groups.last_mut().expect("one was pushed")
            }
        };
        group.commands.push(command);
        group.replies.push(reply);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::event::Actor;
    use domain::id::{CouponNo, CustomerNo};

    const HERE: TenantNo = TenantNo(1);

    fn claim(coupons: u32) -> Action {
        Action::Claim { customer: CustomerNo(1), coupons: (0..coupons).map(CouponNo).collect() }
    }

    fn batch(actions: Vec<Action>) -> Batch {
        let mut batch = Batch::default();
        for action in actions {
            let command = Command { actor: Actor::System, key: None, fingerprint: [0; 16], action };
            batch.push(Submission { tenant: HERE, command, reply: oneshot::channel().0 });
        }
        batch
    }

    #[test]
    fn a_batch_is_bounded_by_count_and_weight() {
        assert!(!batch(vec![claim(1), claim(1)]).takes(&claim(1), 2));
        assert!(batch(vec![claim(1), claim(1)]).takes(&claim(1), 3));
        assert!(!batch(vec![claim(4000)]).takes(&claim(97), 10));
        assert!(batch(vec![]).takes(&claim(10_000), 10), "what is too heavy goes alone");
    }
}
