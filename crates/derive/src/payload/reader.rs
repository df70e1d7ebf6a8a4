//! Reads columns; no length is believed before that many bytes are seen to be there.

use super::{Invalid, decimal};
use alloc::{vec, vec::Vec};
use alloy_primitives::U256;

/// What is left of a payload.
#[derive(Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    /// The next `length` bytes.
    pub(super) fn bytes(&mut self, length: u64) -> Result<&'a [u8], Invalid> {
        let length = usize::try_from(length).map_err(|_| Invalid::Truncated)?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Invalid::Truncated)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// The next byte.
    pub(super) fn byte(&mut self) -> Result<u8, Invalid> {
        self.bytes(1).map(|bytes| bytes[0])
    }

    /// The next `count` arrays.
    pub(super) fn arrays<const SIZE: usize>(
        &mut self,
        count: u64,
    ) -> Result<&'a [[u8; SIZE]], Invalid> {
        let length = count.checked_mul(SIZE as u64).ok_or(Invalid::Truncated)?;
        Ok(self.bytes(length)?.as_chunks().0)
    }

    /// One number in LEB128.
    pub(super) fn number(&mut self) -> Result<u64, Invalid> {
        self.numbers(1).map(|numbers| numbers[0])
    }

    /// A column of numbers, in planes.
    pub(super) fn numbers(&mut self, count: u64) -> Result<Vec<u64>, Invalid> {
        Ok(self.planes(count)?.into_iter().map(|[number]| number).collect())
    }

    /// A column of decimals.
    pub(super) fn decimals(&mut self, count: u64) -> Result<Vec<U256>, Invalid> {
        let exponents = self.bytes(count)?;
        let mantissas = self.planes::<4>(count)?;
        let join = |(exponent, mantissa): (&u8, [u64; 4])| {
            decimal::join(*exponent, U256::from_limbs(mantissa)).ok_or(Invalid::Decimal)
        };
        exponents.iter().zip(mantissas).map(join).collect()
    }

    /// That nothing is left.
    pub(super) const fn finish(self) -> Result<(), Invalid> {
        if self.0.is_empty() { Ok(()) } else { Err(Invalid::Trailing) }
    }

    /// LEB128 in planes: the first byte of every number, then the second byte of those that have one, and so on.
    fn planes<const LIMBS: usize>(&mut self, count: u64) -> Result<Vec<[u64; LIMBS]>, Invalid> {
        let first = self.bytes(count)?;
        let mut numbers = vec![[0; LIMBS]; first.len()];
        let mut open = Vec::new();
        for (index, byte) in first.iter().enumerate() {
            numbers[index][0] = u64::from(byte & 0x7f);
            if byte & 0x80 != 0 {
                open.push(index);
            }
        }
        let mut bit = 7;
        while !open.is_empty() {
            let mut plane = self.bytes(open.len() as u64)?.iter();
            let mut error = None;
            open.retain(|index| {
                let byte = *plane.next().expect("the plane has a byte for each open number; qed");
                if byte == 0 || !insert(&mut numbers[*index], bit, byte & 0x7f) {
                    error = Some(Invalid::Number);
                }
                byte & 0x80 != 0
            });
            if let Some(error) = error {
                return Err(error);
            }
            bit += 7;
        }
        Ok(numbers)
    }
}

/// Puts seven bits at position `bit`; whether they fit.
fn insert<const LIMBS: usize>(number: &mut [u64; LIMBS], bit: usize, seven: u8) -> bool {
    let (limb, shift) = (bit / 64, bit % 64);
    let seven = u128::from(seven) << shift;
    let (low, high) = (seven as u64, (seven >> 64) as u64);
    let fits_low = low == 0 || limb < LIMBS;
    let fits_high = high == 0 || limb + 1 < LIMBS;
    if let Some(target) = number.get_mut(limb) {
        *target |= low;
    }
    if let Some(target) = number.get_mut(limb + 1) {
        *target |= high;
    }
    // A number that goes on past its last bit has no shortest form that fits.
    fits_low && fits_high && bit < 64 * LIMBS
}

#[cfg(test)]
mod tests {
    use super::super::writer::{Writer, uvarint};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_have_one_form() {
        let number = |bytes: &[u8]| Reader(bytes).number();
        assert_eq!(number(&[0]), Ok(0));
        assert_eq!(number(&[0x80, 1]), Ok(128));
        assert_eq!(number(&[0x80, 0]), Err(Invalid::Number));
        assert_eq!(number(&[0x80]), Err(Invalid::Truncated));
        assert_eq!(number(&[[0xff; 9].as_slice(), &[1]].concat()), Ok(u64::MAX));
        assert_eq!(number(&[[0xff; 9].as_slice(), &[2]].concat()), Err(Invalid::Number));
        assert_eq!(number(&[[0xff; 9].as_slice(), &[0x81, 1]].concat()), Err(Invalid::Number));
        assert_eq!(Reader(&[0xff; 64]).planes::<4>(1), Err(Invalid::Number));
    }

    #[test]
    fn a_count_past_the_end_allocates_nothing() {
        assert_eq!(Reader(&[1, 2, 3]).numbers(u64::MAX), Err(Invalid::Truncated));
        assert_eq!(Reader(&[1, 2, 3]).decimals(4), Err(Invalid::Truncated));
        assert_eq!(Reader(&[1, 2, 3]).arrays::<32>(u64::MAX), Err(Invalid::Truncated));
    }

    proptest! {
        #[test]
        fn columns_round_trip(numbers: Vec<(u64, u32)>, wide: Vec<[u64; 4]>, single: u64) {
            let numbers: Vec<u64> = numbers.into_iter().map(|(number, shift)| number >> (shift % 64)).collect();
            let wide: Vec<U256> = wide.into_iter().map(U256::from_limbs).collect();
            let mut writer = Writer::default();
            writer.number(single);
            writer.numbers(&numbers);
            writer.decimals(&wide);
            let (bytes, _) = writer.finish();
            let mut reader = Reader(&bytes);
            prop_assert_eq!(reader.number(), Ok(single));
            prop_assert_eq!(reader.numbers(numbers.len() as u64), Ok(numbers));
            prop_assert_eq!(reader.decimals(wide.len() as u64), Ok(wide));
            prop_assert_eq!(reader.finish(), Ok(()));
            let mut one = Vec::new();
            uvarint(single, &mut one);
            prop_assert_eq!(Reader(&one).number(), Ok(single));
        }
    }
}
