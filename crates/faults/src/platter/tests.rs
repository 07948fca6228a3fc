use std::collections::BTreeSet;

use super::*;

fn platter(ops: &[Op]) -> Platter {
    let mut platter = Platter::default();
    ops.iter().for_each(|op| platter.apply(op));
    platter
}

fn made(name: &str, file: FileNo) -> Op {
    Op::Made { name: name.into(), file }
}

fn removed(name: &str) -> Op {
    Op::Removed { name: name.into() }
}

fn written(at: usize, bytes: &[u8]) -> Op {
    Op::Written { file: 0, at, bytes: bytes.to_vec() }
}

const SYNCED: Op = Op::Synced { file: 0 };

fn folder_synced() -> Op {
    Op::FolderSynced { folder: PathBuf::new() }
}

/// All that file `a` may hold, `None` when it is not there.
fn outcomes(ops: &[Op]) -> BTreeSet<Option<Vec<u8>>> {
    let platter = platter(ops);
    let name = Path::new("a");
    (0..200).map(|seed| platter.after_power_cut(Survival::of(seed)).remove(name)).collect()
}

fn check(ops: &[Op], expected: &[Option<&[u8]>]) {
    let expected: BTreeSet<_> = expected.iter().map(|bytes| bytes.map(<[u8]>::to_vec)).collect();
    assert_eq!(outcomes(ops), expected, "{ops:?}");
}

#[test]
fn what_was_synced_lasts_and_what_was_not_may_be_lost() {
    let before = [made("a", 0), folder_synced(), written(0, b"one"), SYNCED];
    check(&before, &[Some(b"one")]);
    let after = [&before[..], &[written(3, b"two")]].concat();
    check(&after, &[Some(b"one"), Some(b"onetwo")]);
}

#[test]
fn writes_are_lost_each_for_itself_and_leave_zeros_before_what_lasts() {
    let ops = [made("a", 0), folder_synced(), written(0, b"one"), written(3, b"two")];
    check(&ops, &[Some(b""), Some(b"one"), Some(b"\0\0\0two"), Some(b"onetwo")]);
}

#[test]
fn a_write_is_torn_between_sectors_and_never_inside_of_one() {
    // Three sectors, the first and the last in part.
    let bytes = [[1; 100].as_slice(), &[2; SECTOR], &[3; 50]].concat();
    let at = SECTOR - 100;
    let ops = [made("a", 0), folder_synced(), written(0, &[9; 2000]), SYNCED, written(at, &bytes)];
    let outcomes = outcomes(&ops);
    assert_eq!(outcomes.len(), 8, "every choice of three sectors was drawn");
    for outcome in outcomes {
        let file = outcome.expect("it is there");
        assert!(file.len() == 2000 && file[..at].iter().all(|byte| *byte == 9), "what lies beside is whole");
        for (sector, value) in [(at..SECTOR, 1), (SECTOR..2 * SECTOR, 2), (2 * SECTOR..2 * SECTOR + 50, 3)] {
            let sector = &file[sector];
            assert!(sector.iter().all(|byte| *byte == value) || sector.iter().all(|byte| *byte == 9));
        }
    }
}

#[test]
fn a_truncation_is_a_change_like_a_write() {
    let ops = [made("a", 0), folder_synced(), written(0, b"one"), SYNCED, Op::Truncated { file: 0, len: 1 }];
    check(&ops, &[Some(b"one"), Some(b"o")]);
    check(&[&ops[..], &[SYNCED]].concat(), &[Some(b"o")]);
}

#[test]
fn a_name_lasts_from_the_sync_of_its_folder_on() {
    let ops = [made("a", 0), written(0, b"one"), SYNCED];
    check(&ops, &[None, Some(b"one")]);
    check(&[&ops[..], &[folder_synced()]].concat(), &[Some(b"one")]);
    let elsewhere = Op::FolderSynced { folder: "data".into() };
    check(&[&ops[..], &[elsewhere]].concat(), &[None, Some(b"one")]);
}

#[test]
fn what_was_removed_comes_back_unless_the_folder_was_synced() {
    let before = [made("a", 0), folder_synced(), written(0, b"one"), SYNCED, removed("a")];
    check(&before, &[None, Some(b"one")]);
    check(&[&before[..], &[folder_synced()]].concat(), &[None]);
    // In the place of what was removed there is another file, of which nothing is synced.
    check(&[&before[..], &[made("a", 1)]].concat(), &[None, Some(b"one"), Some(b"")]);
}

#[test]
fn what_a_failed_sync_was_for_may_be_lost_though_the_next_one_succeeds() {
    let failed = [made("a", 0), folder_synced(), written(0, b"one"), Op::SyncFailed { file: 0 }];
    let ops = [&failed[..], &[written(1, b"two"), SYNCED]].concat();
    check(&ops, &[Some(b"\0two"), Some(b"otwo")]);
    // Written once more and synced, it is there.
    check(&[&ops[..], &[written(0, b"one!"), SYNCED]].concat(), &[Some(b"one!")]);
}

#[test]
fn what_was_found_is_on_stable_storage() {
    let found = Op::Found { name: "a".into(), file: 0, bytes: b"old".to_vec() };
    check(&[found], &[Some(b"old")]);
}

#[test]
fn a_seed_gives_the_same_image_again() {
    let ops: Vec<Op> = std::iter::once(made("a", 0)).chain((0..50).map(|n| written(n * 700, &[1; 700]))).collect();
    let platter = platter(&ops);
    for seed in 0..20 {
        let image = || platter.after_power_cut(Survival::of(seed));
        assert_eq!(image(), image());
    }
}
