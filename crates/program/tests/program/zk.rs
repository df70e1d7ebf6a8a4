//! What the build for the zkVM has of its own, against the libraries. Its arithmetic instructions are computed here, and as badly as a prover may.

#![allow(clippy::indexing_slicing, reason = "test code")]

#[path = "../../../../programs/zk/src/recover.rs"]
mod recover;

use crate::scenes::MEETING;
use alloy_primitives::{B256, B512, U256};
use k256::{
    ProjectivePoint,
    elliptic_curve::{
        PrimeField,
        group::prime::PrimeCurveAffine,
        sec1::{FromEncodedPoint, ToEncodedPoint},
    },
};
use machine::Point;
use proptest::prelude::*;
use revm::precompile::secp256k1::ecrecover;
use std::sync::LazyLock;

/// `programs/zk/src/machine.rs` in Rust.
mod machine {
    use alloy_primitives::U256;

    pub(crate) trait Modulus {
        const INDEX: u8;
        const VALUE: Number;
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct Number(pub(crate) [u32; 8]);

    impl Number {
        pub(crate) const ZERO: Self = Self([0; 8]);

        pub(crate) const fn small(number: u32) -> Self {
            Self([number, 0, 0, 0, 0, 0, 0, 0])
        }

        pub(crate) fn from_be_bytes(bytes: &[u8; 32]) -> Self {
            number(U256::from_be_bytes(*bytes))
        }

        pub(crate) fn to_be_bytes(self) -> [u8; 32] {
            value(&self).to_be_bytes()
        }

        pub(crate) fn is_below(&self, other: &Self) -> bool {
            value(self) < value(other)
        }
    }

    pub(crate) fn number(value: U256) -> Number {
        let bytes: [u8; 32] = value.to_le_bytes();
        let mut words = bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word));
        Number(std::array::from_fn(|_| words.next().unwrap()))
    }

    pub(crate) fn value(number: &Number) -> U256 {
        U256::from_le_slice(number.0.map(u32::to_le_bytes).as_flattened())
    }

    fn modulus<M: Modulus>() -> U256 {
        value(&M::VALUE)
    }

    pub(crate) fn add<M: Modulus>(left: &Number, right: &Number) -> Number {
        number(value(left).add_mod(value(right), modulus::<M>()))
    }

    pub(crate) fn sub<M: Modulus>(left: &Number, right: &Number) -> Number {
        let negative = modulus::<M>() - value(right) % modulus::<M>();
        number(value(left).add_mod(negative, modulus::<M>()))
    }

    pub(crate) fn mul<M: Modulus>(left: &Number, right: &Number) -> Number {
        number(value(left).mul_mod(value(right), modulus::<M>()))
    }

    pub(crate) fn div<M: Modulus>(left: &Number, right: &Number) -> Number {
        let inverse = (value(right) % modulus::<M>()).inv_mod(modulus::<M>());
        mul::<M>(left, &number(inverse.unwrap()))
    }

    pub(crate) fn same<M: Modulus>(left: &Number, right: &Number) -> bool {
        value(left) % modulus::<M>() == value(right) % modulus::<M>()
    }

    /// No root, so that it is computed.
    pub(crate) fn square_root_hint<M: Modulus>(_: &Number) -> Number {
        Number::small(2)
    }

    pub(crate) fn set_up<M: Modulus>() {
        assert!(M::INDEX < 2);
    }

    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Point {
        pub(crate) x: Number,
        pub(crate) y: Number,
    }

    type Field = super::recover::Coordinate;

    impl Point {
        /// The third point of the line with this slope, reflected.
        fn third(&self, slope: &Number, other: &Number) -> Self {
            let square = mul::<Field>(slope, slope);
            let x = sub::<Field>(&sub::<Field>(&square, &self.x), other);
            let rise = mul::<Field>(slope, &sub::<Field>(&self.x, &x));
            Self { x, y: sub::<Field>(&rise, &self.y) }
        }

        pub(crate) fn add(&mut self, other: &Self) {
            let (dx, dy) = (sub::<Field>(&other.x, &self.x), sub::<Field>(&other.y, &self.y));
            *self = self.third(&div::<Field>(&dy, &dx), &other.x);
        }

        pub(crate) fn double(&mut self) {
            let square = mul::<Field>(&self.x, &self.x);
            let rise = mul::<Field>(&square, &Number::small(3));
            let slope = div::<Field>(&rise, &add::<Field>(&self.y, &self.y));
            *self = self.third(&slope, &self.x.clone());
        }

        pub(crate) fn set_up(_: Number) {}
    }
}

/// What `build.rs` of that program makes.
fn multiples() -> &'static [[Point; 255]; 2] {
    static TABLE: LazyLock<[[Point; 255]; 2]> = LazyLock::new(|| {
        let mut base = ProjectivePoint::GENERATOR;
        [(); 2].map(|()| {
            let mut multiple = ProjectivePoint::IDENTITY;
            let row = [(); 255].map(|()| {
                multiple += base;
                point(&multiple)
            });
            (0..128).for_each(|_| base = base.double());
            row
        })
    });
    &TABLE
}

