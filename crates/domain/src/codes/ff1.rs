//! FF1 (NIST SP 800-38G, section 6.1) with AES-256, on integers: a keyed permutation of the numbers below `radix^n`.
//!
//! Own code because it is what codes stand on and because it is fast here: our halves are at most 65 bits, so every
//! round is one AES block and arithmetic on `u128`. All that a round's CBC-MAC reads before its last ten bytes is the
//! same in every round and for every value, so it is computed once. The tests hold it to the standard's samples and
//! to an independent implementation.

use aes::Aes256Enc;
use aes::cipher::BlockCipherEncrypt;

const ROUNDS: u8 = 10;

/// FF1 under one key, radix, number of numerals and tweak.
pub(super) struct Ff1<'k> {
    cipher: &'k Aes256Enc,
    /// The CBC-MAC up to the last block, with the constant bytes of the last block already added.
    chained: u128,
    /// The `b` of the standard in bits: what the longer half fills, rounded up to bytes.
    half_bits: u32,
    /// Keeps the first `d` bytes of a block.
    shift: u32,
    /// `radix^u` and `radix^v`: one more than the largest left and right half.
    bounds: [u128; 2],
}

impl<'k> Ff1<'k> {
    /// Needs `2 <= numerals` and `radix^numerals <= 2^125`, which every pattern keeps: so a half with its round number
    /// fits the last block, and `d` is at most one block.
    pub(super) fn new(cipher: &'k Aes256Enc, radix: u32, numerals: u32, tweak: &[u8]) -> Self {
        let left = numerals / 2;
        let bounds = [left, numerals - left].map(|half| u128::from(radix).pow(half));
        let half_bytes = (u128::BITS - (bounds[1] - 1).leading_zeros()).div_ceil(8);
        let kept_bytes = 4 * half_bytes.div_ceil(4) + 4;
        let chained = chain(cipher, first_block(radix, left, numerals, tweak.len()), tweak, half_bytes as usize + 1);
        Self { cipher, chained, half_bits: 8 * half_bytes, shift: u128::BITS - 8 * kept_bytes, bounds }
    }

    /// The number `value` (below `radix^n`) becomes.
    pub(super) fn encrypt(&self, value: u128) -> u128 {
        let (mut left, mut right) = self.halves(value);
        for round in 0..ROUNDS {
            let bound = self.bound(round);
            let sum = reduce(left + reduce(self.keyed(round, right), bound), bound);
            (left, right) = (right, sum);
        }
        left * self.bounds[1] + right
    }

    /// The number that became `value` (below `radix^n`).
    pub(super) fn decrypt(&self, value: u128) -> u128 {
        let (mut left, mut right) = self.halves(value);
        for round in (0..ROUNDS).rev() {
            let bound = self.bound(round);
            let difference = reduce(right + bound - reduce(self.keyed(round, left), bound), bound);
            (left, right) = (difference, left);
        }
        left * self.bounds[1] + right
    }

    fn halves(&self, value: u128) -> (u128, u128) {
        (value / self.bounds[1], reduce(value, self.bounds[1]))
    }

    fn bound(&self, round: u8) -> u128 {
        self.bounds[usize::from(round % 2)]
    }

    /// The standard's `y`: the MAC of the round and one half, as a number.
    fn keyed(&self, round: u8, half: u128) -> u128 {
        encrypt_block(self.cipher, self.chained ^ (u128::from(round) << self.half_bits) ^ half) >> self.shift
    }
}

/// The standard's `P`.
fn first_block(radix: u32, left: u32, numerals: u32, tweak_len: usize) -> u128 {
    let head = (0x01_02_01 << 40) | (u128::from(radix) << 16) | (u128::from(ROUNDS) << 8) | u128::from(left);
    (head << 64) | (u128::from(numerals) << 32) | (tweak_len as u128)
}

/// The MAC over `P` and the constant part of `Q`: the tweak, and zeros up to the `tail` bytes that vary.
fn chain(cipher: &Aes256Enc, first: u128, tweak: &[u8], tail: usize) -> u128 {
    let mut padded = tweak.to_vec();
    padded.resize((tweak.len() + tail).next_multiple_of(16), 0);
    padded.chunks_exact(16).fold(first, |chained, block| {
        let block = block.iter().fold(0, |number, byte| (number << 8) | u128::from(*byte));
        encrypt_block(cipher, chained) ^ block
    })
}

fn encrypt_block(cipher: &Aes256Enc, block: u128) -> u128 {
    let mut block = block.to_be_bytes().into();
    cipher.encrypt_block(&mut block);
    u128::from_be_bytes(block.into())
}

/// `value % bound`; powers of two, the default radix, are spared the division.
fn reduce(value: u128, bound: u128) -> u128 {
    if bound.is_power_of_two() { value & (bound - 1) } else { value % bound }
}

#[cfg(test)]
mod tests {
    use aes::Aes256;
    use aes::cipher::KeyInit;
    use fpe::ff1::{FF1, FlexibleNumeralString};
    use proptest::prelude::*;

    use super::*;

    fn numerals(mut value: u128, radix: u32, length: u32) -> Vec<u16> {
        let mut digits: Vec<u16> = (0..length)
            .map(|_| {
                let digit = (value % u128::from(radix)) as u16;
                value /= u128::from(radix);
                digit
            })
            .collect();
        digits.reverse();
        digits
    }

    /// The standard's sample key for AES-256 (NIST, FF1samples, samples 7 to 9).
    const SAMPLE_KEY: [u8; 32] = [
        0x2B, 0x7E, 0x15, 0x16, 0x28, 0xAE, 0xD2, 0xA6, 0xAB, 0xF7, 0x15, 0x88, 0x09, 0xCF, 0x4F, 0x3C, 0xEF, 0x43,
        0x59, 0xD8, 0xD5, 0x80, 0xAA, 0x4F, 0x7F, 0x03, 0x6D, 0x6F, 0x04, 0xFC, 0x6A, 0x94,
    ];

    #[test]
    fn the_standards_samples_7_and_8_come_out() {
        let cipher = Aes256Enc::new(&SAMPLE_KEY.into());
        for (tweak, text) in [(b"".as_slice(), 6_657_667_009), (b"9876543210", 1_001_623_463)] {
            let ff1 = Ff1::new(&cipher, 10, 10, tweak);
            assert_eq!(ff1.encrypt(123_456_789), text);
            assert_eq!(ff1.decrypt(text), 123_456_789);
        }
    }

    proptest! {
        #[test]
        fn agrees_with_an_independent_implementation(
            key: [u8; 32], tweak in prop::collection::vec(any::<u8>(), 0..70),
            radix in prop::sample::select(vec![10_u32, 22, 32]), length in 8_u32..=25, seed: u128,
        ) {
            let value = seed % u128::from(radix).pow(length);
            let cipher = Aes256Enc::new(&key.into());
            let ff1 = Ff1::new(&cipher, radix, length, &tweak);
            let oracle = FF1::<Aes256>::new(&key, radix).expect("radix is in range");
            let expected = oracle
                .encrypt(&tweak, &FlexibleNumeralString::from(numerals(value, radix, length)))
                .expect("numerals are below the radix");
            let got = ff1.encrypt(value);
            prop_assert_eq!(numerals(got, radix, length), Vec::from(expected));
            prop_assert_eq!(ff1.decrypt(got), value);
        }
    }
}
