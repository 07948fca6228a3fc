//! The four processes of the business in the ledger, each with an explicit interface. Their modules are private to the
//! ledger, which the compiler sees to; within it, this law lets one process ask another only for what is offered here.

use crate::repository::{Breach, Repository};
use crate::source::{Source, line_at, name_at, words};

const LEDGER: &str = "crates/domain/src/ledger/";

/// Gives each command to its process.
const DISPATCH: &str = "decide";

struct Process {
    name: &'static str,
    modules: &'static [&'static str],
    /// One function for each command (and the quote); for [`DISPATCH`] alone.
    commands: &'static [&'static str],
    /// What everybody else in the ledger may ask for.
    offers: &'static [&'static str],
}

const PROCESSES: [Process; 4] = [
    Process {
        name: "create",
        modules: &["define", "states", "restock", "second_person", "campaigns", "customers", "merge", "accounts"],
        commands: &[
            "define::create_coupon",
            "define::update_coupon",
            "states::move_coupon",
            "states::follow_clock",
            "restock::restock",
            "second_person::approve",
            "campaigns::create_campaign",
            "campaigns::update_campaign",
            "campaigns::move_campaign",
            "campaigns::claim_package",
            "customers::create",
            "customers::ensure",
            "customers::update",
            "customers::add",
            "customers::remove",
            "customers::erase",
            "merge::verify",
            "accounts::create_account",
            "accounts::change_account",
        ],
        // How much one command may take, which its weight says.
        offers: &["campaigns::PACKAGE_MAX"],
    },
    Process {
        name: "issue",
        modules: &["claim", "issue", "import", "pool", "draw", "hold"],
        commands: &[
            "claim::claim",
            "issue::issue",
            "issue::issue_block",
            "issue::revoke_block",
            "issue::assign",
            "import::issue_given",
            "import::import_given",
            "hold::release",
            "hold::revoke",
            // No command: how much of a pool a batch may hand out is known before its first.
            "pool::hands_out",
        ],
        // Who may have one, who is kept out, whether one can be used, whether a text is free to be a code, the claims of
        // a package, the end of a hold by time, and what it brings back to a pool.
        offers: &[
            "claim::check_eligible",
            "claim::barred",
            "claim::claim",
            "hold::usable",
            "hold::end_hold",
            "import::check_free",
            "pool::unseen",
        ],
    },
    Process {
        name: "use",
        modules: &["typed", "shopper", "goods", "uses", "redeem", "settle"],
        commands: &["redeem::redeem", "redeem::quote", "settle::confirm", "settle::cancel"],
        // A new order in the place of one that is returned; what a return has to read; the end of a reservation, by an
        // abort and by time.
        offers: &["redeem::redeem", "settle::need_parts", "settle::cancel", "settle::end_reservation"],
    },
    Process {
        name: "return",
        modules: &["give_back"],
        commands: &["give_back::give_back", "give_back::amend"],
        offers: &[],
    },
];

/// What the processes have in common.
const GROUND: [&str; 21] = [
    "mod", "command", "requests", "outcome", "keys", "facts", "table", "log", "decision", "explain", "simulate",
    "decide", "lookup", "persons", "history", "takings", "room", "gifts", "moves", "sweep", "audit",
];

/// Every module of the ledger has its place, and reaches into another process only through what that offers.
#[must_use]
pub fn processes(repository: &Repository) -> Vec<Breach> {
    let ledger: Vec<(&str, &Source)> =
        repository.sources.iter().filter_map(|source| Some((module_of(source)?, source))).collect();
    let reaches = ledger.iter().flat_map(|(module, source)| breaches_of(module, source));
    reaches
        .chain(ledger.iter().filter_map(|(module, source)| without_place(module, source)))
        .chain(gone(&ledger))
        .collect()
}

fn module_of(source: &Source) -> Option<&str> {
    let rest = source.path.strip_prefix(LEDGER)?;
    rest.split('/').next().map(|name| name.trim_end_matches(".rs"))
}

fn process_of(module: &str) -> Option<&'static Process> {
    PROCESSES.iter().find(|process| process.modules.contains(&module))
}

fn without_place(module: &str, source: &Source) -> Option<Breach> {
    let known = GROUND.contains(&module) || process_of(module).is_some();
    (!known).then(|| Breach {
        file: source.path.clone(),
        line: 1,
        what: format!("`{module}` belongs to no process: give it a place in tidy's table of processes"),
    })
}

