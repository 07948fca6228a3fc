//! JSON texts to types, with the place of what is wrong.

use std::fmt::Display;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_path_to_error::Segment;

use crate::problem::Problem;
use crate::strict::Strict;
use crate::wording::{blame, plain};

/// How deep arrays and objects may nest: far more than any request needs, far less than a stack holds.
pub(crate) const DEPTH_MAX: usize = 64;

/// Reads a body: what is no JSON, or too deep, is 400; what has another shape than `T` is 422 with its place.
///
/// What is right, as most is, is read once. What is not is read again to say why: the depth, then the syntax by itself, so that
/// whatever is said afterwards is about the shape; then with the way to every field, which costs as much as the reading.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(body).map_err(|error| not_json(&error))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    match T::deserialize(Strict::new(&mut reader, DEPTH_MAX)).and_then(|value| reader.end().map(|()| value)) {
        Ok(value) => Ok(value),
        Err(_) => explain(text),
    }
}

fn explain<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    if depth(text) > DEPTH_MAX {
        return Err(Problem::malformed(format!("The body nests deeper than {DEPTH_MAX}.")));
    }
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| not_json(&error))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(Strict::new(&mut reader, DEPTH_MAX))
        .map_err(|error| invalid_field(error.path(), &error.inner().to_string()))
}

/// How deep arrays and objects nest, at the deepest. It only counts brackets outside of texts: the real reader has refused
/// the text already.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_text, mut escaped) = (false, false);
    for byte in text.bytes() {
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

fn not_json(error: &dyn Display) -> Problem {
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
    Problem::invalid_field(pointer, code, plain(message))
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
        colors: Option<Vec<Color>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what cannot be read matters")]
    struct Line {
        quantity: u32,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Color {
        Red,
        DarkBlue,
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
        check("null", "422 invalid_field  invalid");
        check(r#"{"lines":null}"#, "422 invalid_field /lines invalid");
        check(r#"{"lines":[{"quantity":1e999}]}"#, "422 invalid_field /lines/0/quantity invalid");
    }

    #[test]
    fn an_array_is_no_object() {
        check("[]", "422 invalid_field  invalid");
        check("[[]]", "422 invalid_field  invalid");
        check(r#"{"lines":[[1]]}"#, "422 invalid_field /lines/0 invalid");
        check(r#"{"lines":[{"quantity":1},[1]]}"#, "422 invalid_field /lines/1 invalid");
        check(r#"{"lines":[],"attributes":[]}"#, "422 invalid_field /attributes invalid");
    }

    #[test]
    fn a_word_is_a_text() {
        for color in ["null", "1", "-1.5", "true", "[]", "{}", r#"{"red":null}"#, r#""green""#] {
            check(&format!(r#"{{"lines":[],"colors":["red",{color}]}}"#), "422 invalid_field /colors/1 invalid");
        }
        let read = read::<Order>(br#"{"lines":[{"quantity":1}],"colors":["red","dark_blue"]}"#).expect("two words");
        assert!(matches!(read.colors.as_deref(), Some([Color::Red, Color::DarkBlue])));
    }

    #[test]
    fn what_nests_too_deep_is_refused() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read::<serde_json::Value>(nested(DEPTH_MAX).as_bytes()).is_ok());
        let refused = read::<serde_json::Value>(nested(DEPTH_MAX + 1).as_bytes()).expect_err("it is too deep");
        assert_eq!(refused.code(), "malformed");
        assert_eq!(depth(r#"["[[[", "\"[[["]"#), 1);
    }
}
