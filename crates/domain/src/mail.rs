//! Letters to people: what is written, in which language, and where its links lead. Plain text only: every program shows
//! it as it is, and nobody can hide where a link leads.
//!
//! No letter repeats what a stranger typed: whoever registers with another's address could else write to it in our name.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::language::Language;
use crate::time::Timestamp;

/// A letter as it is sent. Its `Debug` hides it: it holds an address and mostly a secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// The address, without a name.
    pub to: String,
    /// One line.
    pub subject: String,
    /// Lines that end with `\n`.
    pub text: String,
    /// When it is of no more use, as its link is dead by then; for ever if none.
    pub until: Option<Timestamp>,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("until", &self.until).finish_non_exhaustive()
    }
}

/// A secret that opens a page for a while.
#[derive(Clone, Copy)]
pub struct Link<'a> {
    /// Needs no escape in a link: letters, digits, `-` and `_`.
    pub token: &'a str,
    /// How long it is good for.
    pub minutes: u32,
}

impl fmt::Debug for Link<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("minutes", &self.minutes).finish_non_exhaustive()
    }
}

/// What there is to say.
#[derive(Clone, Copy, Debug)]
pub enum Letter<'a> {
    /// To an address that a new account named: is it yours?
    VerifyAddress(Link<'a>),
    /// To an address that has an account already, when somebody registers with it. Who registered is told the same as
    /// anybody, so only the owner of the address learns of it.
    AlreadyRegistered,
    /// To the address of an account whose password was forgotten.
    RecoverPassword(Link<'a>),
    /// To a person whom the staff made an account for: choose a password.
    Invitation(Link<'a>),
}

/// Who writes.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// What people know the tenant as.
    pub name: &'a str,
    /// Where its pages are: `https://shop.example`, without a slash at the end.
    pub public_url: &'a str,
}

impl Letter<'_> {
    /// The letter as it is sent to that address.
    #[must_use]
    pub fn write(&self, language: Language, sender: Sender<'_>, to: &str, now: Timestamp) -> Mail {
        let (page, link) = match *self {
            Self::VerifyAddress(link) => ("verify", Some(link)),
            Self::AlreadyRegistered => ("sign-in", None),
            Self::RecoverPassword(link) => ("reset", Some(link)),
            Self::Invitation(link) => ("set-up", Some(link)),
        };
        let name = one_line(sender.name);
        let (subject, lines) = match language {
            Language::English => self.english(&name),
            Language::Chinese => self.chinese(&name),
        };
        let url = url(sender.public_url, page, link);
        let valid = link.map(|link| valid(language, link.minutes));
        let paragraphs = [Some(lines[0].clone()), Some(url), valid, Some(lines[1].clone())];
        let text: Vec<String> = paragraphs.into_iter().flatten().collect();
        let until = link.map(|link| now.saturating_add_ms(i64::from(link.minutes) * 60_000));
        Mail { to: to.to_owned(), subject, text: text.join("\n\n") + "\n", until }
    }

    /// The subject, what stands before the link, and what stands at the end.
    fn english(&self, name: &str) -> (String, [String; 2]) {
        let (subject, before, after) = match self {
            Self::VerifyAddress(_) => (
                format!("{name}: is this your address?"),
                format!("An account at {name} was made with this address. If it is yours, open this link:"),
                "If you made no account, do nothing: without you the address is not used.",
            ),
            Self::AlreadyRegistered => (
                format!("{name}: you have an account already"),
                format!(
                    "Somebody, perhaps you, tried to make an account at {name} with this address. It has one already. \
                     Sign in, or ask for a new password there:"
                ),
                "If it was not you, do nothing: nothing has changed.",
            ),
            Self::RecoverPassword(_) => (
                format!("{name}: a new password"),
                format!("A new password was asked for your account at {name}. To choose it, open this link:"),
                "If you did not ask, do nothing: your password stays as it is.",
            ),
            Self::Invitation(_) => (
                format!("{name}: your account is ready"),
                format!("An account at {name} was made for you. To choose your password, open this link:"),
                "If you expected nothing of this kind, do nothing.",
            ),
        };
        (subject, [before, after.to_owned()])
    }

    fn chinese(&self, name: &str) -> (String, [String; 2]) {
        let (subject, before, after) = match self {
            Self::VerifyAddress(_) => (
                format!("{name}：请确认您的邮箱"),
                format!("有人用此邮箱在 {name} 注册了账户。如果是您本人，请打开以下链接确认："),
                "如果您没有注册，请忽略本邮件：未经您确认，此邮箱不会被使用。",
            ),
            Self::AlreadyRegistered => (
                format!("{name}：您已有账户"),
                format!(
                    "有人（可能是您本人）试图用此邮箱在 {name} 注册，但此邮箱已有账户。请登录，或在该页面重设密码："
                ),
                "如果不是您本人操作，请忽略本邮件：您的账户没有任何变化。",
            ),
            Self::RecoverPassword(_) => (
                format!("{name}：重设密码"),
                format!("我们收到了重设您在 {name} 的账户密码的请求。请打开以下链接设置新密码："),
                "如果您没有提出请求，请忽略本邮件：您的密码不会改变。",
            ),
            Self::Invitation(_) => (
                format!("{name}：您的账户已创建"),
                format!("{name} 已为您创建账户。请打开以下链接设置密码："),
                "如果您并不知情，请忽略本邮件。",
            ),
        };
        (subject, [before, after.to_owned()])
    }
}

