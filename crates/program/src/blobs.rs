//! Whole blobs, for a proof that cannot show their elements one at a time.
//!
//! What the prover says to be a blob is opened at a point that depends on all of it. L1 holds the blob's commitment and checks the opening: two different
//! polynomials of degree below 4,096 agree in at most 4,095 of 2^255 points, and nobody can choose a blob for its point.

use alloc::{collections::BTreeMap, vec::Vec};
use alloy_primitives::{B256, Bytes, U256};
use core::{cell::RefCell, marker::PhantomData};
use mezz_primitives::{
    BLOB_MODULUS, BlobOpening, Preimages, SIGNATURE_SIZE, opening_point, trimmed,
};

/// Elements of a blob.
const ELEMENTS: usize = 4096;
/// log2 of that.
const ELEMENTS_LOG: usize = 12;

/// A primitive root of unity of order 4,096, big-endian.
const ROOT: B256 = B256::new(
    U256::from_limbs([
        0xe206_da11_a5d3_6306,
        0x0ad1_347b_378f_bf96,
        0xfc3e_8acf_e0f8_245f,
        0x564c_0a11_a0f7_04f4,
    ])
    .to_be_bytes(),
);

/// An integer modulo the order of BLS12-381's scalar field.
pub trait FieldElement: Clone + PartialEq {
    /// Reads 32 bytes, big-endian; `None` if they are no less than the modulus.
    fn decode(bytes: &[u8; 32]) -> Option<Self>;
    /// 32 bytes, big-endian, less than the modulus.
    fn encode(&self) -> [u8; 32];
    /// The sum.
    fn add(&self, other: &Self) -> Self;
    /// The difference.
    fn sub(&self, other: &Self) -> Self;
    /// The product.
    fn mul(&self, other: &Self) -> Self;
    /// The quotient by what is not zero.
    fn div(&self, other: &Self) -> Self;
}

/// [`FieldElement`] for any machine.
impl FieldElement for U256 {
    fn decode(bytes: &[u8; 32]) -> Option<Self> {
        Some(Self::from_be_bytes(*bytes)).filter(|number| *number < BLOB_MODULUS)
    }

    fn encode(&self) -> [u8; 32] {
        self.to_be_bytes()
    }

    fn add(&self, other: &Self) -> Self {
        self.add_mod(*other, BLOB_MODULUS)
    }

    fn sub(&self, other: &Self) -> Self {
        self.add_mod(BLOB_MODULUS - other, BLOB_MODULUS)
    }

    fn mul(&self, other: &Self) -> Self {
        self.mul_mod(*other, BLOB_MODULUS)
    }

    fn div(&self, other: &Self) -> Self {
        let inverse = other.inv_mod(BLOB_MODULUS).expect("not zero, and the modulus is prime; qed");
        self.mul_mod(inverse, BLOB_MODULUS)
    }
}

/// The value at `z` of the polynomial whose values at the roots of unity, in bit-reversed order, are these elements and zeros after them.
///
/// `(z^n - 1) / n * sum of f_i * w_i / (z - w_i)`; an element itself where `z` is its root. `None` if an element is no less than the modulus.
pub fn evaluate<F: FieldElement>(elements: &[u8], z: &F) -> Option<F> {
    let number = |number: u64| {
        F::decode(&U256::from(number).to_be_bytes()).expect("less than the modulus; qed")
    };
    let (elements, _) = elements.as_chunks::<32>();
    let (one, mut sum) = (number(1), number(0));
    let mut roots = Roots::new(one.clone());
    for bytes in elements {
        let (element, root) = (F::decode(bytes)?, roots.next());
        if *z == root {
            return Some(element);
        }
        sum = sum.add(&element.mul(&root).div(&z.sub(&root)));
    }
    let power = (0..ELEMENTS_LOG).fold(z.clone(), |power, _| power.mul(&power));
    Some(sum.mul(&power.sub(&one)).div(&number(ELEMENTS as u64)))
}

/// The roots of unity in bit-reversed order.
struct Roots<F> {
    /// `ROOT^(2^(11 - bit))`: what a set bit of the index multiplies by.
    factors: Vec<F>,
    /// Those that were made.
    roots: Vec<F>,
}

impl<F: FieldElement> Roots<F> {
    fn new(one: F) -> Self {
        let mut factors = Vec::with_capacity(ELEMENTS_LOG);
        factors.push(F::decode(&ROOT).expect("less than the modulus; qed"));
        for bit in 1..ELEMENTS_LOG {
            factors.push(factors[bit - 1].mul(&factors[bit - 1]));
        }
        factors.reverse();
        Self { factors, roots: Vec::from([one]) }
    }

    /// The next root, from that without its highest bit.
    fn next(&mut self) -> F {
        let made = self.roots.len();
        let root = self.roots[made - 1].clone();
        let highest = made.ilog2() as usize;
        if made < ELEMENTS {
            let rest = made ^ (1 << highest);
            self.roots.push(self.roots[rest].mul(&self.factors[highest]));
        }
        root
    }
}

/// An oracle that gives blobs whole, and notes how each opens.
pub(crate) struct Whole<'a, P, F> {
    oracle: &'a P,
    noted: RefCell<Noted>,
    arithmetic: PhantomData<F>,
}

#[derive(Default)]
struct Noted {
    openings: Vec<BlobOpening>,
    blobs: BTreeMap<B256, Bytes>,
}

impl<'a, P: Preimages, F: FieldElement> Whole<'a, P, F> {
    pub(crate) fn new(oracle: &'a P) -> Self {
        Self { oracle, noted: RefCell::default(), arithmetic: PhantomData }
    }

    /// The blobs that were read, in the order of their first use.
    pub(crate) fn into_openings(self) -> Vec<BlobOpening> {
        self.noted.into_inner().openings
    }
}

impl<P: Preimages, F: FieldElement> Preimages for Whole<'_, P, F> {
    fn keccak(&self, hash: B256) -> Option<Bytes> {
        self.oracle.keccak(hash)
    }

    fn element(&self, blob: B256, index: u32) -> Option<[u8; 32]> {
        let index = usize::try_from(index).ok().filter(|index| *index < ELEMENTS)?;
        Some(self.blob(blob)?.as_chunks().0.get(index).copied().unwrap_or_default())
    }

    fn signature(&self, batch: B256, index: u32) -> Option<[u8; SIGNATURE_SIZE]> {
        self.oracle.signature(batch, index)
    }

    fn blob(&self, versioned_hash: B256) -> Option<Bytes> {
        let mut noted = self.noted.borrow_mut();
        if let Some(blob) = noted.blobs.get(&versioned_hash) {
            return Some(blob.clone());
        }
        let blob = self.oracle.blob(versioned_hash).filter(|blob| blob.len() <= ELEMENTS * 32)?;
        // The same for every prover, however many zeros it gives.
        let blob = blob.slice(..trimmed(&blob).len());
        let z = opening_point(versioned_hash, &blob);
        let y = evaluate(&blob, &F::decode(&z).expect("reduced; qed"))?;
        noted.openings.push(BlobOpening { versioned_hash, z, y: y.encode().into() });
        noted.blobs.insert(versioned_hash, blob.clone());
        Some(blob)
    }
}
