//! Writes columns and remembers where one ends and the next, unlike, begins.

use super::decimal;
use alloc::vec::Vec;
use alloy_primitives::U256;

/// The body of a payload as it grows.
#[derive(Debug, Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    seams: Vec<usize>,
}

impl Writer {
    /// One number in LEB128.
    pub(super) fn number(&mut self, number: u64) {
        uvarint(number, &mut self.bytes);
    }

    /// A column of bytes as they are.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.seam();
    }

    /// A column of numbers, in planes.
    pub(super) fn numbers(&mut self, numbers: &[u64]) {
        self.planes(numbers.iter().map(|number| [*number]).collect());
    }

    /// A column of decimals: all exponents, then all mantissas, in planes.
    pub(super) fn decimals(&mut self, values: &[U256]) {
        let mut mantissas = Vec::with_capacity(values.len());
        for value in values {
            let (exponent, mantissa) = decimal::split(*value);
            self.bytes.push(exponent);
            mantissas.push(mantissa.into_limbs());
        }
        self.seam();
        self.planes(mantissas);
    }

    /// The body and the places where its nature changes.
    pub(super) fn finish(self) -> (Vec<u8>, Vec<usize>) {
        (self.bytes, self.seams)
    }

    /// LEB128 in planes: the first byte of every number, then the second byte of those that have one, and so on.
    fn planes<const LIMBS: usize>(&mut self, mut numbers: Vec<[u64; LIMBS]>) {
        while !numbers.is_empty() {
            numbers.retain_mut(|number| {
                let low = number[0].to_le_bytes()[0] & 0x7f;
                shift_right(number);
                let continues = number.iter().any(|limb| *limb != 0);
                self.bytes.push(low | u8::from(continues) << 7);
                continues
            });
            self.seam();
        }
    }

    fn seam(&mut self) {
        self.seams.push(self.bytes.len());
    }
}

/// Appends one number in LEB128.
pub(super) fn uvarint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

fn shift_right<const LIMBS: usize>(number: &mut [u64; LIMBS]) {
    for index in 0..LIMBS {
        let carried = number.get(index + 1).map_or(0, |limb| limb << 57);
        number[index] = number[index] >> 7 | carried;
    }
}
