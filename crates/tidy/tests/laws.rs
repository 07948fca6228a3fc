//! Every law, applied to this repository. A failing one lists file, line and what to do.

use tidy::{Breach, Repository};

#[test]
fn crates_import_only_what_the_architecture_allows() {
    obey(tidy::imports::imports);
}

#[test]
fn no_file_and_no_function_is_too_long() {
    obey(tidy::sizes::sizes);
}

#[test]
fn every_name_says_something() {
    obey(tidy::names::names);
}

#[test]
fn the_domain_is_pure_and_nothing_is_left_unfinished() {
    obey(tidy::calls::calls);
}

#[test]
fn every_crate_takes_the_lints_and_introduces_itself() {
    obey(tidy::crates::crates);
}

#[test]
fn what_the_documents_name_exists() {
    obey(tidy::documents::documents);
}

#[test]
fn it_1_the_four_processes_reach_each_other_only_through_their_interfaces() {
    obey(tidy::processes::processes);
}

/// The law on imports is the same for all crates; this says what it comes to for the one that decides.
#[test]
fn it_1_the_domain_imports_no_storage_and_no_transport() {
    obey(tidy::imports::imports);
    let repository = Repository::read();
    let domain = repository.manifests.iter().find(|manifest| manifest.krate == "domain").expect("there is a domain");
    for library in ["rusqlite", "tokio-postgres", "redis", "async-nats", "axum", "hyper", "http", "reqwest", "tokio"] {
        let with = domain.text.replace("[dependencies]", &format!("[dependencies]\n{library} = '*'"));
        let manifests = vec![tidy::repository::Manifest::new("domain", with)];
        let breaches = tidy::imports::imports(&Repository { manifests, sources: Vec::new() });
        assert_eq!(breaches.len(), 1, "{library} would be refused");
    }
}

#[test]
fn it_5_everything_that_the_page_on_the_business_names_exists() {
    obey(tidy::business::business);
}

#[test]
fn every_mutant_applies_and_names_a_test_and_every_race_has_one() {
    obey(tidy::mutants::mutants);
}

#[test]
fn the_laws_see_the_repository() {
    let repository = Repository::read();
    assert!(repository.manifests.iter().any(|manifest| manifest.krate == "tidy"));
    assert!(repository.sources.iter().any(|source| source.path == "crates/tidy/src/lib.rs"));
}

fn obey(law: impl Fn(&Repository) -> Vec<Breach>) {
    let breaches: Vec<String> = law(&Repository::read()).iter().map(ToString::to_string).collect();
    assert!(breaches.is_empty(), "\n\n{}\n", breaches.join("\n"));
}