fn breaches_of(module: &str, source: &Source) -> Vec<Breach> {
    let own = process_of(module).map(|process| process.name);
    let others = PROCESSES.iter().filter(|process| Some(process.name) != own);
    let mut breaches = Vec::new();
    for process in others {
        for other in process.modules {
            for (at, name) in reached(source, other) {
                let wanted = format!("{other}::{name}");
                let list = if module == DISPATCH { process.commands } else { process.offers };
                if !list.contains(&wanted.as_str()) {
                    let what = format!(
                        "`{module}` reaches into the process `{}`: it does not offer `{wanted}`; ask for what it offers, \
                         or add to its interface in tidy's table",
                        process.name
                    );
                    breaches.push(Breach { file: source.path.clone(), line: line_at(&source.code, at), what });
                }
            }
        }
    }
    breaches
}

/// What is named of a module, with its place. A star, and a module under another name, stand for all of it.
fn reached<'a>(source: &'a Source, module: &'a str) -> Vec<(usize, &'a str)> {
    let mut names = Vec::new();
    for at in words(&source.code, module) {
        let rest = source.code[at + module.len()..].trim_start();
        if rest.starts_with("as ") {
            names.push((at, "as"));
        }
        let Some(rest) = rest.strip_prefix("::") else { continue };
        match rest.trim_start().strip_prefix('{').and_then(|list| list.split('}').next()) {
            Some(list) => {
                names.extend(list.split(',').map(str::trim).filter(|one| !one.is_empty()).filter_map(|one| {
                    let name = if one.starts_with('*') { "*" } else { name_at(one) };
                    (name != "self" || one.contains(" as ")).then_some((at, name))
                }))
            }
            None if rest.starts_with('*') => names.push((at, "*")),
            None => names.push((at, name_at(rest))),
        }
    }
    names
}

/// An interface lists nothing that is not there.
fn gone(ledger: &[(&str, &Source)]) -> Vec<Breach> {
    let listed = PROCESSES.iter().flat_map(|process| process.commands.iter().chain(process.offers));
    let missing = listed.filter(|item| {
        let (module, name) = item.split_once("::").expect("an item of an interface is MODULE::NAME");
        let is_there = |source: &Source| {
            ["fn", "const"].iter().any(|what| words(&source.code, &format!("{what} {name}")).next().is_some())
        };
        !ledger.is_empty() && !ledger.iter().any(|(of, source)| *of == module && is_there(source))
    });
    let breach = |item: &&str| Breach {
        file: "crates/tidy/src/processes.rs".to_owned(),
        line: 1,
        what: format!("`{item}` is not there any more: take it off the interface"),
    };
    missing.map(breach).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(module: &str, text: &str, lines: &[usize]) {
        let source = Source::new(&format!("{LEDGER}{module}.rs"), text.to_owned());
        let breaches = breaches_of(module, &source);
        assert_eq!(breaches.iter().map(|breach| breach.line).collect::<Vec<_>>(), lines, "{module}: {text}");
    }

    #[test]
    fn a_process_asks_another_only_for_what_it_offers() {
        check("define", "use super::import::check_free;\nfn a() { settle::cancel(b) }", &[]);
        check("define", "use super::import::{check_free,\n    entry};", &[1]);
        check("give_back", "use super::{redeem};\nfn a() { redeem::write(b);\nredeem::redeem(c) }", &[2]);
        check("redeem", "use super::settle::amounts;", &[]);
        check("takings", "fn a() { claim::make(b) }", &[1]);
    }

    #[test]
    fn the_dispatch_gives_commands_and_asks_for_nothing_else() {
        check("decide", "use super::{claim, hold};\nfn a() { claim::claim(b);\nhold::end_hold(c) }", &[3]);
    }

    #[test]
    fn nobody_takes_all_of_another_process() {
        check("define", "use super::claim::*;", &[1]);
        check("define", "use super::claim as c;", &[1]);
        check("define", "use super::claim::{self as c};", &[1]);
        check("define", "use super::claim::{self, check_eligible};", &[]);
    }

    #[test]
    fn a_module_without_a_place_is_refused() {
        let refused = |module: &str| without_place(module, &Source::new("a", String::new())).is_some();
        assert!(refused("refunds"));
        assert!(!refused("claim") && !refused("takings") && !refused("audit"));
    }
}
