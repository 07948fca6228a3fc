//! What does not fit on a few screens is not read as a whole any more.

use crate::repository::{Breach, Repository};
use crate::source::{Source, line_at, words};

/// Aim at 300.
pub const FILE_LINES_MAX: usize = 500;

/// Aim at 40. From the line of its name to that of its closing brace.
pub const FUNCTION_LINES_MAX: usize = 70;

/// Files written by a program, by path.
const GENERATED: [&str; 0] = [];

/// No file and no function is longer than its maximum.
#[must_use]
pub fn sizes(repository: &Repository) -> Vec<Breach> {
    let written = repository.sources.iter().filter(|source| !GENERATED.contains(&&*source.path));
    written.flat_map(|source| long_file(source).into_iter().chain(long_functions(source))).collect()
}

fn long_file(source: &Source) -> Option<Breach> {
    let lines = source.text.lines().count();
    let what = format!("{lines} lines, at most {FILE_LINES_MAX} are allowed: split the file by meaning");
    (lines > FILE_LINES_MAX).then(|| Breach { file: source.path.clone(), line: FILE_LINES_MAX + 1, what })
}

fn long_functions(source: &Source) -> Vec<Breach> {
    let starts: Vec<usize> = if source.is_rust() {
        words(&source.code, "fn").collect()
    } else {
        words(&source.code, "function").chain(source.code.match_indices("=>").map(|(at, _)| at)).collect()
    };
    let breach = |start: usize| {
        let end = start + body_end(&source.code[start..])?;
        let line = line_at(&source.code, start);
        let lines = line_at(&source.code, end) - line + 1;
        let what = format!(
            "a function of {lines} lines, at most {FUNCTION_LINES_MAX} are allowed: branch here, compute in leaves"
        );
        (lines > FUNCTION_LINES_MAX).then(|| Breach { file: source.path.clone(), line, what })
    };
    starts.into_iter().filter_map(breach).collect()
}

/// Where the first `{...}` outside of parentheses and brackets ends; none if a `;` or the end of the text, as in a
/// declaration without body or an arrow with a mere expression, comes before it.
fn body_end(code: &str) -> Option<usize> {
    let (mut nested, mut depth) = (0_i32, 0_i32);
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'(' | b'[' if depth == 0 => nested += 1,
            b')' | b']' if depth == 0 => nested -= 1,
            b';' if depth == 0 && nested == 0 => return None,
            b'{' if nested == 0 => depth += 1,
            b'}' if nested == 0 => depth -= 1,
            _ => continue,
        }
        if nested < 0 || depth < 0 {
            return None;
        }
        if byte == b'}' && depth == 0 && nested == 0 {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: String, lines: &[usize]) {
        let repository = Repository { manifests: Vec::new(), sources: vec![Source::new(path, text)] };
        assert_eq!(sizes(&repository).iter().map(|breach| breach.line).collect::<Vec<_>>(), lines);
    }

    #[test]
    fn a_file_may_have_the_maximum_of_lines_and_not_one_more() {
        check("a.rs", "\n".repeat(FILE_LINES_MAX), &[]);
        check("a.tsx", "\n".repeat(FILE_LINES_MAX + 1), &[FILE_LINES_MAX + 1]);
    }

    #[test]
    fn a_function_may_have_the_maximum_of_lines_and_not_one_more() {
        let function = |lines: usize| format!("\nfn a(b: [u8; 4]) {{{}}}\nfn c() {{}}", "\n".repeat(lines - 1));
        check("a.rs", function(FUNCTION_LINES_MAX), &[]);
        check("a.rs", function(FUNCTION_LINES_MAX + 1), &[2]);
    }

    #[test]
    fn a_component_and_an_arrow_with_a_body_are_functions_too() {
        let lines = "\n".repeat(FUNCTION_LINES_MAX);
        check("a.tsx", format!("function A({{ b }}: C) {{{lines}}}"), &[1]);
        check("a.ts", format!("const a = () => {{{lines}}};\nconst b = () => c;\nfor (;;) {{{lines}}}"), &[1]);
    }

    #[test]
    fn braces_in_texts_and_functions_without_body_do_not_count() {
        let lines = "\n".repeat(FUNCTION_LINES_MAX);
        check("a.rs", format!("trait A {{ fn a(); {lines} }}\nfn b() {{ \"{{\"; }}\n{lines}}}"), &[]);
    }
}
