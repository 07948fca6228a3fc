//! Amounts as shop owners write them: major units with the decimals of the currency.

use domain::money::Currency;

/// `5.01` of EUR is 501; a text with other decimals than the currency has is none.
pub fn read(text: &str, currency: Currency) -> Result<i64, String> {
    let minor: i64 = text.replace('.', "").parse().map_err(|_| format!("`{text}` is no amount"))?;
    let written = write(minor, currency);
    if written == text {
        Ok(minor)
    } else {
        Err(format!("`{text}` of {currency} is written `{written}`, if it is meant"))
    }
}

pub fn write(minor: i64, currency: Currency) -> String {
    let decimals = currency.decimals() as usize;
    let sign = if minor < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", minor.unsigned_abs(), width = decimals + 1);
    let (major, rest) = digits.split_at(digits.len() - decimals);
    if rest.is_empty() { format!("{sign}{major}") } else { format!("{sign}{major}.{rest}") }
}

pub fn write_all(minors: &[i64], currency: Currency) -> String {
    minors.iter().map(|minor| write(*minor, currency)).collect::<Vec<_>>().join(", ")
}

#[test]
fn an_amount_is_written_with_the_decimals_of_its_currency() {
    for (text, currency, minor) in [
        ("5.01", "EUR", Some(501)),
        ("0.05", "EUR", Some(5)),
        ("-1.00", "EUR", Some(-100)),
        ("501", "JPY", Some(501)),
        ("0.500", "KWD", Some(500)),
        ("5", "EUR", None),
        ("5.0", "EUR", None),
        ("5.00", "JPY", None),
        ("five", "EUR", None),
    ] {
        assert_eq!(read(text, currency.parse().unwrap()).ok(), minor, "{text} {currency}");
    }
}
