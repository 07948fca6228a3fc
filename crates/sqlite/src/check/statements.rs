//! Promises that one statement can find the exceptions from: each gives a sentence per exception.

use ports::StoreError;

use super::Run;
use super::report::Promise;
use crate::query::each;

pub(super) const ALL: &[(Promise, &str)] = &[
    (Promise::UsageWithinBound, USAGE),
    (Promise::OneLiveRedemptionPerOrder, ORDERS),
    (Promise::WalletMatchesOwner, WALLET_WITHOUT_OWNER),
    (Promise::WalletMatchesOwner, OWNER_WITHOUT_WALLET),
    (Promise::PersonsSettled, PERSON_OF_ANOTHER),
    (Promise::PersonsSettled, MERGED_ON),
    (Promise::PersonsSettled, MERGED_APART),
    (Promise::MergedOwnNothing, MERGED_WITH_VOUCHER),
    (Promise::MergedOwnNothing, MERGED_WITH_IDENTITY),
    (Promise::OneHolderPerIdentity, HOLDERS),
    (Promise::PersonalFieldsOpen, PROFILE_WITHOUT_KEY),
    (Promise::PersonalFieldsOpen, IDENTITY_WITHOUT_KEY),
    (Promise::PersonalFieldsOpen, EXTERNAL_ID_UNPROVEN),
    (Promise::SeriesAboveOrdinals, SERIES_OF_VOUCHERS),
    (Promise::SeriesAboveOrdinals, SERIES_OF_BLOCKS),
    (Promise::SeriesAboveOrdinals, BLOCKS_OVERLAP),
    (Promise::SequencesAboveNumbers, SEQUENCE_OF_COUPONS),
    (Promise::SequencesAboveNumbers, SEQUENCE_OF_CUSTOMERS),
    (Promise::SequencesAboveNumbers, SEQUENCE_OF_CAMPAIGNS),
    (Promise::SequencesAboveNumbers, SEQUENCE_OF_LIMITS),
    (Promise::SequencesAboveNumbers, SEQUENCE_OF_ACCOUNTS),
    (Promise::BearerInBlock, BEARER_WITHOUT_BLOCK),
    (Promise::GivenCodeHasVoucher, CODE_WITHOUT_VOUCHER),
    (Promise::GivenCodeHasVoucher, VOUCHER_WITHOUT_CODE),
    (Promise::PoolIsNobodys, POOLED_WITH_OWNER),
    (Promise::PoolIsNobodys, HELD_WITHOUT_OWNER),
    (Promise::DrawnAmountsCounted, DRAWN_BY_ANOTHER_BENEFIT),
    (Promise::CollectionsCounted, COLLECTION_UNLIKE_ENTRIES),
    (Promise::ImportsAccounted, IMPORT_NOT_WHOLE),
    (Promise::ImportsAccounted, IMPORT_UNLIKE_REFUSALS),
    (Promise::ImportsAccounted, IMPORT_UNLIKE_CHUNKS),
    (Promise::CouponVersionsComplete, VERSIONS_INCOMPLETE),
    (Promise::CouponVersionsComplete, VERSION_UNLIKE_COUPON),
    (Promise::SettingsVersionsComplete, SETTINGS_VERSIONS_INCOMPLETE),
    (Promise::SettingsVersionsComplete, VERSION_UNLIKE_SETTINGS),
    (Promise::CampaignVersionsComplete, CAMPAIGN_VERSIONS_INCOMPLETE),
    (Promise::CampaignVersionsComplete, VERSION_UNLIKE_CAMPAIGN),
    (Promise::AccessBlocksKept, BLOCK_WITHOUT_END),
    (Promise::AccessBlocksKept, BLOCKS_GONE),
];

pub(super) fn run_all(run: &mut Run<'_>) -> Result<(), StoreError> {
    for &(promise, sql) in ALL {
        each(run.connection, sql, [], |row| {
            let sentence: String = row.get(0)?;
            run.findings.add(promise, || sentence);
            Ok(())
        })?;
    }
    Ok(())
}

const USAGE: &str = "
    select format('limit %d of tenant %d, subject %d, period %d: %d used and %d held of %d',
        usage_limit, tenant, subject, period, used, held, bound)
    from usage
    where used < 0 or held < 0 or used + held > bound";

