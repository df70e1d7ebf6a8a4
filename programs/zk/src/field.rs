//! The scalar field of BLS12-381, in which blobs are polynomials.

use crate::machine::{Modulus, Number, add, div, mul, same, set_up, sub};
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use mezz_program::FieldElement;

struct Order;

impl Modulus for Order {
    const INDEX: u8 = 2;
    const VALUE: Number = Number([
        0x0000_0001,
        0xffff_ffff,
        0xfffe_5bfe,
        0x53bd_a402,
        0x09a1_d805,
        0x3339_d808,
        0x299d_7d48,
        0x73ed_a753,
    ]);
}

/// An element of a blob.
#[derive(Clone, Copy)]
pub(crate) struct Element(Number);

impl PartialEq for Element {
    fn eq(&self, other: &Self) -> bool {
        same::<Order>(&self.0, &other.0)
    }
}

impl FieldElement for Element {
    fn decode(bytes: &[u8; 32]) -> Option<Self> {
        static READY: AtomicBool = AtomicBool::new(false);
        // A program that reads no blob has no rows of this arithmetic.
        if !READY.swap(true, Relaxed) {
            set_up::<Order>();
        }
        Some(Number::from_be_bytes(bytes)).filter(|it| it.is_below(&Order::VALUE)).map(Self)
    }

    fn encode(&self) -> [u8; 32] {
        assert!(self.0.is_below(&Order::VALUE), "an honest prover's numbers are reduced");
        self.0.to_be_bytes()
    }

    fn add(&self, other: &Self) -> Self {
        Self(add::<Order>(&self.0, &other.0))
    }

    fn sub(&self, other: &Self) -> Self {
        Self(sub::<Order>(&self.0, &other.0))
    }

    fn mul(&self, other: &Self) -> Self {
        Self(mul::<Order>(&self.0, &other.0))
    }

    fn div(&self, other: &Self) -> Self {
        Self(div::<Order>(&self.0, &other.0))
    }
}
