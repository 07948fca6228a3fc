use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::naive::{Asked, naive};
use super::*;

const TEXTS: [&str; 8] = ["fashion", "fashion/shoes", "fashionable", "shoes", "web", "ios", "vip", "é"];
const DATES: [&str; 4] = ["2026-02-28", "2026-03-01", "2026-03-29", "2026-10-25"];
const INSTANTS: [&str; 3] = ["2026-03-01T00:00:00Z", "2026-03-01T01:00:00+01:00", "2026-10-25T00:00:00Z"];
const TIMES: [&str; 4] = ["00:00", "01:30", "12:00", "23:59"];
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn pick(texts: &[&'static str]) -> BoxedStrategy<Value> {
    select(texts.to_vec()).prop_map(Value::from).boxed()
}

/// Few values, so that they are often the same.
fn value(kind: Kind, choices: &[&'static str]) -> BoxedStrategy<Value> {
    match kind {
        Kind::Number | Kind::Money => (-1i64..8).prop_map(Value::from).boxed(),
        Kind::Text | Kind::Path | Kind::TextSet if choices.is_empty() => pick(&TEXTS),
        Kind::Text | Kind::Path | Kind::TextSet => pick(choices),
        Kind::Flag => any::<bool>().prop_map(Value::from).boxed(),
        Kind::Date => pick(&DATES),
        Kind::Instant => pick(&INSTANTS),
        Kind::Weekday => pick(&DAYS),
        Kind::Time => pick(&TIMES),
    }
}

/// What `op` takes, added to `test`.
fn compared(test: Value, op: Operator, value: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let sorted = |low: &Value, high: &Value| match (low.as_i64(), high.as_i64()) {
        (Some(low), Some(high)) => low <= high,
        _ => low.as_str().map(instant_or_text) <= high.as_str().map(instant_or_text),
    };
    let values = match op.operand() {
        Operand::Nothing => Just(None).boxed(),
        Operand::One => value.prop_map(Some).boxed(),
        Operand::Pair => (value.clone(), value)
            .prop_map(move |(low, high)| {
                Some(if sorted(&low, &high) { json!([low, high]) } else { json!([high, low]) })
            })
            .boxed(),
        Operand::Many => prop::collection::vec(value, 1..4).prop_map(|list| Some(json!(list))).boxed(),
    };
    values
        .prop_map(move |value| {
            let mut test = test.clone();
            test["op"] = json!(op);
            if let Some(value) = value {
                test["value"] = value;
            }
            test
        })
        .boxed()
}

fn instant_or_text(text: &str) -> (Option<jiff::Timestamp>, &str) {
    match text.parse() {
        Ok(at) => (Some(at), ""),
        Err(_) => (None, text),
    }
}

fn field_test(in_lines: bool) -> BoxedStrategy<Value> {
    let fields = catalogue().fields().to_vec();
    let fields: Vec<_> = fields.into_iter().filter(|field| in_lines || !field.name.starts_with("line.")).collect();
    let field = select(fields).prop_flat_map(|field| (select(field.operators()), Just(field)));
    field
        .prop_flat_map(|(op, field)| compared(json!({"field": field.name}), op, value(field.kind, field.choices)))
        .boxed()
}

fn counted() -> BoxedStrategy<Value> {
    let ops: Vec<_> = Kind::Number.operators().iter().copied().filter(|op| op.operand() != Operand::Nothing).collect();
    let test = select(ops).prop_flat_map(|op| compared(json!({}), op, value(Kind::Number, &[])));
    let of = select(vec![None, Some("quantity"), Some("amount")]);
    let filter = prop::option::of(field_test(true));
    (test, of, filter)
        .prop_map(|(mut test, of, filter)| {
            if let Some(filter) = filter {
                test["where"] = filter;
            }
            match of {
                None => json!({"count_lines": test}),
                Some(of) => {
                    test["of"] = json!(of);
                    json!({"sum_lines": test})
                }
            }
        })
        .boxed()
}

fn rule_of(depth: usize, in_lines: bool) -> BoxedStrategy<Value> {
    if depth == 1 {
        return field_test(in_lines);
    }
    let below = move || rule_of(depth - 1, in_lines);
    let list = || prop::collection::vec(below(), 1..4);
    let joined = prop_oneof![
        2 => field_test(in_lines),
        2 => list().prop_map(|rules| json!({"all": rules})),
        2 => list().prop_map(|rules| json!({"any": rules})),
        1 => below().prop_map(|rule| json!({"not": rule})),
    ];
    if in_lines {
        return joined.boxed();
    }
    let lines = || rule_of(depth - 1, true);
    prop_oneof![
        4 => joined,
        1 => lines().prop_map(|rule| json!({"any_line": rule})),
        1 => lines().prop_map(|rule| json!({"all_lines": rule})),
        1 => counted(),
    ]
    .boxed()
}

pub(super) fn any_rule() -> BoxedStrategy<Value> {
    rule_of(4, false)
}

/// Of each kind one that fits, or one of another kind.
fn attributes() -> impl Strategy<Value = Value> {
    let one = |kind: Kind| {
        let texts = || subsequence(TEXTS.to_vec(), 0..3).prop_map(|texts| json!(texts));
        let fitting = if kind == Kind::TextSet { texts().boxed() } else { value(kind, &[]) };
        let other = prop_oneof![Just(json!("2026-02-30")), Just(json!(3)), Just(json!(true)), texts()];
        let value = prop_oneof![2 => Just(None), 3 => fitting.prop_map(Some), 1 => other.prop_map(Some)];
        value.prop_map(move |value| value.map(|value| (kind.name().to_owned(), value)))
    };
    Kind::ALL.map(one).prop_map(|all| Value::Object(all.into_iter().flatten().collect()))
}

fn with(pairs: Vec<(&str, Option<Value>)>) -> Value {
    Value::Object(pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
}

fn text() -> impl Strategy<Value = Option<Value>> {
    prop::option::of(pick(&TEXTS))
}

fn line() -> impl Strategy<Value = Value> {
    let period = prop::option::of(pick(&["night", "day", "week", "month", "year"]));
    let collections = prop::option::of(subsequence(TEXTS.to_vec(), 0..3).prop_map(|texts| json!(texts)));
    let texts = (pick(&TEXTS), text(), text(), text(), period, collections);
    (texts, 1i64..5, 0i64..4, attributes()).prop_map(|(texts, quantity, price, attributes)| {
        let (sku, product, category, merchant, period, collections) = texts;
        let reduced = quantity * price / 3;
        with(vec![
            ("sku", Some(sku)),
            ("product", product),
            ("category", category),
            ("merchant", merchant),
            ("period", period),
            ("collections", collections),
            ("quantity", Some(json!(quantity))),
            ("unit_price_minor", Some(json!(price))),
            ("reduced_minor", Some(json!(reduced))),
            ("attributes", Some(attributes)),
        ])
    })
}

fn customer() -> impl Strategy<Value = Value> {
    let number = || prop::option::of((0i64..5).prop_map(Value::from));
    let texts = || prop::option::of(subsequence(TEXTS.to_vec(), 0..3).prop_map(|texts| json!(texts)));
    (number(), texts(), texts(), number(), number(), attributes()).prop_map(
        |(age, tags, segments, orders, spent, attributes)| {
            with(vec![
                ("age", age),
                ("tags", tags),
                ("segments", segments),
                ("orders", orders),
                ("spent_minor", spent),
                ("attributes", Some(attributes)),
            ])
        },
    )
}

pub(super) fn asked() -> impl Strategy<Value = Asked> {
    let node = prop::option::of(pick(&["cart", "order", "payment"]));
    let texts = (text(), text(), text(), node);
    let lines = prop::collection::vec(line(), 1..4);
    let money = (0i64..3, 0i64..3, 0i64..3);
    let order = (texts, lines, money, prop::option::of(customer()), attributes());
    let order = order.prop_map(|(texts, lines, (shipping, deposit, fee), customer, attributes)| {
        let (channel, platform, place, node) = texts;
        with(vec![
            ("currency", Some(json!("EUR"))),
            ("lines", Some(json!(lines))),
            ("shipping_minor", Some(json!(shipping))),
            ("deposit_minor", Some(json!(deposit))),
            ("fees", Some(json!([{"name": "fee", "amount_minor": fee}]))),
            ("channel", channel),
            ("platform", platform),
            ("place", place),
            ("node", node),
            ("customer", customer),
            ("attributes", Some(attributes)),
        ])
    });
    // Around the days that rules ask for, and over the changes of clocks of that year.
    let hours = prop_oneof![-30i64..60, 0i64..8_000];
    let zone = select(vec!["UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York"]);
    (order, any::<bool>(), hours, zone).prop_map(|(order, known, hours, zone)| {
        let now = "2026-03-01T00:30:00Z".parse::<Timestamp>().unwrap().saturating_add_ms(hours * 3_600_000);
        Asked { order, known, now, zone: zone.parse().unwrap() }
    })
}

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} known={} at {} in {}", self.order, self.known, self.now, self.zone)
    }
}

