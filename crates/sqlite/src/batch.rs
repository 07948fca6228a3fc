//! Which commands go into one transaction: whatever waits, in its order, up to a bound.

use domain::id::{CouponNo, TenantNo};
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
    defined: Vec<Defined>,
}

/// What a command writes of definitions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Defined {
    /// A coupon that has no number yet.
    New(TenantNo),
    Coupon(TenantNo, CouponNo),
}

impl Batch {
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether this one may join. Facts hold the last version of a row only, and every version of a coupon is kept: so
    /// a second change of a coupon waits for the next batch.
    pub fn takes(&self, tenant: TenantNo, action: &Action, count_max: usize) -> bool {
        self.count == 0
            || self.count < count_max
                && self.weight + action.weight() <= WEIGHT_MAX
                && !changed_coupon(action).is_some_and(|coupon| self.defines(tenant, coupon))
    }

    pub fn push(&mut self, submission: Submission) {
        let Submission { tenant, command, reply } = submission;
        self.count += 1;
        self.weight += command.action.weight();
        self.defined.extend(defined(tenant, &command.action));
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

    fn defines(&self, tenant: TenantNo, coupon: CouponNo) -> bool {
        let same = [Defined::New(tenant), Defined::Coupon(tenant, coupon)];
        self.defined.iter().any(|defined| same.contains(defined))
    }
}

fn defined(tenant: TenantNo, action: &Action) -> Option<Defined> {
    if matches!(action, Action::CreateCoupon { .. }) {
        return Some(Defined::New(tenant));
    }
    changed_coupon(action).map(|coupon| Defined::Coupon(tenant, coupon))
}

fn changed_coupon(action: &Action) -> Option<CouponNo> {
    match action {
        Action::UpdateCoupon { coupon, .. } | Action::MoveCoupon { coupon, .. } => Some(*coupon),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::coupon::CouponStep;
    use domain::event::Actor;
    use domain::id::CustomerNo;

    const HERE: TenantNo = TenantNo(1);

    fn pause(coupon: u32) -> Action {
        Action::MoveCoupon { coupon: CouponNo(coupon), step: CouponStep::Pause }
    }

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
    fn a_second_change_of_a_coupon_waits() {
        let one = batch(vec![pause(1)]);
        assert!(!one.takes(HERE, &pause(1), 10));
        assert!(one.takes(HERE, &pause(2), 10));
        assert!(one.takes(HERE, &claim(1), 10));
        assert!(one.takes(TenantNo(2), &pause(1), 10));
    }

    #[test]
    fn a_batch_is_bounded_by_count_and_weight() {
        assert!(!batch(vec![claim(1), claim(1)]).takes(HERE, &claim(1), 2));
        assert!(batch(vec![claim(1), claim(1)]).takes(HERE, &claim(1), 3));
        assert!(!batch(vec![claim(4000)]).takes(HERE, &claim(97), 10));
        assert!(batch(vec![]).takes(HERE, &claim(10_000), 10), "what is too heavy goes alone");
    }
}