/// `not indexed`: the index is what makes it so, and is not asked whether it did.
const ORDERS: &str = "
    select format('an order of tenant %d has %d: %s and %s',
        tenant, count(*), min(redemption_id), max(redemption_id))
    from redemption not indexed
    where state in (0, 1) and order_id is not null
    group by tenant, order_id
    having count(*) > 1";

const WALLET_WITHOUT_OWNER: &str = "
    select format('voucher %d/%d/%d of tenant %d is in the wallet of customer %d, who does not own it',
        wallet.coupon, wallet.kind, wallet.ordinal, wallet.tenant, wallet.customer)
    from wallet
    left join voucher using (tenant, coupon, kind, ordinal)
    where voucher.customer is not wallet.customer";

const OWNER_WITHOUT_WALLET: &str = "
    select format('voucher %d/%d/%d of tenant %d is not in the wallet of its owner, customer %d',
        voucher.coupon, voucher.kind, voucher.ordinal, voucher.tenant, voucher.customer)
    from voucher
    left join wallet using (tenant, customer, coupon, kind, ordinal)
    where voucher.customer is not null and wallet.tenant is null";

const PERSON_OF_ANOTHER: &str = "
    select format('customer %d of tenant %d is one person with %d, who is one with %d',
        person.customer, person.tenant, person.person, first.person)
    from person
    join person as first on first.tenant = person.tenant and first.customer = person.person
    where first.person <> first.customer";

const MERGED_ON: &str = "
    select format('customer %d of tenant %d was merged into %d, which was merged into %d',
        person.customer, person.tenant, person.merged_into, stands.merged_into)
    from person
    join person as stands on stands.tenant = person.tenant and stands.customer = person.merged_into
    where stands.merged_into is not null";

const MERGED_APART: &str = "
    select format('customer %d of tenant %d was merged into %d and is another person',
        person.customer, person.tenant, person.merged_into)
    from person
    left join person as stands on stands.tenant = person.tenant and stands.customer = person.merged_into
    where person.merged_into is not null and person.person <> ifnull(stands.person, person.merged_into)";

const MERGED_WITH_VOUCHER: &str = "
    select format('customer %d of tenant %d was merged into %d and owns voucher %d/%d/%d',
        person.customer, person.tenant, person.merged_into, coupon, kind, ordinal)
    from person
    join wallet using (tenant, customer)
    where merged_into is not null";

const MERGED_WITH_IDENTITY: &str = "
    select format('customer %d of tenant %d was merged into %d and carries an identity of kind %d',
        person.customer, person.tenant, person.merged_into, kind)
    from person
    join identity using (tenant, customer)
    where merged_into is not null";

/// `not indexed`, as above.
const HOLDERS: &str = "
    select format('an identity of kind %d of tenant %d is proven to be that of %d customers: %d and %d',
        kind, tenant, count(*), min(customer), max(customer))
    from identity not indexed
    where verified_at is not null
    group by tenant, kind, hash
    having count(*) > 1";

const PROFILE_WITHOUT_KEY: &str = "
    select format('customer %d of tenant %d has a profile and no key', customer.customer, customer.tenant)
    from customer
    left join customer_key using (tenant, customer)
    where profile is not null and sealed is null";

const IDENTITY_WITHOUT_KEY: &str = "
    select format('customer %d of tenant %d has an identity of kind %d and no key',
        identity.customer, identity.tenant, kind)
    from identity
    left join customer_key using (tenant, customer)
    where customer_key.sealed is null";

const EXTERNAL_ID_UNPROVEN: &str = "
    select format('customer %d of tenant %d has an external id that is not proven', customer, tenant)
    from identity
    where kind = 0 and verified_at is null";

const SERIES_OF_VOUCHERS: &str = "
    select format('coupon %d of tenant %d, kind %d: ordinal %d exists, the next is %d',
        coupon, tenant, kind, last, ifnull(next, 0))
    from (
        select tenant, coupon, kind, max(ordinal) as last
        from voucher
        group by tenant, coupon, kind
    )
    left join series using (tenant, coupon, kind)
    where last >= ifnull(next, 0)";

const SERIES_OF_BLOCKS: &str = "
    select format('coupon %d of tenant %d: a block has ordinals up to %d, the next is %d',
        coupon, tenant, first + count - 1, ifnull(next, 0))
    from code_block
    left join (select tenant, coupon, next from series where kind = 1) using (tenant, coupon)
    where first + count > ifnull(next, 0)";

