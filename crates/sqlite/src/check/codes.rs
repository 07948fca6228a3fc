//! Codes and ids: every row names a ring key that is kept; of a sample, code and id read back as what they were made for.

use std::collections::{BTreeMap, BTreeSet};

use domain::codes::{ComputedCode, Pattern};
use domain::event::Subject;
use domain::id::{CouponNo, TenantNo, VoucherKey, VoucherKind};
use domain::voucher::{Block, Voucher};
use ports::{Codes, StoreError};
use rusqlite::Connection;

use super::Run;
use super::names::name;
use super::report::Promise;
use crate::query::each;
use crate::records::codes::{Kept, given};
use crate::rows::json;

/// Vouchers whose code is made and read back.
const SAMPLE: u64 = 1_000;

/// Picks some rows of many, evenly.
pub(super) struct Sample {
    every: u64,
    seen: u64,
}

impl Sample {
    pub(super) fn new(of: u64) -> Self {
        Self { every: of / SAMPLE + 1, seen: 0 }
    }

    fn takes(&mut self) -> bool {
        self.seen += 1;
        (self.seen - 1).is_multiple_of(self.every)
    }
}

/// What codes are made with.
#[derive(Debug, Default)]
pub(super) struct CodeRows {
    ring: BTreeSet<u32>,
    patterns: BTreeMap<(TenantNo, CouponNo), Pattern>,
}

impl CodeRows {
    /// The coupon's own pattern.
    pub(super) fn pattern(&self, tenant: TenantNo, coupon: CouponNo) -> Option<&Pattern> {
        self.patterns.get(&(tenant, coupon))
    }
}

const RING: &str = "
    select key_no
    from code_key";

const PATTERNS: &str = "
    select tenant, coupon, document
    from code_pattern
    order by tenant, coupon";

/// Loads them, and tells the codes of the patterns if they were never told of any.
pub(super) fn load(run: &mut Run<'_>) -> Result<(), StoreError> {
    each(run.connection, RING, [], |row| {
        run.code_rows.ring.insert(row.get(0)?);
        Ok(())
    })?;
    let mut of_tenants: BTreeMap<TenantNo, Vec<(Pattern, CouponNo)>> = BTreeMap::new();
    each(run.connection, PATTERNS, [], |row| {
        let (tenant, coupon) = (TenantNo(row.get(0)?), CouponNo(row.get(1)?));
        match json::<Pattern>(row, 2) {
            Ok(pattern) => {
                of_tenants.entry(tenant).or_default().push((pattern.clone(), coupon));
                run.code_rows.patterns.insert((tenant, coupon), pattern);
            }
            Err(error) => run.findings.add(Promise::RowsReadable, || {
                format!("the pattern of coupon {coupon} of tenant {}: {error}", tenant.0)
            }),
        }
        Ok(())
    })?;
    for (tenant, patterns) in of_tenants {
        if let Some(codes) = run.codes.filter(|codes| codes.patterns(tenant).is_empty()) {
            codes.set_patterns(tenant, patterns);
        }
    }
    Ok(())
}

pub(super) fn check_voucher(run: &mut Run<'_>, sample: &mut Sample, tenant: TenantNo, voucher: &Voucher) {
    let made = ComputedCode { key_no: voucher.key_no, key: voucher.key };
    let sampled = run.codes.filter(|_| sample.takes());
    let why = is_in_ring(run, made.key_no).and_then(|()| {
        let Some(codes) = sampled else { return Ok(()) };
        match made.key.kind {
            VoucherKind::Given => given_reads_back(run.connection, codes, tenant, made.key)?,
            VoucherKind::Row | VoucherKind::Bearer => code_reads_back(&run.code_rows, codes, tenant, made)?,
        }
        id_reads_back(codes, tenant, made)
    });
    if let Err(why) = why {
        run.findings.add(Promise::CodeRoundtrip, || format!("{}: {why}", name(tenant, &Subject::Voucher(made.key))));
    }
}

/// The first and the last code of a block.
pub(super) fn check_block(run: &mut Run<'_>, tenant: TenantNo, coupon: CouponNo, block: &Block) {
    let last = block.first.saturating_add(block.count).saturating_sub(1);
    let both = [block.first, last].map(|ordinal| VoucherKey { coupon, kind: VoucherKind::Bearer, ordinal });
    let why = is_in_ring(run, block.key_no).and_then(|()| {
        let Some(codes) = run.codes else { return Ok(()) };
        both.into_iter().try_for_each(|key| {
            code_reads_back(&run.code_rows, codes, tenant, ComputedCode { key_no: block.key_no, key })
        })
    });
    if let Err(why) = why {
        run.findings
            .add(Promise::CodeRoundtrip, || format!("{}: {why}", name(tenant, &Subject::Block(coupon, block.id))));
    }
}

fn is_in_ring(run: &Run<'_>, key_no: u32) -> Result<(), String> {
    if run.code_rows.ring.contains(&key_no) { Ok(()) } else { Err(format!("there is no ring key {key_no}")) }
}

fn code_reads_back(rows: &CodeRows, codes: &Codes, tenant: TenantNo, made: ComputedCode) -> Result<(), String> {
    let default = Pattern::default();
    let pattern = rows.pattern(tenant, made.key.coupon).unwrap_or(&default);
    let code = codes.code(tenant, pattern, made.key, made.key_no).map_err(|error| error.to_string())?;
    let reads = codes.read(tenant, &code).computed.contains(&made);
    if reads { Ok(()) } else { Err("its code reads as another's".to_owned()) }
}

fn id_reads_back(codes: &Codes, tenant: TenantNo, made: ComputedCode) -> Result<(), String> {
    let id = codes.voucher_id(tenant, made.key, made.key_no).map_err(|error| error.to_string())?;
    let reads = codes.voucher_candidates(tenant, &id).contains(&made);
    if reads { Ok(()) } else { Err("its id reads as another's".to_owned()) }
}

/// That there is no row at all is told of elsewhere.
fn given_reads_back(connection: &Connection, codes: &Codes, tenant: TenantNo, key: VoucherKey) -> Result<(), String> {
    let kept = given(connection, tenant, key).map_err(|error| error.to_string())?;
    let Some(Kept { hash, sealed }) = kept else { return Ok(()) };
    let text = codes.open(tenant, &hash, &sealed).map_err(|error| format!("its code {error}"))?;
    if codes.read(tenant, &text).hash == hash { Ok(()) } else { Err("its code has another hash".to_owned()) }
}