fn point(point: &ProjectivePoint) -> Point {
    let encoded = point.to_affine().to_encoded_point(false);
    let coordinate = |bytes: &[u8]| machine::number(U256::from_be_slice(bytes));
    Point { x: coordinate(encoded.x().unwrap()), y: coordinate(encoded.y().unwrap()) }
}

fn check(signature: &[u8; 64], y_is_odd: bool, hash: &[u8; 32]) -> Option<B256> {
    let found = recover::signer(signature, y_is_odd, hash).map(|mut signer| {
        signer[..12].fill(0);
        B256::new(signer)
    });
    let expected = ecrecover(&B512::new(*signature), y_is_odd.into(), &B256::new(*hash)).ok();
    assert_eq!(found, expected);
    found
}

#[test]
fn borders_of_signatures_are_those_of_the_library() {
    recover::install();
    let order = machine::value(&<recover::Scalar as machine::Modulus>::VALUE);
    let one = U256::from(1);
    let values =
        [U256::ZERO, one, U256::from(2), order - one, order, order + one, U256::MAX, order >> 1];
    let mut found = 0;
    for r in values {
        for s in values {
            let signature = B512::from_slice(&[r.to_be_bytes::<32>(), s.to_be_bytes()].concat()).0;
            for hash in values {
                for y_is_odd in [false, true] {
                    found +=
                        usize::from(check(&signature, y_is_odd, &hash.to_be_bytes()).is_some());
                }
            }
        }
    }
    assert!(found > 50, "{found}");
}

/// The key that signs nothing: `s * R` and `hash * G` are the same point.
#[test]
fn the_point_at_infinity_is_nobody() {
    let generator = ProjectivePoint::GENERATOR.to_affine();
    assert!(!bool::from(generator.is_identity()));
    let encoded = generator.to_encoded_point(false);
    let x = B256::from_slice(encoded.x().unwrap());
    let hash = B256::repeat_byte(0x11);
    let signature = B512::from_slice(&[x.0, hash.0].concat()).0;
    assert_eq!(check(&signature, false, &hash.0), None);
    assert!(check(&signature, true, &hash.0).is_some());
}

#[test]
fn sums_that_were_made_to_meet_are_those_of_the_library() {
    let [at_once, at_last] = MEETING.map(|[_, r, s]| B512::from_slice(&[r.0, s.0].concat()).0);
    for hash in [[0; 32], [0x11; 32], [0xff; 32]] {
        assert!(check(&at_once, false, &hash).is_some());
    }
    assert!(check(&at_last, false, &[0; 32]).is_some());
}

/// The multiples of an offset, and what is near them, that sums go through: `R` is one of them, by small numbers and their like.
#[test]
fn what_has_to_do_with_an_offset_is_recovered_as_by_the_library() {
    let scalar = |value: u64, twos: usize, negative: bool| {
        let scalar = (0..twos).fold(k256::Scalar::from(value), |scalar, _| scalar + scalar);
        if negative { -scalar } else { scalar }
    };
    let mut found = 0;
    for offset in recover::OFFSETS.iter().map(|offset| offset.begin) {
        let encoded = B512::from_slice(&[offset.x.to_be_bytes(), offset.y.to_be_bytes()].concat());
        let encoded = k256::EncodedPoint::from_untagged_bytes(&encoded.0.into());
        let offset =
            ProjectivePoint::from(k256::AffinePoint::from_encoded_point(&encoded).unwrap());
        for twos in (0..132).step_by(2) {
            for (value, by_generator) in [(1, 0_u64), (1, 1), (3, 0), (5, 255)] {
                let times = scalar(value, twos, false);
                let r =
                    offset * times + ProjectivePoint::GENERATOR * k256::Scalar::from(by_generator);
                let encoded = r.to_affine().to_encoded_point(false);
                let r = B256::from_slice(encoded.x().unwrap());
                let y_is_odd = encoded.y().unwrap()[31] & 1 == 1;
                let Some(number) =
                    Option::<k256::Scalar>::from(k256::Scalar::from_repr(r.0.into()))
                else {
                    continue;
                };
                // So that `s / r * R` and `hash / r * G` are small multiples of the offset, by small powers of two.
                for of_r in [
                    scalar(1, 130, false),
                    scalar(1, 131, true),
                    scalar(3, twos, false),
                    k256::Scalar::ONE,
                ] {
                    let by_point = of_r * times.invert().unwrap();
                    let s: [u8; 32] = (by_point * number).to_bytes().into();
                    for hash in [
                        k256::Scalar::ZERO,
                        by_point * number * k256::Scalar::from(by_generator),
                        number,
                    ] {
                        let signature = B512::from_slice(&[r.0, s].concat()).0;
                        let hash: [u8; 32] = hash.to_bytes().into();
                        found += usize::from(check(&signature, y_is_odd, &hash).is_some());
                    }
                }
            }
        }
    }
    assert!(found > 5_000, "{found}");
}

proptest! {
    #![proptest_config(crate::rollup::cases(100))]

    #[test]
    fn any_signature_is_recovered_as_by_the_library(
        r in any::<[u8; 32]>(), s in any::<[u8; 32]>(), hash in any::<[u8; 32]>(), y_is_odd in any::<bool>(),
    ) {
        check(&B512::from_slice(&[r, s].concat()).0, y_is_odd, &hash);
    }
}