const BLOCKS_OVERLAP: &str = "
    select format('coupon %d of tenant %d: the block that begins at %d reaches into the one that begins at %d',
        coupon, tenant, before, first)
    from (
        select tenant, coupon, first,
            lag(first) over of_coupon as before,
            lag(first + count) over of_coupon as before_ends
        from code_block
        window of_coupon as (partition by tenant, coupon order by first)
    )
    where before_ends > first";

const SEQUENCE_OF_COUPONS: &str = "
    select format('tenant %d has coupon %d, the next is %d', tenant, max(coupon), ifnull(next, 1))
    from coupon
    left join (select tenant, next from sequence where kind = 0) using (tenant)
    group by tenant
    having max(coupon) >= ifnull(next, 1)";

const SEQUENCE_OF_CUSTOMERS: &str = "
    select format('tenant %d has customer %d, the next is %d', tenant, max(customer), ifnull(next, 1))
    from customer
    left join (select tenant, next from sequence where kind = 1) using (tenant)
    group by tenant
    having max(customer) >= ifnull(next, 1)";

const SEQUENCE_OF_CAMPAIGNS: &str = "
    select format('tenant %d has campaign %d, the next is %d', tenant, max(campaign), ifnull(next, 1))
    from campaign
    left join (select tenant, next from sequence where kind = 2) using (tenant)
    group by tenant
    having max(campaign) >= ifnull(next, 1)";

const SEQUENCE_OF_LIMITS: &str = "
    select format('tenant %d has limit %d, the next is %d', tenant, max(usage_limit), ifnull(next, 1))
    from usage_limit
    left join (select tenant, next from sequence where kind = 3) using (tenant)
    group by tenant
    having max(usage_limit) >= ifnull(next, 1)";

const SEQUENCE_OF_ACCOUNTS: &str = "
    select format('tenant %d has account %d, the next is %d', tenant, max(account), ifnull(next, 1))
    from account
    left join (select tenant, next from sequence where kind = 4) using (tenant)
    group by tenant
    having max(account) >= ifnull(next, 1)";

/// The last block that begins at or before the ordinal is the only one that can cover it.
const BEARER_WITHOUT_BLOCK: &str = "
    select format('voucher %d/1/%d of tenant %d', coupon, ordinal, tenant)
    from voucher
    where kind = 1 and not ifnull((
        select voucher.ordinal < first + count and voucher.key_no = key_no
        from code_block
        where code_block.tenant = voucher.tenant and code_block.coupon = voucher.coupon and first <= voucher.ordinal
        order by first desc
        limit 1
    ), false)";

const CODE_WITHOUT_VOUCHER: &str = "
    select format('the code of voucher %d/2/%d of tenant %d has no voucher',
        given_code.coupon, given_code.ordinal, given_code.tenant)
    from given_code
    left join voucher on voucher.tenant = given_code.tenant and voucher.coupon = given_code.coupon
        and voucher.kind = 2 and voucher.ordinal = given_code.ordinal
    where voucher.tenant is null";

/// One whose hold ended unseen has left its code to another.
const VOUCHER_WITHOUT_CODE: &str = "
    select format('voucher %d/2/%d of tenant %d has no code', voucher.coupon, voucher.ordinal, voucher.tenant)
    from voucher
    left join given_code using (tenant, coupon, ordinal)
    where voucher.kind = 2 and given_code.tenant is null and voucher.state not in (4, 5)";

const DRAWN_BY_ANOTHER_BENEFIT: &str = "
    select format('voucher %d/%d/%d of tenant %d has an amount, and its coupon gives no random one',
        voucher.coupon, kind, ordinal, voucher.tenant)
    from voucher
    join coupon using (tenant, coupon)
    where amount_minor is not null and json_extract(document, '$.definition.benefit.type') <> 'random_amount'";

const POOLED_WITH_OWNER: &str = "
    select format('voucher %d/%d/%d of tenant %d waits in the pool and is given, held or used',
        coupon, kind, ordinal, tenant)
    from voucher
    where state = 6 and not (
        kind = 2 and customer is null and held_until is null and locked_until is null and redemption_id is null
        and takings is null and valid_from is null and valid_until is null
    )";

const HELD_WITHOUT_OWNER: &str = "
    select format('voucher %d/%d/%d of tenant %d is held by nobody', coupon, kind, ordinal, tenant)
    from voucher
    where held_until is not null and customer is null";

