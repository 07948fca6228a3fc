//! The languages that people are written to in.

use serde::{Deserialize, Serialize};

/// A language that Scrip writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// Chinese, in simplified characters.
    #[serde(rename = "zh")]
    Chinese,
}

impl Language {
    /// The language of a tag as browsers and people write it (RFC 5646), by its first part: `zh`, `zh-CN`, `EN_us`.
    /// `None` for a language that Scrip does not write.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "en" => Some(Self::English),
            "zh" => Some(Self::Chinese),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_by_its_first_part() {
        for (tag, language) in [
            ("en", Some(Language::English)),
            ("EN_us", Some(Language::English)),
            ("zh-Hans-CN", Some(Language::Chinese)),
            ("de", None),
            ("zhx", None),
            ("", None),
        ] {
            assert_eq!(Language::of_tag(tag), language, "{tag}");
        }
    }
}
