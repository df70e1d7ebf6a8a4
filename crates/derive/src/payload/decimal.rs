//! Amounts as `mantissa * 10^exponent`: people choose round numbers.

use alloy_primitives::U256;

/// The greatest power of ten below 2^256.
const EXPONENT_MAX: u8 = 77;
/// The greatest power of ten below 2^64.
const STEP: u8 = 19;

/// Splits a value into its exponent and a mantissa not divisible by ten; zero has exponent 0.
pub(super) fn split(value: U256) -> (u8, U256) {
    match u128::try_from(value) {
        Ok(0) => (0, value),
        Ok(small) => {
            let (exponent, mantissa) = split_small(small);
            (exponent, U256::from(mantissa))
        }
        Err(_) => split_large(value),
    }
}

fn split_small(mut value: u128) -> (u8, u128) {
    let mut exponent = 0;
    for power in [32, 16, 8, 4, 2, 1] {
        let divisor = 10u128.pow(power.into());
        if value.is_multiple_of(divisor) {
            value /= divisor;
            exponent += power;
        }
    }
    (exponent, value)
}

fn split_large(mut value: U256) -> (u8, U256) {
    let mut exponent = 0;
    for power in [64, 32, 16, 8, 4, 2, 1] {
        let (quotient, remainder) = value.div_rem(U256::from(10).pow(U256::from(power)));
        if remainder.is_zero() {
            value = quotient;
            exponent += power;
        }
    }
    (exponent, value)
}

/// The value; `None` unless it is below 2^256 and the pair is what [`split`] gives.
pub(super) fn join(exponent: u8, mantissa: U256) -> Option<U256> {
    if exponent > EXPONENT_MAX || !is_canonical(exponent, mantissa) {
        return None;
    }
    if let Ok(small) = u64::try_from(mantissa)
        && exponent <= STEP
    {
        return Some(U256::from(u128::from(small) * 10u128.pow(exponent.into())));
    }
    let mut value = mantissa;
    let mut rest = exponent;
    while rest > 0 {
        let step = rest.min(STEP);
        value = value.checked_mul(U256::from(10u64.pow(step.into())))?;
        rest -= step;
    }
    Some(value)
}

fn is_canonical(exponent: u8, mantissa: U256) -> bool {
    match u64::try_from(mantissa) {
        Ok(0) => exponent == 0,
        Ok(small) => !small.is_multiple_of(10),
        Err(_) => !(mantissa % U256::from(10)).is_zero(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(value: U256, expected: (u8, u64)) {
        assert_eq!(split(value), (expected.0, U256::from(expected.1)));
        assert_eq!(join(expected.0, U256::from(expected.1)), Some(value));
    }

    #[test]
    fn known_values() {
        check(U256::ZERO, (0, 0));
        check(U256::from(1), (0, 1));
        check(U256::from(10), (1, 1));
        check(U256::from(1_234_567_800_000_000_000u64), (11, 12_345_678));
        check(U256::from(10).pow(U256::from(77)), (77, 1));
        assert_eq!(split(U256::MAX), (0, U256::MAX));
    }

    #[test]
    fn what_is_not_canonical_is_refused() {
        for (exponent, mantissa) in [(1, 0), (0, 10), (78, 1), (77, 2), (255, 1)] {
            assert_eq!(join(exponent, U256::from(mantissa)), None, "{mantissa}e{exponent}");
        }
        assert_eq!(join(1, U256::MAX), None);
    }

    proptest! {
        #[test]
        fn join_undoes_split(limbs: [u64; 4], width in 0usize..=256, zeros in 0u64..78) {
            let narrow = U256::from_limbs(limbs).checked_shr(256 - width).unwrap_or_default();
            let value = narrow.wrapping_mul(U256::from(10).pow(U256::from(zeros)));
            let (exponent, mantissa) = split(value);
            prop_assert_eq!(join(exponent, mantissa), Some(value));
        }
    }
}
