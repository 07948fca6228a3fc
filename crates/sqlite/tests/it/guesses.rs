//! Codes that were exported, and codes that were made up.

use std::collections::BTreeMap;

use domain::codes::{Alphabet, KeyRing, Pattern, Reading, RingKey, Shape, encode};
use domain::coupon::Definition;
use domain::id::{BlockId, CouponNo, FIRST_TENANT, VoucherKey, VoucherKind};
use domain::ledger::{Action, Outcome, RedeemRequest};
use domain::redemption::RedemptionId;
use domain::rejection::Rejection;
use domain::voucher::Block;
use ports::{Ledger, Records};

use crate::support::{Shop, new_id, order, ten_percent};

const GUESSES: usize = 1_000_000;
/// More than a caller may send at once, so that the million is looked up in few readings.
const GUESSES_PER_QUOTE: usize = 200;

const BASE32: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// As many codes as the rule about guessing allows of fourteen digits: one well-formed guess in 2^30 would hit.
const DIGIT_CODES: u64 = 9_313;

/// Xorshift: the same guesses in every run.
struct Guesses {
    state: u64,
    others: KeyRing,
}

impl Guesses {
    fn below(&mut self, bound: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % bound
    }

    /// One of a hat: any sixteen characters, what another installation would make of the same coupons, or the prefix
    /// that is known from a friend's voucher and digits.
    fn next(&mut self, coupons: [CouponNo; 2]) -> String {
        match self.below(4) {
            0 | 1 => (0..16).map(|_| char::from(BASE32[usize::try_from(self.below(32)).expect("small")])).collect(),
            2 => {
                let (coupon, ordinal) = (coupons[0], self.below(100_000));
                let key = VoucherKey { coupon, kind: VoucherKind::Bearer, ordinal };
                encode(&self.others, 1, FIRST_TENANT, &Pattern::default(), key).expect("a code")
            }
            _ => format!("SUMMER-{:014}", self.below(100_000_000_000_000)),
        }
    }
}

async fn block(shop: &Shop, coupon: CouponNo, count: u64) -> Block {
    let made = shop.done(Action::IssueBlock { coupon, id: BlockId(new_id()), count }).await;
    let Outcome::Block { block, .. } = made else { panic!("not a block: {made:?}") };
    block
}

fn request(id: &str, codes: Vec<Reading>) -> RedeemRequest {
    let id = RedemptionId::parse(id).expect("an id");
    let order = order(&format!("order of {}", id.as_str()));
    RedeemRequest { id, customer: None, order, codes, expected_total_minor: None, reserve_ms: None }
}

async fn redeem(shop: &Shop, id: &str, code: &str) -> Result<Outcome, Rejection> {
    let request = request(id, vec![shop.store.codes().read(FIRST_TENANT, code)]);
    let answer = shop.submit(Action::Redeem(Box::new(request))).await.expect("the store answers");
    answer.map(|answer| answer.outcome).map_err(|refusal| refusal.rejection)
}

#[tokio::test]
async fn vv_6_exported_codes_redeem_once_each_and_a_million_guesses_yield_none() {
    let shop = Shop::open();
    let plain = shop.coupon(ten_percent()).await;
    let pattern = Pattern::new("SUMMER-", Alphabet::Digits, 14).expect("a pattern");
    let digits = shop.coupon(Definition { pattern: Some(pattern.clone()), ..ten_percent() }).await;
    block(&shop, plain, 100_000).await;
    block(&shop, digits, DIGIT_CODES).await;

    for (coupon, pattern, ordinal) in [(plain, Pattern::default(), 99_999), (digits, pattern, DIGIT_CODES - 1)] {
        let key = VoucherKey { coupon, kind: VoucherKind::Bearer, ordinal };
        let code = shop.store.codes().code(FIRST_TENANT, &pattern, key, 1).expect("a computed code");
        redeem(&shop, &format!("first-{coupon}"), &code).await.expect("it was exported");
        assert_eq!(redeem(&shop, &format!("second-{coupon}"), &code).await, Err(Rejection::VoucherRedeemed));
    }

    let others = KeyRing::new(vec![RingKey { no: 1, secret: [77; 32] }]).expect("one key");
    let mut guesses = Guesses { state: 0x5eed, others };
    let (ring, mut shapes) = (shop.store.codes(), BTreeMap::new());
    for _ in 0..GUESSES / GUESSES_PER_QUOTE {
        let texts: Vec<String> = (0..GUESSES_PER_QUOTE).map(|_| guesses.next([plain, digits])).collect();
        let codes: Vec<Reading> = texts.iter().map(|text| ring.read(FIRST_TENANT, text)).collect();
        for reading in &codes {
            *shapes.entry(format!("{:?}", reading.shape)).or_insert(0) += 1;
        }
        let quote = shop.store.quote(FIRST_TENANT, request("guess", codes)).await.expect("the store answers");
        let unknown = quote.refused.iter().filter(|refused| refused.refusal.rejection == Rejection::CodeUnknown);
        assert_eq!(unknown.count(), GUESSES_PER_QUOTE, "one of these is worth something: {texts:?}");
    }
    // Well-formed guesses were among them, so that the look-up had its part.
    for shape in [Shape::Typo, Shape::Guess] {
        assert!(shapes.get(&format!("{shape:?}")).is_some_and(|count| *count > 10_000), "{shape:?}: {shapes:?}");
    }
}
