//! A second factor: codes that an authenticator app and we compute alike from a secret and the time (RFC 6238, as all
//! apps know it: SHA-1, six digits, thirty seconds), and recovery codes for whoever lost the app.
//!
//! By hand, as it is HMAC and six lines of RFC 4226; a library would bring its own hashes and a writer of links. The
//! vectors of both RFCs are the tests.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::codes::fold;
use crate::time::Timestamp;

/// Bytes of a secret: as many as the hash has (RFC 4226, section 4).
pub const SECRET_BYTES: usize = 20;
/// Recovery codes that are made at once.
pub const RECOVERY_CODES: usize = 10;
/// Random bytes of each: too many to guess, so a fast hash keeps them.
pub const RECOVERY_BYTES: usize = 10;

const STEP_MS: i64 = 30_000;
const DIGITS: usize = 6;
/// Clocks may differ by so many steps; a person needs time to type.
const DRIFT_STEPS: u64 = 1;

/// The base 32 of RFC 4648, which apps read.
const RFC_4648: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Crockford's, which people read: the fold of typed codes leaves it as it is.
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The step whose code was typed: the present one, the one before or the one after. None if the code is that of no such
/// step, or of one up to `step_used`: whoever looks over a shoulder must not use it once more. The caller keeps the step.
#[must_use]
pub fn accepted_step(secret: &[u8], typed: &str, now: Timestamp, step_used: u64) -> Option<u64> {
    let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    if typed.len() != DIGITS || !typed.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let typed: u32 = typed.parse().ok()?;
    let present = u64::try_from(now.as_ms() / STEP_MS).unwrap_or_default();
    let steps = present.saturating_sub(DRIFT_STEPS)..=present + DRIFT_STEPS;
    steps.filter(|step| *step > step_used).find(|step| code(secret, *step) == typed)
}

/// What an app shows at that moment.
#[must_use]
pub fn shown_code(secret: &[u8], now: Timestamp) -> String {
    let step = u64::try_from(now.as_ms() / STEP_MS).unwrap_or_default();
    format!("{:06}", code(secret, step))
}

