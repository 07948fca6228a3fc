//! What is promised of the data, and what was found.

use std::collections::BTreeMap;
use std::fmt;

/// Examples kept of each finding; the rest is counted.
const EXAMPLES_MAX: usize = 5;

macro_rules! promises {
    ($($promise:ident, $name:literal, $says:literal;)*) => {
        /// What is promised, in the order in which it is told.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum Promise { $($promise,)* }

        impl Promise {
            const ALL: &[Self] = &[$(Self::$promise,)*];

            /// Its stable name.
            fn name(self) -> &'static str {
                match self { $(Self::$promise => $name,)* }
            }

            fn says(self) -> &'static str {
                match self { $(Self::$promise => $says,)* }
            }
        }
    };
}

promises! {
    Integrity, "integrity", "the file's pages and indexes are sound";
    ForeignKeys, "foreign_keys", "every row's owner exists";
    RowsReadable, "rows_readable", "every row reads";
    JournalReadableAndOrdered, "journal_readable_and_ordered", "every event reads, and time never goes back";
    AnswersReadable, "answers_readable", "every answer to an idempotency key reads";
    AnswersFound, "answers_found", "an answer to an idempotency key is found by it and is its only one";
    UsageWithinBound, "usage_within_bound", "no limit is exceeded, none is below zero";
    UsageEqualsEvents, "usage_equals_events", "every usage is the sum of what the events say";
    UsageEqualsTakings, "usage_equals_takings", "what is held is what holds and reservations took; what was taken for good is used";
    TakingsEqualEvents, "takings_equal_events", "what a voucher, block or redemption took is what its events say";
    VoucherStateFollowsEvents, "voucher_state_follows_events", "a voucher is what its latest event says, and no event is missing";
    VoucherTransitionsLegal, "voucher_transitions_legal", "vouchers move by legal steps only";
    RedemptionStateFollowsEvents, "redemption_state_follows_events", "a redemption is what its latest event says, and no event is missing";
    RedemptionTransitionsLegal, "redemption_transitions_legal", "redemptions move by legal steps only";
    DefinitionsFollowEvents, "definitions_follow_events", "so are coupons, campaigns, customers and blocks";
    PersonsSettled, "persons_settled", "who is one person with others is so with all of them, and who stands for others is merged into none";
    MergedOwnNothing, "merged_own_nothing", "a customer that was merged owns no voucher and no identity";
    OneHolderPerIdentity, "one_holder_per_identity", "an identity is proven to be one customer's at most";
    PersonalFieldsOpen, "personal_fields_open", "what is personal has its key and opens, and identities are found by what they say";
    OneLiveRedemptionPerOrder, "one_live_redemption_per_order", "an order has at most one live redemption";
    RedemptionWholeOrNot, "redemption_whole_or_not", "all vouchers of a redemption are locked, all used, or none";
    VoucherLockHasPendingRedemption, "voucher_lock_has_pending_redemption", "a locked voucher has the reservation that locks it";
    VoucherUseHasRedemption, "voucher_use_has_redemption", "a used voucher has the redemption that used it, and no other voucher has one";
    WalletMatchesOwner, "wallet_matches_owner", "a voucher is in its owner's wallet and in no other";
    SeriesAboveOrdinals, "series_above_ordinals", "no ordinal is made twice, and blocks do not overlap";
    SequencesAboveNumbers, "sequences_above_numbers", "no number is given twice";
    BearerInBlock, "bearer_in_block", "a bearer voucher's ordinal lies in a block";
    GivenCodeHasVoucher, "given_code_has_voucher", "a given code has one voucher, and that voucher one code";
    PoolIsNobodys, "pool_is_nobodys", "what waits in a pool is nobody's, and what was claimed from it has an owner";
    DrawnAmountsCounted, "drawn_amounts_counted", "what was drawn for a voucher is what its budgets counted";
    CollectionsCounted, "collections_counted", "a collection has as many entries as it says";
    ImportsAccounted, "imports_accounted", "every line of an import was taken in, refused and listed, or waits";
    StatisticsEqualEvents, "statistics_equal_events", "a coupon's figures are the tally of the events";
    StatisticsEqualRows, "statistics_equal_rows", "a coupon's figures are what the rows count to";
    SettlementsEqualRedemptions, "settlements_equal_redemptions", "settlements are what redemptions gave and got back, by days and by months, to the cent";
    ReservationRowsMatch, "reservation_rows_match", "every pending redemption is listed to be ended, and nothing else";
    DiscountAddsUp, "discount_adds_up", "lines add up to parts, parts to the discount, and no more comes back than was given";
    GiftFollowsEvents, "gift_follows_events", "gift value is what its latest event says, and no event is missing";
    GiftEqualsEntries, "gift_equals_entries", "the balance of gift value is the sum of its entries, from its issue on";
    GiftHeldByReservations, "gift_held_by_reservations", "what is held of gift value is what pending redemptions will pay";
    GiftNotNegative, "gift_not_negative", "no balance is below zero, or below what is held of it";
    PaymentsAddUp, "payments_add_up", "gift value pays no more than the total, and what came back is the share of what was returned";
    DecisionReplays, "decision_replays", "a redemption is what was decided, and deciding again says the same";
    CouponVersionsComplete, "coupon_versions_complete", "every version of a coupon is kept, the last is the coupon";
    SettingsVersionsComplete, "settings_versions_complete", "every version of a tenant's settings since they are kept is there, the last is the tenant's";
    CampaignVersionsComplete, "campaign_versions_complete", "every version of a campaign is kept, the last is the campaign";
    DefinitionTransitionsLegal, "definition_transitions_legal", "coupons and campaigns move by legal steps only";
    DefinitionsDueRight, "definitions_due_right", "what the clock is to move is listed under its instant";
    DefinitionRowsMatch, "definition_rows_match", "a coupon's code, pattern and limits have their rows";
    AuditChainUnbroken, "audit_chain_unbroken", "the audit log is as it was written, from its first entry to its last";
    AuditComplete, "audit_complete", "every change of a coupon by staff, key or operator is in the audit log";
    AccessBlocksKept, "access_blocks_kept", "a block stands until its end or its removal, and none is gone";
    CodeRoundtrip, "code_roundtrip", "codes and ids read back as the voucher they were made for";
    SealedRowsOpen, "sealed_rows_open", "what a row keeps sealed opens for that row";
}

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The stable name of the check.
    pub check: &'static str,
    /// How often.
    pub count: u64,
    /// The first few.
    pub examples: Vec<String>,
}

