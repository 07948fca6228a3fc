use super::*;

#[test]
fn a_rule_reads_back_what_it_writes() {
    for text in [
        r#"{"field":"order.subtotal","op":"gte","value":1000}"#,
        r#"{"field":"order.place","op":"is_not_set"}"#,
        r#"{"all":[{"not":{"field":"customer.known","op":"eq","value":false}},{"any":[]}]}"#,
        r#"{"any_line":{"field":"line.sku","op":"in","value":["a","b"]}}"#,
        r#"{"all_lines":{"field":"line.quantity","op":"between","value":[1,2]}}"#,
        r#"{"count_lines":{"where":{"field":"line.sku","op":"eq","value":"a"},"op":"gte","value":2}}"#,
        r#"{"count_lines":{"op":"gte","value":2}}"#,
        r#"{"sum_lines":{"of":"quantity","op":"gte","value":3}}"#,
        r#"{"sum_lines":{"of":"amount","where":{"all":[]},"op":"lt","value":3}}"#,
    ] {
        let rule: Rule = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(serde_json::to_string(&rule).unwrap(), text);
    }
}

#[test]
fn a_malformed_tree_cannot_be_read_and_the_message_says_why() {
    for (text, message) in [
        ("7", "expected a rule, such as"),
        ("[]", "a rule"),
        ("{}", "exactly one of `all`"),
        (r#"{"all":null}"#, "exactly one of `all`"),
        (r#"{"all":[],"any":[]}"#, "exactly one of `all`"),
        (r#"{"all":[],"any":[],"not":{"all":[]}}"#, "exactly one of `all`"),
        (r#"{"all":[],"field":"order.subtotal","op":"is_set"}"#, "exactly one of `all`"),
        (r#"{"all":[],"op":"eq"}"#, "belong beside `field`"),
        (r#"{"op":"eq","value":1}"#, "belong beside `field`"),
        (r#"{"field":"order.subtotal","value":1}"#, "must have `op`"),
        (r#"{"field":"order.subtotal","op":"equals","value":1}"#, "unknown variant `equals`"),
        (r#"{"field":"order.subtotal","op":"eq","values":1}"#, "unknown field `values`"),
        (r#"{"none":[]}"#, "unknown field `none`"),
        (r#"{"all":{}}"#, "expected a sequence"),
        (r#"{"all":[{"all":[]},{}]}"#, "exactly one of `all`"),
        (r#"{"not":[]}"#, "a rule"),
        (r#"{"any_line":"line.sku"}"#, "expected a rule"),
        (r#"{"count_lines":{"op":"gte"}}"#, "missing field `value`"),
        (r#"{"count_lines":{"of":"quantity","op":"gte","value":1}}"#, "unknown field `of`"),
        (r#"{"sum_lines":{"op":"gte","value":1}}"#, "missing field `of`"),
        (r#"{"sum_lines":{"of":"weight","op":"gte","value":1}}"#, "unknown variant `weight`"),
    ] {
        let error = serde_json::from_str::<Rule>(text).expect_err(text).to_string();
        assert!(error.contains(message), "{text}: {error}");
    }
}

#[test]
fn kinds_and_operators_have_the_names_that_json_has() {
    for kind in Kind::ALL {
        assert_eq!(serde_json::to_value(kind).unwrap(), json!(kind.name()));
    }
    for op in Operator::ALL {
        assert_eq!(serde_json::to_value(op).unwrap(), json!(op.name()));
    }
}