/// The token stands behind the `#`, which a browser sends to nobody: no log and no referrer holds it.
fn url(public_url: &str, page: &str, link: Option<Link<'_>>) -> String {
    match link {
        Some(link) => format!("{public_url}/{page}#token={}", link.token),
        None => format!("{public_url}/{page}"),
    }
}

fn valid(language: Language, minutes: u32) -> String {
    let (number, hours) = if minutes.is_multiple_of(60) { (minutes / 60, true) } else { (minutes, false) };
    match language {
        Language::English => {
            let unit = if hours { "hour" } else { "minute" };
            let plural = if number == 1 { "" } else { "s" };
            format!("The link works once, and for {number} {unit}{plural}.")
        }
        Language::Chinese => format!("链接仅可使用一次，{number} {}内有效。", if hours { "小时" } else { "分钟" }),
    }
}

/// A name that would break the subject line is put on one.
fn one_line(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENDER: Sender<'_> = Sender { name: "Tea & Co", public_url: "https://tea.example" };
    const LINK: Link<'_> = Link { token: "abc-_1", minutes: 30 };

    fn write(letter: Letter<'_>, language: Language) -> Mail {
        letter.write(language, SENDER, "ann@example.com", Timestamp::from_ms(1_000))
    }

    #[test]
    fn a_letter_says_what_happened_where_to_go_for_how_long_and_what_to_do_if_it_was_not_you() {
        let mail = write(Letter::RecoverPassword(LINK), Language::English);
        assert_eq!(mail.to, "ann@example.com");
        assert_eq!(mail.subject, "Tea & Co: a new password");
        assert_eq!(
            mail.text,
            "A new password was asked for your account at Tea & Co. To choose it, open this link:\n\n\
             https://tea.example/reset#token=abc-_1\n\n\
             The link works once, and for 30 minutes.\n\n\
             If you did not ask, do nothing: your password stays as it is.\n"
        );
        assert_eq!(mail.until, Some(Timestamp::from_ms(1_000 + 30 * 60_000)));
    }

    #[test]
    fn every_letter_is_there_in_every_language_with_its_own_page() {
        let letters = [
            (Letter::VerifyAddress(LINK), "https://tea.example/verify#token=abc-_1\n"),
            (Letter::AlreadyRegistered, "https://tea.example/sign-in\n"),
            (Letter::RecoverPassword(LINK), "https://tea.example/reset#token=abc-_1\n"),
            (Letter::Invitation(LINK), "https://tea.example/set-up#token=abc-_1\n"),
        ];
        for (letter, url) in letters {
            let (english, chinese) = (write(letter, Language::English), write(letter, Language::Chinese));
            for mail in [&english, &chinese] {
                assert!(mail.text.contains(url) && mail.subject.contains("Tea & Co"), "{letter:?}: {}", mail.text);
            }
            assert!(english.text.is_ascii() && !chinese.text.is_ascii(), "{letter:?}");
        }
    }

    #[test]
    fn whole_hours_are_told_as_hours() {
        for (minutes, english, chinese) in [
            (30, "for 30 minutes.", "30 分钟内"),
            (60, "for 1 hour.", "1 小时内"),
            (90, "for 90 minutes.", "90 分钟内"),
            (2_880, "for 48 hours.", "48 小时内"),
        ] {
            assert!(valid(Language::English, minutes).ends_with(english), "{minutes}");
            assert!(valid(Language::Chinese, minutes).contains(chinese), "{minutes}");
        }
    }

    #[test]
    fn a_name_cannot_add_a_line_to_the_head_of_a_letter() {
        let sender = Sender { name: "Tea\r\nBcc: all@example.com", ..SENDER };
        let mail = Letter::AlreadyRegistered.write(Language::English, sender, "ann@example.com", Timestamp::MIN);
        assert!(!mail.subject.contains(['\r', '\n']), "{:?}", mail.subject);
    }

    #[test]
    fn debug_shows_neither_address_nor_link() {
        let mail = write(Letter::VerifyAddress(LINK), Language::English);
        let shown = format!("{mail:?} {:?}", Letter::VerifyAddress(LINK));
        assert!(!shown.contains("ann") && !shown.contains("abc"), "{shown}");
    }
}
