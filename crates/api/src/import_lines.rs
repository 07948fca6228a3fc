//! A file of codes as CSV (RFC 4180), read while it arrives and never as a whole.

use domain::id::CustomerId;
use domain::identity::IdentityKind;
use ports::{ImportContent, ImportLine, ImportOwner};

use crate::definition_body::check_code;

/// A longer line is refused; it is not kept.
pub const LINE_BYTES_MAX: usize = 1024;

const COLUMNS_MAX: usize = 16;

/// What some programs begin UTF-8 with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The header cannot be understood; the sentence is fit for a caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HeaderError(String);

/// The columns that name the owner.
const OWNERS: &str = "customer_id, external_id, email, phone or open_id";

/// What a column says of the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OwnedBy {
    Id,
    Identity(IdentityKind),
}

/// Where a record has what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Columns {
    code: usize,
    owner: Option<(usize, OwnedBy)>,
}

/// Reads lines from bytes, in whatever portions they come.
pub(crate) struct Lines {
    reader: csv_core::Reader,
    /// How much of a byte order mark has been seen; all of it once something else came.
    mark: usize,
    columns: Option<Columns>,
    /// Of the byte that is read next, from 1.
    line: u64,
    /// The byte before it was `\r`: a `\n` ends the same line.
    after_return: bool,
    record: Record,
    ready: Vec<ImportLine>,
}

/// The record that is being read.
struct Record {
    /// `None` between two records.
    line: Option<u64>,
    bytes: Vec<u8>,
    length: usize,
    ends: [usize; COLUMNS_MAX],
    fields: usize,
    /// It has more than fits, which was dropped.
    overflows: bool,
}

impl Record {
    fn new() -> Self {
        let (bytes, ends) = (vec![0; LINE_BYTES_MAX], [0; COLUMNS_MAX]);
        Self { line: None, bytes, length: 0, ends, fields: 0, overflows: false }
    }

    fn clear(&mut self) {
        (self.line, self.length, self.fields, self.overflows) = (None, 0, 0, false);
    }

    /// A field without the blanks around it; empty if the record is shorter.
    fn field(&self, place: usize) -> Result<&str, std::str::Utf8Error> {
        let start = if place == 0 { 0 } else { self.ends.get(place - 1).copied().unwrap_or(0) };
        let bytes = if place < self.fields { &self.bytes[start..self.ends[place]] } else { &[] };
        Ok(std::str::from_utf8(bytes)?.trim())
    }
}

impl Lines {
    pub(crate) fn new() -> Self {
        let (mut reader, record) = (csv_core::Reader::new(), Record::new());
        // It would skip a mark at its very start, if all of it came at once: from here on it skips none.
        reader.read_record(b"\n", &mut [0; 8], &mut [0; 8]);
        Self { reader, mark: 0, columns: None, line: 1, after_return: false, record, ready: Vec::new() }
    }