/// The code of a step as a number (RFC 4226, section 5.3): a place in the hash, which the hash itself names.
fn code(secret: &[u8], step: u64) -> u32 {
    let hmac = Hmac::<Sha1>::new_from_slice(secret).expect("HMAC takes a key of any length");
    let hash: [u8; 20] = hmac.chain_update(step.to_be_bytes()).finalize().into_bytes().into();
    let place = usize::from(hash[19] & 0xf);
    let four: [u8; 4] = hash[place..place + 4].try_into().expect("15 and 4 are within 20");
    (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000
}

/// The link that an app takes a secret from, mostly shown as a picture.
#[must_use]
pub fn app_link(secret: &[u8], issuer: &str, account: &str) -> String {
    let (issuer, account, secret) = (escape(issuer), escape(account), base_32(secret, RFC_4648));
    format!("otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30")
}

/// The secret as a person types it into an app.
#[must_use]
pub fn typed_secret(secret: &[u8]) -> String {
    base_32(secret, RFC_4648)
}

/// Recovery codes made of these random bytes: four groups of four characters. They are shown once.
#[must_use]
pub fn recovery_codes(random: &[[u8; RECOVERY_BYTES]; RECOVERY_CODES]) -> [String; RECOVERY_CODES] {
    random.map(|bytes| {
        let text = base_32(&bytes, CROCKFORD);
        let groups: Vec<&str> = (0..4).map(|group| &text[group * 4..group * 4 + 4]).collect();
        groups.join("-")
    })
}

/// What is kept of a recovery code, however it is typed.
#[must_use]
pub fn recovery_hash(typed: &str) -> [u8; 32] {
    Sha256::digest(fold(typed).as_str()).into()
}

fn base_32(bytes: &[u8], alphabet: &[u8; 32]) -> String {
    let five = |bytes: &[u8]| {
        let mut block = [0; 8];
        block[3..3 + bytes.len()].copy_from_slice(bytes);
        let symbols = (bytes.len() * 8).div_ceil(5);
        let bits = u64::from_be_bytes(block);
        (0..symbols).map(move |at| char::from(alphabet[(bits >> (35 - 5 * at) & 31) as usize])).collect::<String>()
    };
    bytes.chunks(5).map(five).collect()
}

/// All but what a link may hold anywhere (RFC 3986, section 2.3).
fn escape(text: &str) -> String {
    let escaped = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of the vectors of both RFCs.
    const SECRET: &[u8; 20] = b"12345678901234567890";

    #[test]
    fn codes_are_those_of_rfc_4226() {
        let codes = [755_224, 287_082, 359_152, 969_429, 338_314, 254_676, 287_922, 162_583, 399_871, 520_489];
        for (step, expected) in (0..).zip(codes) {
            assert_eq!(code(SECRET, step), expected, "{step}");
        }
    }

    /// Its vectors have eight digits, of which six are the last.
    #[test]
    fn steps_and_codes_are_those_of_rfc_6238() {
        for (seconds, typed, step) in [
            (59, "287082", 0x1),
            (1_111_111_109, "081804", 0x0235_23ec),
            (1_111_111_111, "050471", 0x0235_23ed),
            (1_234_567_890, "005924", 0x0273_ef07),
            (2_000_000_000, "279037", 0x03f9_40aa),
            (20_000_000_000, "353130", 0x27bc_86aa),
        ] {
            assert_eq!(accepted_step(SECRET, typed, Timestamp::from_ms(seconds * 1_000), 0), Some(step), "{seconds}");
        }
    }

    #[test]
    fn a_code_is_good_one_step_around_its_own_and_once() {
        let at = |seconds: i64, used| accepted_step(SECRET, "162 583", Timestamp::from_ms(seconds * 1_000), used);
        // It is the code of step 7: from 210 seconds up to 240.
        for (seconds, step) in [(179, None), (180, Some(7)), (239, Some(7)), (269, Some(7)), (270, None)] {
            assert_eq!(at(seconds, 0), step, "{seconds}");
        }
        assert_eq!(at(215, 6), Some(7));
        assert_eq!(at(215, 7), None, "it was used");
        assert_eq!(at(215, 8), None, "a later one was used");
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for typed in ["", "16258", "1625830", "16258a", "+16258", "١٦٢٥٨٣"] {
            assert_eq!(accepted_step(SECRET, typed, Timestamp::from_ms(215_000), 0), None, "{typed}");
        }
        assert_eq!(accepted_step(SECRET, "755224", Timestamp::MIN, 0), None, "no time is before the first step");
    }

    #[test]
    fn an_app_takes_secret_and_names_from_a_link() {
        assert_eq!(
            app_link(b"Hello!\xde\xad\xbe\xef", "Tea & Co", "ann@example.com"),
            "otpauth://totp/Tea%20%26%20Co:ann%40example.com?secret=JBSWY3DPEHPK3PXP&issuer=Tea%20%26%20Co\
             &algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(typed_secret(SECRET), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn base_32_is_that_of_rfc_4648() {
        for (bytes, text) in
            [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB")]
        {
            assert_eq!(base_32(bytes.as_bytes(), RFC_4648), text, "{bytes}");
        }
    }

    #[test]
    fn a_recovery_code_is_known_however_it_is_typed() {
        let mut random = [[0xff; RECOVERY_BYTES]; RECOVERY_CODES];
        random[0] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
        let codes = recovery_codes(&random);
        assert_eq!(codes[0], "000G-40R4-0M30-E209");
        assert_eq!(codes[9], "ZZZZ-ZZZZ-ZZZZ-ZZZZ");
        for typed in ["000G-40R4-0M30-E209", "ooog 40r4 om3o e2o9", "000g40r40m30e209"] {
            assert_eq!(recovery_hash(typed), recovery_hash(&codes[0]), "{typed}");
        }
        assert_ne!(recovery_hash("000G-40R4-0M30-E20A"), recovery_hash(&codes[0]));
    }
}
