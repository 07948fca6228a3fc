//! Files of codes on their way in: kept until each chunk was decided, and decided once.

use domain::event::Actor;
use domain::id::{CouponNo, ImportId, TenantNo};

use super::specs::CouponSpec;
use super::world::{TENANT, World, fresh_uuid};
use super::{Harness, check_sound};
use crate::{
    Import, ImportChunk, ImportContent, ImportLine, ImportRefusal, ImportState, Imported, NewImport, PageRequest,
    StoreError,
};

fn chunk(lines: std::ops::Range<u64>) -> ImportChunk {
    let content = |line| ImportContent::Code { text: format!("LINE-{line}"), owner: None };
    lines.map(|line| ImportLine { line, content: content(line) }).collect()
}

impl World {
    async fn begin(&self, coupon: CouponNo) -> ImportId {
        let import = NewImport { id: ImportId(fresh_uuid()), coupon, actor: Actor::Key(1) };
        self.store.begin_import(TENANT, import).await.expect("an import can be begun");
        import.id
    }

    /// A whole file of so many chunks of three lines.
    async fn file(&self, coupon: CouponNo, chunks: u64) -> ImportId {
        let id = self.begin(coupon).await;
        let chunks = (0..chunks).map(|no| chunk(2 + 3 * no..5 + 3 * no)).collect();
        self.store.keep_chunks(TENANT, id, chunks).await.expect("chunks can be kept");
        self.store.run_import(TENANT, id).await.expect("a file can be whole");
        id
    }

    async fn import_now(&self, id: ImportId) -> Option<Import> {
        self.store.import(TENANT, id).await.expect("imports can be read")
    }

    async fn next(&self, after: Option<ImportId>, max: usize) -> Option<(ImportId, Vec<(u32, ImportChunk)>)> {
        let work = self.store.next_chunks(after, max).await.expect("chunks can be read")?;
        assert_eq!((work.tenant, work.import.state), (TENANT, ImportState::Running));
        Some((work.import.id, work.chunks))
    }

    /// That of three lines one was refused.
    async fn record(&self, id: ImportId, chunks: std::ops::Range<u32>) -> Import {
        let done = |chunk: u32| Imported { chunk, accepted: 2, refused: vec![refusal(3 + 3 * u64::from(chunk))] };
        let done = chunks.map(done).collect();
        self.store.record_chunks(TENANT, id, done).await.expect("progress can be written down")
    }

    async fn refused_lines(&self, id: ImportId) -> Vec<ImportRefusal> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = PageRequest { limit: 2, after };
            let page = self.store.import_refusals(TENANT, id, page).await.expect("refusals can be listed");
            all.extend(page.items);
            after = page.next;
            if after.is_none() {
                return all;
            }
        }
    }
}

fn refusal(line: u64) -> ImportRefusal {
    ImportRefusal { line, reason: "code_taken".to_owned() }
}

pub async fn re_3_a_file_is_taken_in_chunk_by_chunk_and_its_refused_lines_are_listed(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().pool()).await;
    let id = world.file(coupon, 5).await;
    let import = world.import_now(id).await.expect("it is there");
    assert_eq!((import.state, import.lines, import.accepted, import.refused), (ImportState::Running, 15, 0, 0));
    let expected: Vec<(u32, ImportChunk)> = vec![(0, chunk(2..5)), (1, chunk(5..8))];
    assert_eq!(world.next(None, 2).await, Some((id, expected)));
    world.record(id, 0..2).await;
    // Again, as after a crash: what was written down is passed over.
    let import = world.record(id, 0..3).await;
    assert_eq!((import.state, import.accepted, import.refused), (ImportState::Running, 6, 3));
    assert_eq!(world.next(Some(id), 9).await, Some((id, vec![(3, chunk(11..14)), (4, chunk(14..17))])));
    let import = world.record(id, 3..5).await;
    assert_eq!((import.state, import.accepted, import.refused), (ImportState::Done, 10, 5));
    assert_eq!(import.ended_at, Some(world.now()));
    assert_eq!(world.next(None, 9).await, None);
    assert_eq!(world.refused_lines(id).await, [3, 6, 9, 12, 15].map(refusal));
    check_sound(harness).await;
}

pub async fn re_3_after_a_crash_an_import_goes_on_where_it_was_and_a_torn_file_is_forgotten(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().pool()).await;
    let whole = world.file(coupon, 3).await;
    world.record(whole, 0..1).await;
    let torn = world.begin(coupon).await;
    world.store.keep_chunks(TENANT, torn, vec![chunk(2..5)]).await.expect("chunks can be kept");
    drop(world);
    harness.crash().await;
    let world = World::of(harness);
    assert_eq!(world.import_now(torn).await, None);
    let rest = vec![(1, chunk(5..8)), (2, chunk(8..11))];
    assert_eq!(world.next(None, 9).await, Some((whole, rest)));
    check_sound(harness).await;
}

pub async fn imports_take_turns_and_are_listed_newest_first(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().pool()).await;
    let mut all = Vec::new();
    for _ in 0..3 {
        all.push(world.file(coupon, 2).await);
    }
    let mut turn = None;
    for expected in [all[0], all[1], all[2], all[0]] {
        let (id, _) = world.next(turn, 1).await.expect("all of them have chunks");
        assert_eq!(id, expected);
        turn = Some(id);
    }
    let first = world.store.imports(TENANT, PageRequest { limit: 2, after: None }).await.expect("a page");
    let second = world.store.imports(TENANT, PageRequest { limit: 2, after: first.next }).await.expect("a page");
    let listed: Vec<ImportId> = first.items.iter().chain(&second.items).map(|import| import.id).collect();
    all.reverse();
    assert_eq!((listed, second.next), (all, None));
    let foreign = PageRequest { limit: 2, after: Some("v1.2.3".to_owned()) };
    assert_eq!(world.store.imports(TENANT, foreign).await, Err(StoreError::Cursor));
    check_sound(harness).await;
}

pub async fn an_import_is_its_tenants_and_only_one_that_arrives_takes_chunks(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().pool()).await;
    let (whole, empty, torn) = (world.file(coupon, 1).await, world.file(coupon, 0).await, world.begin(coupon).await);
    assert_eq!(world.import_now(empty).await.map(|import| import.state), Some(ImportState::Done));
    assert!(world.store.keep_chunks(TENANT, whole, vec![chunk(9..10)]).await.is_err());
    assert!(world.store.run_import(TENANT, whole).await.is_err());
    world.store.forget_import(TENANT, whole).await.expect("it is left alone");
    assert!(world.import_now(whole).await.is_some());
    world.store.keep_chunks(TENANT, torn, vec![chunk(2..5)]).await.expect("it is arriving");
    assert_eq!(world.import_now(torn).await.map(|import| import.lines), Some(3));
    world.store.forget_import(TENANT, torn).await.expect("it can be forgotten");
    assert_eq!(world.import_now(torn).await, None);
    assert_eq!(world.store.import(TenantNo(2), whole).await, Ok(None));
    check_sound(harness).await;
}