/// What a check of all promises came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What does not hold, one per check, in their order.
    pub findings: Vec<Finding>,
    /// Which checks could not be made, and why.
    pub skipped: Vec<(&'static str, &'static str)>,
    /// How much was looked at, by name.
    pub counted: Vec<(&'static str, u64)>,
}

impl Report {
    /// Whether all that was checked holds.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

/// The stable name of every check, with what it promises, in their order.
pub fn checks() -> impl Iterator<Item = (&'static str, &'static str)> {
    Promise::ALL.iter().map(|promise| (promise.name(), promise.says()))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for promise in Promise::ALL {
            let finding = self.findings.iter().find(|finding| finding.check == promise.name());
            let skipped = self.skipped.iter().find(|(check, _)| *check == promise.name());
            let result = match (finding, skipped) {
                (Some(finding), _) => format!("{} found", finding.count),
                (None, Some(_)) => "skipped".to_owned(),
                (None, None) => "ok".to_owned(),
            };
            writeln!(f, "{:<36} {result:<12} {}", promise.name(), promise.says())?;
            for example in finding.iter().flat_map(|finding| &finding.examples) {
                writeln!(f, "    {example}")?;
            }
            if let Some((_, why)) = skipped {
                writeln!(f, "    {why}")?;
            }
        }
        let counted: Vec<String> = self.counted.iter().map(|(what, number)| format!("{number} {what}")).collect();
        write!(f, "looked at {}", counted.join(", "))
    }
}

/// A report as it is gathered.
#[derive(Debug, Default)]
pub(super) struct Findings {
    found: BTreeMap<Promise, (u64, Vec<String>)>,
    skipped: BTreeMap<Promise, &'static str>,
    counted: Vec<(&'static str, u64)>,
}

impl Findings {
    /// Something that does not hold.
    pub(super) fn add(&mut self, promise: Promise, example: impl FnOnce() -> String) {
        let (count, examples) = self.found.entry(promise).or_default();
        *count += 1;
        if examples.len() < EXAMPLES_MAX {
            examples.push(example());
        }
    }

    /// A check that cannot be made.
    pub(super) fn skip(&mut self, promise: Promise, why: &'static str) {
        self.skipped.insert(promise, why);
    }

    /// How many rows were looked at.
    pub(super) fn counted(&mut self, what: &'static str, number: u64) {
        self.counted.push((what, number));
    }

    pub(super) fn report(self) -> Report {
        let finding = |(promise, (count, examples)): (Promise, _)| Finding { check: promise.name(), count, examples };
        Report {
            findings: self.found.into_iter().map(finding).collect(),
            skipped: self.skipped.into_iter().map(|(promise, why)| (promise.name(), why)).collect(),
            counted: self.counted,
        }
    }
}