/// Read again, so that what is compiled is not what is asked as JSON.
fn compiled(rule: &Value, asked: &Asked) -> bool {
    let order: Order = serde_json::from_value(asked.order.clone()).unwrap();
    order.check().unwrap();
    let inputs = Inputs { order: &order, customer_known: asked.known, now: asked.now, zone: &asked.zone };
    let condition = condition(rule);
    let told = condition.explain(&inputs);
    assert_eq!((told[0].pointer.as_str(), told[0].holds), ("", condition.holds(&inputs)), "{rule}");
    told[0].holds
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_rule_holds_compiled_exactly_if_it_holds_read_naively(rule in any_rule(), asked in asked()) {
        prop_assert_eq!(compiled(&rule, &asked), naive(&rule, &asked, None));
    }

    /// Each on its own, where no other rule of a tree hides it.
    #[test]
    fn a_test_of_one_field_holds_compiled_exactly_if_it_holds_read_naively(
        rules in prop::collection::vec(prop_oneof![
            field_test(false),
            field_test(true).prop_map(|test| json!({"any_line": test})),
            counted(),
        ], 20),
        asked in asked(),
    ) {
        for rule in rules {
            prop_assert_eq!(compiled(&rule, &asked), naive(&rule, &asked, None), "{}", rule);
        }
    }

    #[test]
    fn every_node_is_told_where_it_is(json in any_rule(), asked in asked()) {
        let order: Order = serde_json::from_value(asked.order.clone()).unwrap();
        let inputs = Inputs { order: &order, customer_known: asked.known, now: asked.now, zone: &asked.zone };
        for held in condition(&json).explain(&inputs) {
            let node = json.pointer(&held.pointer).cloned();
            prop_assert!(node.is_some_and(|node| serde_json::from_value::<Rule>(node).is_ok()), "{}", held.pointer);
        }
    }
}

