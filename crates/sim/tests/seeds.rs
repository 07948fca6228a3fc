//! A few hundred seeds with every run of the tests; `make prove` goes on for as long as asked.

use sim::simulate;

async fn check(first: u64, count: u64) {
    for seed in first..first + count {
        if let Err(error) = simulate(seed, 60).await {
            panic!("seed {seed}: {error:#}\nrepeat it: cargo run --package sim -- seed {seed} --rounds 60");
        }
    }
}

#[tokio::test]
async fn the_store_answers_as_the_model_for_the_first_hundred_seeds() {
    check(0, 100).await;
}

#[tokio::test]
async fn the_store_answers_as_the_model_for_the_second_hundred_seeds() {
    check(100, 100).await;
}

#[tokio::test]
async fn the_store_answers_as_the_model_for_the_third_hundred_seeds() {
    check(200, 100).await;
}
