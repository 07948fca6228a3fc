//! A shop's order lines, read and sorted into orders. A line that makes no sense is counted and listed, never fatal and
//! never silently dropped.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use domain::time::{Timestamp, Zone};
use flate2::read::MultiGzDecoder;
use serde::Deserialize;

/// Everything the file says.
#[derive(Debug)]
pub(super) struct History {
    /// By time, in the order of the file where times are equal.
    pub orders: Vec<PastOrder>,
    /// Lines read.
    pub lines: u64,
    /// What made no sense.
    pub bad: BadLines,
}

/// An order, or the cancellation of one.
#[derive(Debug)]
pub(super) struct PastOrder {
    pub number: String,
    pub at: Timestamp,
    /// Empty: a guest.
    pub customer: String,
    pub lines: Vec<PastLine>,
}

impl PastOrder {
    /// Numbers that start with C give goods back.
    pub(super) fn is_cancellation(&self) -> bool {
        self.number.starts_with('C')
    }
}

#[derive(Clone, Debug)]
pub(super) struct PastLine {
    pub sku: String,
    pub quantity: u32,
    pub unit_price_minor: i64,
}

/// Lines that make no sense: how many of each kind, and where.
#[derive(Debug, Default)]
pub(super) struct BadLines {
    kinds: BTreeMap<&'static str, Vec<u64>>,
}

impl BadLines {
    fn add(&mut self, kind: &'static str, line: u64) {
        self.kinds.entry(kind).or_default().push(line);
    }

    pub(super) fn count(&self) -> usize {
        self.kinds.values().map(Vec::len).sum()
    }

    /// A line for each kind with its first places, or with all of them.
    pub(super) fn describe(&self, all: bool) -> Vec<String> {
        let shown = if all { usize::MAX } else { 5 };
        let describe = |(kind, lines): (&&str, &Vec<u64>)| {
            let places: Vec<String> = lines.iter().take(shown).map(u64::to_string).collect();
            let more = if lines.len() > shown { ", ..." } else { "" };
            format!("bad lines: {} with {kind} (at {}{more})", lines.len(), places.join(", "))
        };
        self.kinds.iter().map(describe).collect()
    }
}

#[derive(Deserialize)]
struct Row {
    order: String,
    sku: String,
    quantity: String,
    ordered_at: String,
    unit_price: String,
    customer: String,
}

/// Reads a CSV file, compressed or not.
pub(super) fn read(file: &Path, zone: &Zone) -> anyhow::Result<History> {
    let reader = open(file)?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(reader);
    let headers = reader.byte_headers()?.clone();
    for wanted in ["order", "sku", "quantity", "ordered_at", "unit_price", "customer"] {
        anyhow::ensure!(
            headers.iter().any(|name| name == wanted.as_bytes()),
            "the first line names no column {wanted}"
        );
    }
    let mut sorter = Sorter::default();
    let mut record = csv::ByteRecord::new();
    let mut lines = 0;
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            // A broken stream has no next line; a broken line has.
            Err(error) if error.is_io_error() => return Err(error.into()),
            Err(_) => {
                sorter.bad.add("a form that is not CSV", lines + 2);
                lines += 1;
                continue;
            }
        }
        lines += 1;
        let place = record.position().map_or(0, csv::Position::line);
        match record.deserialize::<Row>(Some(&headers)) {
            Ok(row) => sorter.take(&row, place, zone),
            Err(_) => sorter.bad.add("columns that are missing or not UTF-8", place),
        }
    }
    let mut orders = sorter.orders;
    orders.retain(|order| !order.lines.is_empty());
    orders.sort_by_key(|order| order.at);
    Ok(History { orders, lines, bad: sorter.bad })
}

fn open(file: &Path) -> io::Result<Box<dyn Read>> {
    let mut magic = [0; 2];
    let is_gzip = File::open(file)?.read(&mut magic)? == 2 && magic == [0x1f, 0x8b];
    let reader = BufReader::new(File::open(file)?);
    Ok(if is_gzip { Box::new(MultiGzDecoder::new(reader)) } else { Box::new(reader) })
}

#[derive(Default)]
struct Sorter {
    orders: Vec<PastOrder>,
    by_number: HashMap<String, usize>,
    bad: BadLines,
}