const COLLECTION_UNLIKE_ENTRIES: &str = "
    select 'collection ' || collection || ' of tenant ' || tenant || ' says ' || entries || ' entries'
    from collection as one
    where name is not null and entries <> (
        select count(*) from collection_entry as entry
        where entry.tenant = one.tenant and entry.collection = one.collection)";

const IMPORT_NOT_WHOLE: &str = "
    select format('import %d of tenant %d has %d lines, %d taken in and %d refused',
        import, tenant, lines, accepted, refused)
    from import
    where accepted + refused > lines or (state = 2 and accepted + refused <> lines)";

const IMPORT_UNLIKE_REFUSALS: &str = "
    select format('import %d of tenant %d refused %d lines, and %d are listed',
        import.import, import.tenant, import.refused, count(line))
    from import
    left join import_refusal using (import)
    group by import.import
    having count(line) <> import.refused";

/// Each chunk that was not decided waits, from the next one on.
const IMPORT_UNLIKE_CHUNKS: &str = "
    select format('import %d of tenant %d waits from chunk %d of %d, and %d wait',
        import.import, import.tenant, import.next_chunk, import.chunks, count(import_chunk.chunk))
    from import
    left join import_chunk using (import)
    group by import.import
    having count(import_chunk.chunk) <> import.chunks - import.next_chunk
        or min(import_chunk.chunk) <> import.next_chunk
        or max(import_chunk.chunk) <> import.chunks - 1";

const VERSIONS_INCOMPLETE: &str = "
    select format('coupon %d of tenant %d has version %d, and %d of them are kept',
        coupon.coupon, coupon.tenant, coupon.version, count(coupon_version.version))
    from coupon
    left join coupon_version using (tenant, coupon)
    group by coupon.tenant, coupon.coupon
    having count(coupon_version.version) <> coupon.version
        or min(coupon_version.version) <> 1
        or max(coupon_version.version) <> coupon.version";

const VERSION_UNLIKE_COUPON: &str = "
    select format('coupon %d of tenant %d is not its latest version', coupon.coupon, coupon.tenant)
    from coupon
    join coupon_version using (tenant, coupon, version)
    where coupon_version.document <> coupon.document";

/// The first that is kept is the one that was in force when keeping them began.
const SETTINGS_VERSIONS_INCOMPLETE: &str = "
    select format('tenant %d has version %d of its settings, and %d are kept, from %d on',
        tenant.tenant, tenant.version, count(tenant_version.version), min(tenant_version.version))
    from tenant
    left join tenant_version using (tenant)
    group by tenant.tenant
    having max(tenant_version.version) is not tenant.version
        or count(tenant_version.version) <> tenant.version - min(tenant_version.version) + 1";

const VERSION_UNLIKE_SETTINGS: &str = "
    select format('the settings of tenant %d are not their latest version', tenant.tenant)
    from tenant
    join tenant_version using (tenant, version)
    where tenant_version.settings <> tenant.settings";

const CAMPAIGN_VERSIONS_INCOMPLETE: &str = "
    select format('campaign %d of tenant %d has version %d, and %d of them are kept',
        campaign.campaign, campaign.tenant, campaign.version, count(campaign_version.version))
    from campaign
    left join campaign_version using (tenant, campaign)
    group by campaign.tenant, campaign.campaign
    having count(campaign_version.version) <> campaign.version
        or min(campaign_version.version) <> 1
        or max(campaign_version.version) <> campaign.version";

const VERSION_UNLIKE_CAMPAIGN: &str = "
    select format('campaign %d of tenant %d is not its latest version', campaign.campaign, campaign.tenant)
    from campaign
    join campaign_version using (tenant, campaign, version)
    where campaign_version.document <> campaign.document";
/// An end is written down when the next block is made, never before it has come.
const BLOCK_WITHOUT_END: &str = "
    select format('block %d of tenant %d does not keep out what it should', access_block, tenant)
    from access_block
    where stands = 0 and removed_at is null and ifnull(until > (
        select made_at
        from access_block as latest
        where latest.tenant = access_block.tenant
        order by latest.access_block desc
        limit 1
    ), true)";

const BLOCKS_GONE: &str = "
    select format('tenant %d has %d blocks, the latest is number %d', tenant, count(*), max(access_block))
    from access_block
    group by tenant
    having count(*) <> max(access_block)";
