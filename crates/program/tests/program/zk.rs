//! What the build for the zkVM has of its own, against the libraries. Its arithmetic instructions are computed here, and as badly as a prover may.

#![allow(clippy::indexing_slicing, reason = "test code")]

#[path = "../../../../programs/zk/src/recover.rs"]
mod recover;

use alloy_primitives::{B256, B512, U256};
use k256::{
    ProjectivePoint,
    elliptic_curve::{group::prime::PrimeCurveAffine, sec1::ToEncodedPoint},
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

proptest! {
    #![proptest_config(crate::rollup::cases(100))]

    #[test]
    fn any_signature_is_recovered_as_by_the_library(
        r in any::<[u8; 32]>(), s in any::<[u8; 32]>(), hash in any::<[u8; 32]>(), y_is_odd in any::<bool>(),
    ) {
        check(&B512::from_slice(&[r, s].concat()).0, y_is_odd, &hash);
    }
}
