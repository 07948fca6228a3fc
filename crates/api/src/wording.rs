//! What serde says, in words for people who do not know Rust. Serde gives it as text only.

/// The code of what serde says, and the field it names if that is not part of the path yet.
pub(crate) fn blame(message: &str) -> (&'static str, Option<&str>) {
    let known = [("missing field `", "missing"), ("unknown field `", "unknown"), ("duplicate field `", "duplicate")];
    let named = known.iter().find_map(|(start, code)| {
        let (name, _) = message.strip_prefix(start)?.split_once('`')?;
        Some((*code, Some(name)))
    });
    named.unwrap_or(("invalid", None))
}

/// The same in plain words. What is not serde's own way of saying it stays as it is.
pub(crate) fn plain(message: &str) -> String {
    if let Some(rest) = message.strip_prefix("invalid type: ")
        && let Some((found, expected)) = rest.rsplit_once(", expected ")
    {
        return format!("must be {}, not {}", wanted(expected), given(found));
    }
    if let Some((_, expected)) = message.strip_prefix("invalid value: ").and_then(split_expected) {
        return format!("must be {}", wanted(expected));
    }
    if let Some((_, expected)) = message.strip_prefix("unknown variant `").and_then(split_expected) {
        return format!("must be {expected}");
    }
    match message {
        "invalid digit found in string" | "cannot parse integer from empty string" => "must be a whole number".into(),
        "number too large to fit in target type" | "number too small to fit in target type" => {
            "must be a whole number that is not so large".into()
        }
        "provided string was not `true` or `false`" => "must be true or false".into(),
        _ => message.to_owned(),
    }
}

fn split_expected(text: &str) -> Option<(&str, &str)> {
    text.rsplit_once(", expected ")
}

fn wanted(expected: &str) -> &str {
    match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "u128" | "usize" => "a whole number, at least 0",
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a string" | "a borrowed string" | "str" | "string" => "a text",
        "a map" | "map" => "an object",
        "a sequence" | "sequence" => "an array",
        _ if expected.starts_with("struct ") || expected.starts_with("internally tagged enum ") => "an object",
        _ if expected.starts_with("tuple ") || expected.starts_with("an array of ") => "an array",
        _ => expected,
    }
}

/// The kind of what was found, without its value.
fn given(found: &str) -> &str {
    match found.split([' ', '`', '"']).next().unwrap_or_default() {
        "boolean" => "true or false",
        "integer" => "a number",
        "floating" => "a fraction",
        "string" | "character" => "a text",
        "map" => "an object",
        "sequence" => "an array",
        _ => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_serde_says_is_told_in_plain_words() {
        for (message, expected) in [
            ("invalid type: sequence, expected struct ClaimBody", "must be an object, not an array"),
            ("invalid type: null, expected a sequence", "must be an array, not null"),
            (
                "invalid type: string \"a, expected b\", expected u32",
                "must be a whole number from 0 to 4294967295, not a text",
            ),
            ("invalid type: floating point `1.5`, expected i64", "must be a whole number, not a fraction"),
            ("invalid type: integer `1`, expected a boolean", "must be true or false, not a number"),
            ("invalid value: integer `-1`, expected usize", "must be a whole number, at least 0"),
            ("unknown variant `x`, expected `a` or `b`", "must be `a` or `b`"),
            ("unknown variant `x`, expected one of `a`, `b`, `c`", "must be one of `a`, `b`, `c`"),
            ("invalid digit found in string", "must be a whole number"),
            ("must be a currency", "must be a currency"),
        ] {
            assert_eq!(plain(message), expected);
        }
    }

    #[test]
    fn missing_and_unknown_fields_are_named() {
        assert_eq!(blame("missing field `a`"), ("missing", Some("a")));
        assert_eq!(blame("unknown field `a`, expected `b`"), ("unknown", Some("a")));
        assert_eq!(blame("duplicate field `a`"), ("duplicate", Some("a")));
        assert_eq!(blame("invalid type: null, expected a map"), ("invalid", None));
    }
}
