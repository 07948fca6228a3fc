//! One source file, and its code without comments and texts, so that a law does not trip over what is merely written
//! about.

/// A source file in Rust or TypeScript.
#[derive(Debug)]
pub struct Source {
    /// From the root of the repository, with forward slashes.
    pub path: String,
    pub text: String,
    /// The text with everything in comments and literals blanked; lines and columns are those of the text.
    pub code: String,
}

impl Source {
    #[must_use]
    pub fn new(path: &str, text: String) -> Self {
        let code = blank(&text, if path.ends_with(".rs") { Language::Rust } else { Language::TypeScript });
        Self { path: path.to_owned(), text, code }
    }

    #[must_use]
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// The crate whose `src` this file is in.
    #[must_use]
    pub fn krate(&self) -> Option<&str> {
        let (krate, rest) = self.path.strip_prefix("crates/")?.split_once('/')?;
        rest.starts_with("src/").then_some(krate)
    }
}

/// The line, from 1, of a byte offset.
#[must_use]
pub fn line_at(text: &str, at: usize) -> usize {
    text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// Where `wanted` stands in the code and is not part of a longer name.
pub fn words<'a>(code: &'a str, wanted: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(wanted).map(|(at, _)| at).filter(move |&at| {
        let joined_before = wanted.starts_with(is_name) && code[..at].ends_with(is_name);
        let joined_after = wanted.ends_with(is_name) && code[at + wanted.len()..].starts_with(is_name);
        !joined_before && !joined_after
    })
}

/// The name that begins here, after blanks; empty if none does.
#[must_use]
pub fn name_at(code: &str) -> &str {
    let rest = code.trim_start();
    &rest[..rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())]
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    Rust,
    TypeScript,
}

fn blank(text: &str, language: Language) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let hidden = hidden_prefix(rest, language, code.chars().next_back());
        let (piece, after) = rest.split_at(if hidden > 0 { hidden } else { first.len_utf8() });
        if hidden > 0 {
            // One space per byte: offsets into the code are offsets into the text.
            code.extend(piece.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        } else {
            code.push(first);
        }
        rest = after;
    }
    code
}

/// How many bytes of a comment or literal the rest begins with.
fn hidden_prefix(rest: &str, language: Language, before: Option<char>) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment(rest, language == Language::Rust);
    }
    match language {
        Language::Rust => rust_literal(rest, before),
        Language::TypeScript => match rest.as_bytes()[0] {
            quote @ (b'"' | b'\'') => quoted(rest, quote).filter(|&len| !rest[..len].contains('\n')).unwrap_or(0),
            b'`' => quoted(rest, b'`').unwrap_or(0),
            _ => 0,
        },
    }
}

fn block_comment(rest: &str, nests: bool) -> usize {
    let bytes = rest.as_bytes();
    let (mut at, mut depth) = (2, 1);
    while at < bytes.len() && depth > 0 {
        let step = match &bytes[at..] {
            [b'*', b'/', ..] => -1,
            [b'/', b'*', ..] if nests => 1,
            _ => 0,
        };
        depth += step;
        at += if step == 0 { 1 } else { 2 };
    }
    at
}

fn rust_literal(rest: &str, before: Option<char>) -> usize {
    let bytes = rest.as_bytes();
    match bytes[0] {
        b'"' => quoted(rest, b'"').unwrap_or(0),
        b'\'' => char_literal(rest),
        b'r' if !before.is_some_and(|c| c.is_alphanumeric() && c != 'b' && c != 'c' || c == '_') => raw_string(rest),
        _ => 0,
    }
}

/// A character literal is told from a lifetime by its closing quote.
fn char_literal(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => quoted(rest, b'\'').unwrap_or(0),
        Some(_) => chars.next().filter(|(_, c)| *c == '\'').map_or(0, |(at, _)| at + 1),
        None => 0,
    }
}

fn raw_string(rest: &str) -> usize {
    let hashes = rest[1..].bytes().take_while(|byte| *byte == b'#').count();
    if rest.as_bytes().get(1 + hashes) != Some(&b'"') {
        return 0;
    }
    let body = hashes + 2;
    let end = format!("\"{}", "#".repeat(hashes));
    rest[body..].find(&end).map_or(rest.len(), |at| body + at + end.len())
}

fn quoted(rest: &str, quote: u8) -> Option<usize> {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, code: &str) {
        assert_eq!(Source::new(path, text.to_owned()).code, code, "{text}");
    }

    #[test]
    fn comments_and_literals_are_blanked_and_code_is_kept() {
        check("a.rs", "a /* b /* c */ d */ e // f\ng", "a                   e     \ng");
        check("a.rs", r#"a("b\"{", '{', '\'', b"c");"#, "a(      ,    ,     , b   );");
        check("a.rs", r##"a(r#"b"{"#, br"c\");"##, "a(        , b     );");
        check("a.rs", "fn a<'b>(c: &'b str) {}", "fn a<'b>(c: &'b str) {}");
        check("a.ts", "a('{', `b\nc`) // don't", "a(   ,   \n  )         ");
        check("a.tsx", "<p>don't {a}</p>\n", "<p>don't {a}</p>\n");
    }

    #[test]
    fn a_word_is_not_found_inside_a_longer_one() {
        assert_eq!(words("unsafe_code unsafe { f32 f32x }", "unsafe").collect::<Vec<_>>(), [12]);
        assert_eq!(words("a f32 f32x", "f32").count(), 1);
    }
}