proptest! {
    #[test]
    fn twice_not_is_nothing(rule in any_rule(), asked in asked()) {
        prop_assert_eq!(compiled(&json!({"not": {"not": rule}}), &asked), compiled(&rule, &asked));
    }

    #[test]
    fn not_all_is_any_not_and_not_any_is_all_not(rules in prop::collection::vec(rule_of(3, false), 1..4), asked in asked()) {
        let not: Vec<_> = rules.iter().map(|rule| json!({"not": rule})).collect();
        for (one, other) in [("all", "any"), ("any", "all")] {
            prop_assert_eq!(compiled(&json!({"not": {one: rules}}), &asked), compiled(&json!({other: not}), &asked));
        }
    }

    #[test]
    fn a_rule_that_is_read_is_written_the_same(json in any_rule()) {
        prop_assert_eq!(serde_json::to_value(rule(&json)).unwrap(), json);
    }

    #[test]
    fn anything_read_as_a_rule_is_checked_without_a_panic(
        field in prop_oneof![select(catalogue().fields().to_vec()).prop_map(|field| field.name.to_string()), ".*"],
        op in select(Operator::ALL.to_vec()),
        value in prop_oneof![Just(json!(null)), any::<i64>().prop_map(Value::from), ".*".prop_map(Value::from), Just(json!([])),
            prop::collection::vec(".*".prop_map(Value::from), 0..3).prop_map(Value::from), Just(json!([1, 2])), Just(json!({}))],
    ) {
        let json = json!({"any_line": {"field": field, "op": op, "value": value}});
        if let Ok(condition) = Condition::compile(&rule(&json), &catalogue()) {
            let inputs = Inputs { order: &full_order(), customer_known: true, now: now(), zone: &berlin() };
            let _ = condition.explain(&inputs);
        }
    }
}