impl Sorter {
    fn take(&mut self, row: &Row, place: u64, zone: &Zone) {
        match self.parse(row, zone) {
            Ok((index, line)) => self.orders[index].lines.push(line),
            Err(kind) => self.bad.add(kind, place),
        }
    }

    fn parse(&mut self, row: &Row, zone: &Zone) -> Result<(usize, PastLine), &'static str> {
        if row.order.is_empty() || row.sku.is_empty() {
            return Err("no order number or no sku");
        }
        let time = row.ordered_at.trim();
        let at = time.parse().or_else(|_| zone.instant_of(time)).map_err(|_| "a time that is none")?;
        let quantity: i64 = row.quantity.trim().parse().map_err(|_| "a quantity that is no whole number")?;
        let unit_price_minor = minor_units(row.unit_price.trim()).ok_or("a price that is no amount")?;
        // In a cancellation a negative quantity is what comes back.
        let quantity = if row.order.starts_with('C') { -quantity } else { quantity };
        let quantity = match u32::try_from(quantity) {
            Ok(0) | Err(_) => return Err("a quantity of zero or of the wrong sign"),
            Ok(quantity) => quantity,
        };
        if unit_price_minor <= 0 {
            return Err("a price of zero or less");
        }
        let index = self.order_of(row, at);
        Ok((index, PastLine { sku: row.sku.trim().to_owned(), quantity, unit_price_minor }))
    }

    fn order_of(&mut self, row: &Row, at: Timestamp) -> usize {
        if let Some(index) = self.by_number.get(&row.order) {
            return *index;
        }
        let customer = row.customer.trim().to_owned();
        self.orders.push(PastOrder { number: row.order.clone(), at, customer, lines: Vec::new() });
        self.by_number.insert(row.order.clone(), self.orders.len() - 1);
        self.orders.len() - 1
    }
}

/// A decimal amount in hundredths, half up. No floats: 0.1 has to be ten.
fn minor_units(text: &str) -> Option<i64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if digits.len() > 15 || whole.is_empty() && fraction.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let digit = |place: usize| i64::from(fraction.as_bytes().get(place).map_or(0, |byte| byte - b'0'));
    let minor = whole * 100 + digit(0) * 10 + digit(1) + i64::from(digit(2) >= 5);
    Some(if negative { -minor } else { minor })
}

#[cfg(test)]
mod tests {
    use super::{minor_units, read};
    use domain::time::Zone;

    #[test]
    fn amounts_are_read_in_hundredths_and_rounded_half_up() {
        let cases = [
            ("2.55", Some(255)),
            ("3", Some(300)),
            ("0.1", Some(10)),
            ("1.005", Some(101)),
            (".5", Some(50)),
            ("-11062.06", Some(-1_106_206)),
            ("", None),
            ("1,5", None),
            ("1e3", None),
            (".", None),
        ];
        for (text, minor) in cases {
            assert_eq!(minor_units(text), minor, "{text}");
        }
    }

    #[test]
    fn lines_that_make_no_sense_are_counted_by_kind_and_the_rest_is_kept() {
        let text = "order,sku,description,quantity,ordered_at,unit_price,customer,country\n\
            1,A,x,2,2011-01-02T10:00:00,1.50,7,UK\n\
            1,B,x,-2,2011-01-02T10:00:00,1.50,7,UK\n\
            1,B,x,1,2011-01-02T10:00:00,0,7,UK\n\
            1,B,x,1,yesterday,1.00,7,UK\n\
            1,B,x,many,2011-01-02T10:00:00,1.00,7,UK\n\
            too,short\n\
            C2,A,x,-1,2011-01-01T10:00:00,1.50,7,UK\n";
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("orders.csv");
        std::fs::write(&file, text).expect("written");
        let history = read(&file, &Zone::utc()).expect("read");
        assert_eq!(history.lines, 7);
        assert_eq!(history.bad.count(), 5);
        let numbers: Vec<&str> = history.orders.iter().map(|order| order.number.as_str()).collect();
        assert_eq!(numbers, ["C2", "1"], "by time");
        assert_eq!(history.orders[1].lines.len(), 1);
    }
}
