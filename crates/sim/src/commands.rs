//! From what the script asks to what the ledger is asked.

use anyhow::{Context as _, bail};
use domain::codes::{ComputedCode, Reading};
use domain::event::Actor;
use domain::gift::GiftChange;
use domain::id::FIRST_TENANT;
use domain::identity::IdentityKind;
use domain::ledger::{Action, Command, GivenEntry, RedeemRequest, ReturnLine};
use domain::order::{Line, Order};
use domain::redemption::RedemptionId;
use ports::{Ledger as _, MemberChanges, Records as _, SegmentStore as _};

use crate::compare::Told;
use crate::driver::{Answered, Driver, coupon_no, customer_no};
use crate::script::{Ask, Code, Redeem, Step};
use crate::shop::SEGMENT;

impl Driver {
    async fn command(&self, ask: &Ask) -> anyhow::Result<Command> {
        let key = ask.key.map(sixteen);
        Ok(Command {
            actor: Actor::Operator,
            key,
            fingerprint: sixteen(ask.fingerprint),
            action: self.action(ask).await?,
        })
    }

    /// Asks it of the store. What is asked is handed in at the first poll, whoever goes away then.
    pub(crate) async fn send(&self, ask: &Ask) -> anyhow::Result<impl Future<Output = Answered> + use<>> {
        let store = self.store.clone();
        let asked = match ask.step {
            Step::List { customer, is_listed } => {
                let (mut changes, no) = (MemberChanges::default(), customer_no(customer));
                if is_listed {
                    changes.add.push(no)
                } else {
                    changes.remove.push(no)
                }
                Err(changes)
            }
            _ => Ok(self.command(ask).await?),
        };
        Ok(async move {
            match asked {
                Ok(command) => store.submit(FIRST_TENANT, command).await.map(|answer| answer.map(Told::Answer)),
                Err(changes) => {
                    let of = (FIRST_TENANT, Actor::Operator);
                    let changed = store.change_members(of, SEGMENT.to_owned(), changes).await?;
                    let changed = changed.expect("the segment is there, and is a list");
                    Ok(Ok(Told::Listed(changed.added + changed.removed)))
                }
            }
        })
    }

    async fn action(&self, ask: &Ask) -> anyhow::Result<Action> {
        Ok(match &ask.step {
            Step::List { .. } => bail!("a list is no command"),
            Step::Claim { customer, coupons } => Action::Claim {
                customer: customer_no(*customer),
                coupons: coupons.iter().copied().map(coupon_no).collect(),
            },
            Step::Issue { coupon, customers } => Action::Issue {
                coupon: coupon_no(*coupon),
                customers: customers.iter().copied().map(customer_no).collect(),
            },
            Step::Give { coupon } => Action::IssueGiven { coupon: coupon_no(*coupon), codes: vec![self.gift(ask)] },
            Step::Release { voucher } => Action::Release { voucher: self.candidates(*voucher)? },
            Step::Revoke { voucher } => Action::Revoke { voucher: self.candidates(*voucher)? },
            Step::Assign { voucher, customer } => {
                Action::Assign { voucher: self.candidates(*voucher)?, customer: customer_no(*customer) }
            }
            Step::TopUp { voucher, amount_minor } => {
                let change = GiftChange { is_top_up: true, amount_minor: *amount_minor, reason: None };
                Action::ChangeGift { voucher: self.candidates(*voucher)?, change }
            }
            Step::Adjust { voucher, amount_minor } => {
                let reason = Some("counted anew".to_owned());
                let change = GiftChange { is_top_up: false, amount_minor: *amount_minor, reason };
                Action::ChangeGift { voucher: self.candidates(*voucher)?, change }
            }
            Step::Redeem(redeem) => Action::Redeem(Box::new(self.request(redeem).await?)),
            Step::Confirm { id } => Action::Confirm { redemption: RedemptionId::parse(id.as_str())? },
            Step::Cancel { id } => Action::Cancel { redemption: RedemptionId::parse(id.as_str())? },
            Step::Return { id, lines } => {
                let line = |(line, quantity): &(usize, u32)| ReturnLine { line: *line, quantity: *quantity };
                let lines = lines.as_ref().map(|lines| lines.iter().map(line).collect());
                Action::Return { redemption: RedemptionId::parse(id.as_str())?, lines }
            }
            Step::Move { coupon, step } => Action::MoveCoupon { coupon: coupon_no(*coupon), step: *step },
            Step::Share { customer, address } => {
                let (customer, value) = (customer_no(*customer), email(*address));
                Action::AddIdentity { customer, kind: IdentityKind::Email, value }
            }
            Step::Prove { customer, address } => {
                let (customer, value) = (customer_no(*customer), email(*address));
                Action::VerifyIdentity { customer, kind: IdentityKind::Email, value }
            }
            Step::SetMax { coupon, if_version, limit, max } => {
                let mut definition = self.model.coupons[*coupon].definition.clone();
                definition.limits[*limit].max = *max;
                let code = definition.code.as_deref().map(|text| self.read(text));
                let (coupon, if_version) = (coupon_no(*coupon), *if_version);
                Action::UpdateCoupon { coupon, if_version, definition: Box::new(definition), code }
            }
        })
    }

    /// A given code of its own for every command; a repetition gives the same.
    fn gift(&self, ask: &Ask) -> GivenEntry {
        let text = format!("GIFT-{:016X}", ask.fingerprint);
        let reading = self.read(&text);
        let sealed = self.store.codes().seal(FIRST_TENANT, &reading, &text);
        GivenEntry { reading, sealed, customer: None }
    }

    async fn request(&self, redeem: &Redeem) -> anyhow::Result<RedeemRequest> {
        let mut codes = Vec::new();
        for code in &redeem.codes {
            let text = match code {
                Code::Shared(coupon) => self.model.coupons[*coupon].definition.code.clone().context("a shared code")?,
                Code::Voucher(place) => {
                    let key = self.keys[*place].context("a voucher that was made")?;
                    let codes = self.store.voucher_codes(FIRST_TENANT, &[key]).await?;
                    codes.into_iter().next().flatten().context("a voucher has a code")?
                }
            };
            codes.push(self.read(&text));
        }
        let line = |(place, (quantity, price)): (usize, &(u32, i64))| Line::new(format!("S{place}"), *quantity, *price);
        let lines = redeem.lines.iter().enumerate().map(line).collect();
        Ok(RedeemRequest {
            id: RedemptionId::parse(redeem.id.as_str())?,
            customer: Some(customer_no(redeem.customer)),
            order: Order { id: Some(redeem.order.clone()), ..Order::new("EUR".parse()?, lines) },
            codes,
            expected_total_minor: None,
            reserve_ms: redeem.reserve_ms,
        })
    }

    fn candidates(&self, place: usize) -> anyhow::Result<Vec<ComputedCode>> {
        let (key, key_no) = self.keys[place].context("a voucher that was made")?;
        Ok(vec![ComputedCode { key_no, key }])
    }

    pub(crate) fn read(&self, text: &str) -> Reading {
        self.store.codes().read(FIRST_TENANT, text)
    }
}

fn email(address: usize) -> String {
    format!("address-{address}@x.example")
}

fn sixteen(number: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes
}
