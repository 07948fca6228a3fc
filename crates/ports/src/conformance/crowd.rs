//! Many at once, what they were told, and chance that repeats itself.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use domain::rejection::Rejection;
use tokio::sync::Barrier;

/// What a caller was told: the answer, or why not.
pub(super) type Told<T> = Result<T, Rejection>;

/// Runs that many tasks, which start together once all are there. Answers in their order.
pub(super) async fn all_at_once<T, F>(count: usize, task: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let barrier = Arc::new(Barrier::new(count));
    let start = |index| {
        let (barrier, work) = (Arc::clone(&barrier), task(index));
        tokio::spawn(async move {
            barrier.wait().await;
            work.await
        })
    };
    let tasks: Vec<_> = (0..count).map(start).collect();
    let mut answers = Vec::with_capacity(count);
    for task in tasks {
        answers.push(task.await.expect("no task panics"));
    }
    answers
}

/// Sends the futures off in their order, from one caller who does not wait in between. Answers in their order.
pub(super) async fn one_after_another<T>(futures: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut answers: Vec<Option<T>> = Vec::with_capacity(waiting.len());
    for future in &mut waiting {
        answers.push(begin(future.as_mut()).await);
    }
    for (answer, future) in answers.iter_mut().zip(waiting) {
        if answer.is_none() {
            *answer = Some(future.await);
        }
    }
    answers.into_iter().map(|answer| answer.expect("it was waited for")).collect()
}

/// Lets a future run until it waits for the first time.
pub(super) async fn begin<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    std::future::poll_fn(|context| {
        Poll::Ready(match future.as_mut().poll(context) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}

/// How many were told what: `granted`, or the code of the rejection.
pub(super) fn tally<T>(answers: &[Told<T>]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for answer in answers {
        let word = answer.as_ref().map_or_else(|rejection| rejection.code().into_owned(), |_| "granted".to_owned());
        *counts.entry(word).or_default() += 1;
    }
    counts
}

/// Checks how many were told what; what is not listed nobody may be told.
#[track_caller]
pub(super) fn check_tally<T>(answers: &[Told<T>], expected: &[(&str, usize)]) {
    let listed = expected.iter().filter(|(_, count)| *count > 0);
    let expected: BTreeMap<String, usize> = listed.map(|(word, count)| ((*word).to_owned(), *count)).collect();
    assert_eq!(tally(answers), expected);
}

/// Checks that the answer was this rejection, by its published code.
#[track_caller]
pub(super) fn check_refused<T: std::fmt::Debug>(answer: Told<T>, code: &str) {
    let rejection = answer.expect_err("this is to be refused");
    assert_eq!(rejection.code(), code);
}

/// What was granted, the refusals left out.
pub(super) fn granted<T>(answers: Vec<Told<T>>) -> Vec<T> {
    answers.into_iter().filter_map(Result::ok).collect()
}

/// Chance that is the same in every run: SplitMix64.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// From 0, below `sides`.
    pub(super) fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let sides = u64::try_from(sides).expect("a usize fits 64 bits");
        usize::try_from((bits ^ (bits >> 31)) % sides).expect("it is below a usize")
    }

    /// Some of the items, at least one, each once, in any order.
    pub(super) fn some_of<T: Clone>(&mut self, items: &[T], max: usize) -> Vec<T> {
        let mut items = items.to_vec();
        self.shuffle(&mut items);
        items.truncate(1 + self.below(max));
        items
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            items.swap(index, self.below(index + 1));
        }
    }
}