    /// Reads what has arrived.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) -> Result<(), HeaderError> {
        bytes = self.skip_mark(bytes);
        while !bytes.is_empty() {
            bytes = self.skip_line_ends(bytes);
            if !bytes.is_empty() {
                let read = self.read(bytes)?;
                bytes = &bytes[read..];
            }
        }
        Ok(())
    }

    /// Reads what is left when nothing more arrives. A file without a header is refused.
    pub(crate) fn finish(&mut self) -> Result<(), HeaderError> {
        if self.record.line.is_some() {
            self.read(&[])?;
        }
        if self.columns.is_some() { Ok(()) } else { Err(HeaderError("must begin with a header: code".to_owned())) }
    }

    /// Lines that were read and not taken yet.
    pub(crate) fn ready(&mut self) -> &mut Vec<ImportLine> {
        &mut self.ready
    }

    /// One at the start of the file, in whatever portions it comes.
    fn skip_mark<'a>(&mut self, mut bytes: &'a [u8]) -> &'a [u8] {
        while let (Some(expected), [first, rest @ ..]) = (BYTE_ORDER_MARK.get(self.mark), bytes) {
            if first != expected {
                self.mark = BYTE_ORDER_MARK.len();
                break;
            }
            self.mark += 1;
            bytes = rest;
        }
        bytes
    }

    /// Between two records, so that a record's line is where it begins.
    fn skip_line_ends<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        if self.record.line.is_some() {
            return bytes;
        }
        let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.count_lines(&bytes[..blank]);
        &bytes[blank..]
    }

    /// A line ends where a record may end: with `\n`, with `\r\n`, and with a lone `\r` as files of old Macs have it. So no two
    /// records have one number.
    fn count_lines(&mut self, read: &[u8]) {
        for byte in read {
            let ends = *byte == b'\r' || (*byte == b'\n' && !self.after_return);
            self.line += u64::from(ends);
            self.after_return = *byte == b'\r';
        }
    }

    /// Reads up to the end of a record at most. Returns how many bytes were read.
    fn read(&mut self, bytes: &[u8]) -> Result<usize, HeaderError> {
        let record = &mut self.record;
        record.line.get_or_insert(self.line);
        let (output, ends) = (&mut record.bytes[record.length..], &mut record.ends[record.fields..]);
        let (result, read, written, ended) = self.reader.read_record(bytes, output, ends);
        record.length += written;
        record.fields += ended;
        match result {
            csv_core::ReadRecordResult::InputEmpty => {}
            csv_core::ReadRecordResult::OutputFull | csv_core::ReadRecordResult::OutputEndsFull => {
                record.overflows = true;
                (record.length, record.fields) = (0, 0);
            }
            csv_core::ReadRecordResult::Record | csv_core::ReadRecordResult::End => self.end_record()?,
        }
        self.count_lines(&bytes[..read]);
        Ok(read)
    }

    fn end_record(&mut self) -> Result<(), HeaderError> {
        match self.columns {
            None => self.columns = Some(header(&self.record)?),
            Some(columns) => {
                let line = self.record.line.unwrap_or(self.line);
                self.ready.push(ImportLine { line, content: content(&self.record, columns) });
            }
        }
        self.record.clear();
        Ok(())
    }
}

fn header(record: &Record) -> Result<Columns, HeaderError> {
    let refuse = |detail: String| Err(HeaderError(detail));
    if record.overflows {
        return refuse(format!("the header must be at most {LINE_BYTES_MAX} bytes and {COLUMNS_MAX} columns"));
    }
    let (mut code, mut owner) = (None, None);
    for place in 0..record.fields {
        let Ok(name) = record.field(place) else { return refuse("the header must be UTF-8".to_owned()) };
        let name = name.to_ascii_lowercase();
        let owned_by = match name.as_str() {
            "code" if code.is_none() => {
                code = Some(place);
                continue;
            }
            "customer_id" => OwnedBy::Id,
            "code" => return refuse("the column code stands twice".to_owned()),
            name => match IdentityKind::ALL.into_iter().find(|kind| kind.name() == name) {
                Some(kind) => OwnedBy::Identity(kind),
                None => return refuse(format!("column {} must be code, {OWNERS}", place + 1)),
            },
        };
        if owner.replace((place, owned_by)).is_some() {
            return refuse("one column at most may name the owner".to_owned());
        }
    }
    match code {
        Some(code) => Ok(Columns { code, owner }),
        None => refuse("must begin with a header that names the column code".to_owned()),
    }
}

fn content(record: &Record, columns: Columns) -> ImportContent {
    match read_content(record, columns) {
        Ok(content) => content,
        Err(reason) => ImportContent::Unreadable(reason.to_owned()),
    }
}

fn read_content(record: &Record, columns: Columns) -> Result<ImportContent, &'static str> {
    if record.overflows {
        return Err("line_too_long");
    }
    let text = record.field(columns.code).map_err(|_| "not_utf8")?;
    if check_code("", text).is_err() {
        return Err("code_invalid");
    }
    let owner = match columns.owner {
        Some((place, owned_by)) => owner(record.field(place).map_err(|_| "not_utf8")?, owned_by)?,
        None => None,
    };
    Ok(ImportContent::Code { text: text.to_owned(), owner })
}

