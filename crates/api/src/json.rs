//! JSON texts to types, with the place of what is wrong.

use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::Segment;

use crate::problem::Problem;

/// How deep arrays and objects may nest: far more than any request needs, far less than a stack holds.
pub(crate) const DEPTH_MAX: usize = 64;

/// Reads a body: what is no JSON, or too deep, is 400; what has another shape than `T` is 422 with its place.
///
/// Inside an enum with an inner tag (`#[serde(tag = "...")]`) serde reads twice and knows the place of the enum only.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    if depth(body) > DEPTH_MAX {
        return Err(Problem::malformed(format!("The body nests deeper than {DEPTH_MAX}.")));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| match error.inner().classify() {
        Category::Data => invalid_field(error.path(), &error.inner().to_string()),
        Category::Syntax | Category::Eof | Category::Io => not_json(error.inner()),
    })?;
    reader.end().map_err(|error| not_json(&error))?;
    Ok(value)
}

/// How deep arrays and objects nest, at the deepest. It only counts brackets outside of texts, as it runs before the
/// real reader: whatever this gets wrong, that one refuses.
fn depth(body: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_text, mut escaped) = (false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn not_json(error: &serde_json::Error) -> Problem {
    Problem::malformed(format!("The body is not JSON: {error}."))
}

fn invalid_field(path: &serde_path_to_error::Path, message: &str) -> Problem {
    let message = message.rsplit_once(" at line ").map_or(message, |(before, _)| before);
    let (code, name) = blame(message);
    let mut pointer = pointer(path);
    if let Some(name) = name
        && !pointer.ends_with(&format!("/{}", escape(name)))
    {
        pointer = format!("{pointer}/{}", escape(name));
    }
    Problem::invalid_field(pointer, code, message)
}

/// The code of what serde says, and the field it names if that is not part of the path yet. Serde gives it as text only.
pub(crate) fn blame(message: &str) -> (&'static str, Option<&str>) {
    let known = [("missing field `", "missing"), ("unknown field `", "unknown"), ("duplicate field `", "duplicate")];
    let named = known.iter().find_map(|(start, code)| {
        let (name, _) = message.strip_prefix(start)?.split_once('`')?;
        Some((*code, Some(name)))
    });
    named.unwrap_or(("invalid", None))
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    let segments = path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(format!("/{index}")),
        Segment::Map { key } => Some(format!("/{}", escape(key))),
        Segment::Enum { variant } => Some(format!("/{}", escape(variant))),
        Segment::Unknown => None,
    });
    segments.collect()
}

/// RFC 6901, section 3.
fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what cannot be read matters")]
    struct Order {
        lines: Vec<Line>,
        #[serde(default)]
        attributes: BTreeMap<String, u8>,
        benefit: Option<Benefit>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what cannot be read matters")]
    struct Line {
        quantity: u32,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    #[expect(dead_code, reason = "only what cannot be read matters")]
    enum Benefit {
        PercentOff { rate_bp: u32 },
    }

    fn check(body: &str, expected: &str) {
        let problem = read::<Order>(body.as_bytes()).expect_err(body);
        let error = problem.errors().first().map(|error| format!(" {} {}", error.pointer, error.code));
        let found = format!("{} {}{}", problem.status().as_u16(), problem.code(), error.unwrap_or_default());
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn what_is_no_json_is_malformed() {
        check("", "400 malformed");
        check("{", "400 malformed");
        check(r#"{"lines":[]} x"#, "400 malformed");
        let invalid = read::<Order>(b"{\"lines\":[],\"\xff\":1}").expect_err("it is not UTF-8");
        assert_eq!(invalid.code(), "malformed");
    }

    #[test]
    fn what_has_another_shape_names_its_place() {
        check("{}", "422 invalid_field /lines missing");
        check(r#"{"lines":[{}]}"#, "422 invalid_field /lines/0/quantity missing");
        check(r#"{"lines":[{"quantity":1},{"quantity":"1"}]}"#, "422 invalid_field /lines/1/quantity invalid");
        check(r#"{"lines":[{"quantity":-1}]}"#, "422 invalid_field /lines/0/quantity invalid");
        check(r#"{"lines":[{"quantity":1,"sku":1}]}"#, "422 invalid_field /lines/0/sku unknown");
        check(r#"{"lines":[],"lines":[]}"#, "422 invalid_field /lines duplicate");
        check(r#"{"lines":[],"attributes":{"a/b~c":-1}}"#, "422 invalid_field /attributes/a~1b~0c invalid");
        check(
            r#"{"lines":[],"benefit":{"percent_off":{"rate_bp":-1}}}"#,
            "422 invalid_field /benefit/percent_off/rate_bp invalid",
        );
    }

    #[test]
    fn nesting_is_refused_before_it_is_read() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read::<serde_json::Value>(nested(DEPTH_MAX).as_bytes()).is_ok());
        let refused = read::<serde_json::Value>(nested(DEPTH_MAX + 1).as_bytes()).expect_err("it is too deep");
        assert_eq!(refused.code(), "malformed");
        assert_eq!(depth(br#"["[[[", "\"[[["]"#), 1);
    }
}
