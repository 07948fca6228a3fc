//! Groups of customers.

use std::sync::Arc;

use async_trait::async_trait;
use domain::event::Actor;
use domain::id::{CustomerNo, TenantNo};
use domain::rule::Rule;
use domain::segment::{Segment, Segments};

use crate::StoreError;

/// Over what a segment, or a collection, is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SavedOver {
    /// There is none of its name yet.
    Nothing,
    /// Whichever version there is.
    Any,
    /// This version.
    Version(u32),
}

/// A segment that is to be saved.
#[derive(Clone, Debug)]
pub struct NewSegment {
    /// Its name; see [`domain::segment::check_name`].
    pub name: String,
    /// Who belongs to it, by a rule that was checked; `None`: who is listed.
    pub rule: Option<Rule>,
    /// Over what.
    pub over: SavedOver,
}

/// Why a segment, or a collection, was not saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSaved {
    /// It is not there, or has another version.
    Stale,
    /// It is there, in this version, and nobody said that it may be written over.
    Exists(u32),
    /// A segment that lists its members stays so, and one by a rule keeps one; a collection goes on listing the same sort.
    OtherSort,
    /// As many are there as may: [`domain::segment::SEGMENTS_MAX`], [`domain::collection::COLLECTIONS_MAX`].
    TooMany,
}

/// Whom a segment is to list, and whom no more. Whoever is in both is listed no more.
#[derive(Clone, Debug, Default)]
pub struct MemberChanges {
    /// To be listed; whoever stands for a merged customer is listed in its place.
    pub add: Vec<CustomerNo>,
    /// Not to be listed.
    pub remove: Vec<CustomerNo>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MembersChanged {
    /// How many were not listed before. Whoever was erased is not listed.
    pub added: usize,
    /// How many were listed before.
    pub removed: usize,
}

/// Why no member was added or removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoMembers {
    /// There is no such segment.
    Unknown,
    /// Its members follow from its rule.
    ByRule,
}

/// Keeps groups of customers. Like what a tenant has set they are what decisions look at, not what they change: each is
/// written by a task of the store in a transaction of its own, with its entry of the audit log. Whatever is decided after
/// the answer sees it.
#[async_trait]
pub trait SegmentStore: Send + Sync {
    /// All segments of a tenant, without their members. Answered from memory.
    fn segments(&self, tenant: TenantNo) -> Arc<Segments>;

    /// Saves a segment. Returns it with its new version, which is 1 if it is new.
    ///
    /// # Errors
    /// The store could not answer.
    async fn save_segment(
        &self,
        of: (TenantNo, Actor),
        segment: NewSegment,
    ) -> Result<Result<Arc<Segment>, NotSaved>, StoreError>;

    /// Deletes a segment with its members, and returns it as it was. Nobody belongs to it from the first moment on; a long
    /// list goes in bounded steps. `None`: there is none.
    ///
    /// # Errors
    /// The store could not answer.
    async fn delete_segment(&self, of: (TenantNo, Actor), name: String) -> Result<Option<Arc<Segment>>, StoreError>;

    /// Adds members to a list and removes others from it, all or none. To repeat it changes nothing.
    ///
    /// # Errors
    /// The store could not answer.
    async fn change_members(
        &self,
        of: (TenantNo, Actor),
        name: String,
        changes: MemberChanges,
    ) -> Result<Result<MembersChanged, NoMembers>, StoreError>;

    /// How many customers a segment lists; `None`: there is no such segment, or its members follow from its rule.
    ///
    /// # Errors
    /// The store could not answer.
    async fn count_members(&self, tenant: TenantNo, name: String) -> Result<Option<u64>, StoreError>;

    /// The names of the segments that list a customer, by name.
    ///
    /// # Errors
    /// The store could not answer.
    async fn memberships(&self, tenant: TenantNo, customer: CustomerNo) -> Result<Vec<String>, StoreError>;
}
