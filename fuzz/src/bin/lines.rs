//! A file of codes says the same in whatever portions it arrives, and what is read of it can be a code. The first byte is
//! the length of a portion, the rest is the file.
#![no_main]

use api::import_file::{LINE_BYTES_MAX, read_lines};
use domain::codes::fold;
use libfuzzer_sys::fuzz_target;
use ports::ImportContent;

fuzz_target!(|input: &[u8]| {
    let Some((portion, file)) = input.split_first() else { return };
    let whole = read_lines([file]);
    assert_eq!(whole, read_lines(file.chunks(usize::from(*portion).max(1))));
    let Ok(lines) = whole else { return };
    assert!(lines.is_sorted_by(|one, next| one.line < next.line), "each line begins after the one before");
    let last = 1 + file.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() as u64;
    for line in lines {
        assert!((2..=last).contains(&line.line), "line {} of {last}", line.line);
        if let ImportContent::Code { text, .. } = line.content {
            assert!(text.len() <= LINE_BYTES_MAX && !fold(&text).is_empty(), "{text:?} is no code");
        }
    }
});