fn owner(text: &str, owned_by: OwnedBy) -> Result<Option<ImportOwner>, &'static str> {
    if text.is_empty() {
        return Ok(None);
    }
    match owned_by {
        OwnedBy::Id => {
            let id: CustomerId = text.parse().map_err(|_| "customer_invalid")?;
            Ok(Some(ImportOwner::Id(id)))
        }
        OwnedBy::Identity(kind) => {
            kind.check(text).map_err(|_| "customer_invalid")?;
            Ok(Some(ImportOwner::By(kind, text.to_owned())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of a file, whichever portions it arrives in.
    fn read(file: &[u8]) -> Result<Vec<(u64, String)>, String> {
        let all: Vec<_> = [1, 2, 3, 7, file.len().max(1)].map(|size| read_in(file, size)).into();
        assert!(all.iter().all(|other| *other == all[0]), "{all:?}");
        all[0].clone()
    }

    fn read_in(file: &[u8], size: usize) -> Result<Vec<(u64, String)>, String> {
        let mut lines = Lines::new();
        file.chunks(size).try_for_each(|bytes| lines.push(bytes)).map_err(|error| error.to_string())?;
        lines.finish().map_err(|error| error.to_string())?;
        let shown = |content: ImportContent| match content {
            ImportContent::Code { text, owner: None } => text,
            ImportContent::Code { text, owner: Some(ImportOwner::Id(id)) } => format!("{text} of {id}"),
            ImportContent::Code { text, owner: Some(ImportOwner::By(_, id)) } => format!("{text} of {id}"),
            ImportContent::Unreadable(reason) => format!("! {reason}"),
        };
        Ok(lines.ready().drain(..).map(|line| (line.line, shown(line.content))).collect())
    }

    fn check(file: &[u8], expected: &[(u64, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(line, shown)| (*line, (*shown).to_owned())).collect();
        assert_eq!(read(file), Ok(expected), "{}", String::from_utf8_lossy(file));
    }

    fn check_refused(file: &[u8], expected: &str) {
        assert_eq!(read(file), Err(expected.to_owned()));
    }

    #[test]
    fn lines_are_read_as_spreadsheets_and_shells_write_them() {
        check(b"code\nA-1\nA-2\n", &[(2, "A-1"), (3, "A-2")]);
        check(b"code\r\nA-1\r\n\r\nA-2", &[(2, "A-1"), (4, "A-2")]);
        check("\u{feff}code,external_id\n A ,shop-7\nB,\nC\n".as_bytes(), &[(2, "A of shop-7"), (3, "B"), (4, "C")]);
        check(b"\"external_id\",\"CODE\"\n\"a, b\",\"say \"\"A\"\"\"\n", &[(2, "say \"A\" of a, b")]);
        check("code\nGröße 2\n新年\n".as_bytes(), &[(2, "Größe 2"), (3, "新年")]);
        check(b"code\n", &[]);
        check(b"code", &[]);
    }

    #[test]
    fn what_cannot_be_a_code_is_refused_and_the_rest_is_read() {
        check(b"code\n--\n\xff\xfe\nA\n", &[(2, "! code_invalid"), (3, "! not_utf8"), (4, "A")]);
        let long = [b"code\n", &b"x".repeat(3_000)[..], b"\nA\n", &b"y".repeat(65), b"\nB"].concat();
        check(&long, &[(2, "! line_too_long"), (3, "A"), (4, "! code_invalid"), (5, "B")]);
        let wide = [b"code\n", &b"x,".repeat(40)[..], b"\nA"].concat();
        check(&wide, &[(2, "! line_too_long"), (3, "A")]);
        check(b"code,customer_id\nA,cus_7\n,\nB", &[(2, "! customer_invalid"), (3, "! code_invalid"), (4, "B")]);
    }

    #[test]
    fn a_line_is_counted_where_its_record_begins() {
        check(b"code,external_id\nA,\"two\nlines\"\nB,\n", &[(2, "! customer_invalid"), (4, "B")]);
        check(b"\n\ncode\n\nA\n\n\nB", &[(5, "A"), (8, "B")]);
        check(b"code\r--\rA\r\n--\n\rB", &[(2, "! code_invalid"), (3, "A"), (4, "! code_invalid"), (6, "B")]);
    }

    #[test]
    fn a_header_names_what_the_columns_are() {
        check_refused(b"", "must begin with a header: code");
        check_refused(b"\n", "must begin with a header: code");
        check_refused(b"A-1\nA-2", "column 1 must be code, customer_id, external_id, email, phone or open_id");
        check_refused(b"external_id\nx", "must begin with a header that names the column code");
        check_refused(b"code,code\n", "the column code stands twice");
        check_refused(b"code,customer_id,external_id\n", "one column at most may name the owner");
        check_refused(&b"code,".repeat(900), "the header must be at most 1024 bytes and 16 columns");
        check_refused(b"code,\xff\n", "the header must be UTF-8");
        let twice_marked = "\u{feff}\u{feff}code\nA".as_bytes();
        check_refused(twice_marked, "column 1 must be code, customer_id, external_id, email, phone or open_id");
    }
}
