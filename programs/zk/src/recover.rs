//! Who signed: most of what a usual block costs.
//!
//! The key is `s/r * R - hash/r * G`. The curve has a cheap endomorphism: `LAMBDA * (x, y) = (BETA * x, y)`, so `s/r * R` is `a * R + b * (LAMBDA * R)` with `a`
//! and `b` of 130 bits, and all doublings after the 130th are saved. `hash/r` is taken byte by byte from multiples of `G` and of `2^128 * G` that are constants.
//!
//! The machine's addition wants points of different `x`; of others it proves nothing, or what the prover likes. The sum begins with an offset that is taken away at
//! the end, so that it meets no summand by chance. By intent it may: `R` is the signer's to choose, and may be a multiple of the offset. So each addition is looked
//! at before it is made, and where points meet all is done again with another offset. No `R` meets both: it would tell how the two offsets and `G` are related, which nobody knows.

use super::{
    machine::{Modulus, Number, Point, add, div, mul, same, set_up, square_root_hint, sub},
    multiples,
};
use alloy_primitives::keccak256;

/// The field of the coordinates.
pub(crate) struct Coordinate;

impl Modulus for Coordinate {
    const INDEX: u8 = 0;
    const VALUE: Number = Number([
        0xffff_fc2f,
        0xffff_fffe,
        0xffff_ffff,
        0xffff_ffff,
        0xffff_ffff,
        0xffff_ffff,
        0xffff_ffff,
        0xffff_ffff,
    ]);
}

/// The integers modulo the order of the curve.
pub(crate) struct Scalar;

impl Modulus for Scalar {
    const INDEX: u8 = 1;
    const VALUE: Number = Number([
        0xd036_4141,
        0xbfd2_5e8c,
        0xaf48_a03b,
        0xbaae_dce6,
        0xffff_fffe,
        0xffff_ffff,
        0xffff_ffff,
        0xffff_ffff,
    ]);
}

/// A cube root of one among the scalars.
const LAMBDA: Number = Number([
    0x1b23_bd72,
    0xdf02_967c,
    0x2081_6678,
    0x122e_22ea,
    0x8812_645a,
    0xa526_1c02,
    0xc05c_30e0,
    0x5363_ad4c,
]);

/// A cube root of one among the coordinates.
const BETA: Number = Number([
    0x7195_01ee,
    0xc139_6c28,
    0x12f5_8995,
    0x9cf0_4975,
    0xac34_34e9,
    0x6e64_479e,
    0x657c_0710,
    0x7ae9_6a2b,
]);

/// Two short vectors of the lattice of all `(a, b)` with `a + b * LAMBDA = 0` are `(SECOND, -FIRST)` and `(FIRST + SECOND, SECOND)`.
const FIRST: Number = Number([0x0abf_e4c3, 0x6f54_7fa9, 0x010e_8828, 0xe443_7ed6, 0, 0, 0, 0]);
const SECOND: Number = Number([0x9284_eb15, 0xe86c_90e4, 0xa7d4_6bcd, 0x3086_d221, 0, 0, 0, 0]);

/// Digits of two bits of what is left of a scalar. `|a| < 3.6 * 2^128` and `|b| < 1.3 * 2^128`.
const DIGITS: usize = 65;

/// A point that the sum begins with, and `-2^130` times it: what has become of it in the end.
pub(crate) struct Offset {
    pub(crate) begin: Point,
    back: Point,
}

/// The even points with `x = keccak256("mezzanine.offset.v1" ‖ 0x00)` and `x = keccak256("mezzanine.offset.v2" ‖ 0x00)`.
pub(crate) const OFFSETS: [Offset; 2] = [
    Offset {
        begin: Point {
            x: Number([
                0xe661_111c,
                0x9a38_4932,
                0xcd28_0f2c,
                0x8fcc_b775,
                0x629b_6070,
                0x4f7d_bbcf,
                0x1334_1ff3,
                0xd33c_86a9,
            ]),
            y: Number([
                0x96ae_9f4a,
                0xf40b_9684,
                0xa202_0d97,
                0xef5f_bc92,
                0x5c82_bb01,
                0x0416_0645,
                0x0a89_b360,
                0x08a6_ba0f,
            ]),
        },
        back: Point {
            x: Number([
                0xc2ca_78e1,
                0x8f5a_1251,
                0x2e35_ee1a,
                0x328f_86ed,
                0xba82_da04,
                0x0aaa_6b47,
                0xd208_5a22,
                0x6a25_bdb9,
            ]),
            y: Number([
                0xe1ec_1ac7,
                0xd95a_3afc,
                0x0247_f34f,
                0x1586_1f6c,
                0x71d7_ffaf,
                0xa467_5cd8,
                0xbf83_83d9,
                0x54fd_f292,
            ]),
        },
    },
    Offset {
        begin: Point {
            x: Number([
                0x2fbe_68cf,
                0x0eea_6703,
                0x0416_153a,
                0x81e4_1386,
                0x4127_7742,
                0x1e7d_d43a,
                0x3d2f_2dbb,
                0x10ad_ae49,
            ]),
            y: Number([
                0x3f45_b8fc,
                0xdbd0_a515,
                0x2905_4db2,
                0xb9f0_6d75,
                0xca28_b8cd,
                0x0465_d02a,
                0x0dd6_2fff,
                0x38d8_ad8d,
            ]),
        },
        back: Point {
            x: Number([
                0xf4b7_6978,
                0xa852_2d80,
                0xbd0c_fa4f,
                0x083e_4cff,
                0x9876_2071,
                0x9589_f566,
                0xca69_a942,
                0xdbb4_ba6d,
            ]),
            y: Number([
                0x712d_96dc,
                0x09b2_7099,
                0xdc4b_ce58,
                0xe394_1220,
                0x7806_b0c5,
                0xc68a_bae9,
                0x8c4f_6614,
                0xb4db_3c9d,
            ]),
        },
    },
];

/// Before anything is recovered.
pub(crate) fn install() {
    set_up::<Coordinate>();
    set_up::<Scalar>();
    Point::set_up(Coordinate::VALUE);
}

/// The hash of the public key that made a signature; its last 20 bytes are the signer's address.
pub(crate) fn signer(signature: &[u8; 64], y_is_odd: bool, hash: &[u8; 32]) -> Option<[u8; 32]> {
    let [r, s] = signature.as_chunks().0 else { unreachable!("it has two halves; qed") };
    let (r, s) = (scalar(r)?, scalar(s)?);
    let point = decompress(&r, y_is_odd)?;
    let by_point = div::<Scalar>(&s, &r);
    let quotient = div::<Scalar>(&Number::from_be_bytes(hash), &r);
    let by_generator = sub::<Scalar>(&Number::ZERO, &quotient);
    let sum = sum(&by_generator, &by_point, &point)?;
    let key = [reduced(&sum.x).to_be_bytes(), reduced(&sum.y).to_be_bytes()];
    Some(keccak256(key.as_flattened()).0)
}

/// A number from 1 to the order.
fn scalar(bytes: &[u8; 32]) -> Option<Number> {
    let number = Number::from_be_bytes(bytes);
    (number != Number::ZERO && number.is_below(&Scalar::VALUE)).then_some(number)
}

/// The number, if the prover is honest.
fn reduced(number: &Number) -> &Number {
    assert!(number.is_below(&Coordinate::VALUE), "an honest prover's numbers are reduced");
    number
}

/// The point with this `x`, less than the modulus.
fn decompress(x: &Number, y_is_odd: bool) -> Option<Point> {
    let square = mul::<Coordinate>(x, x);
    let square = add::<Coordinate>(&mul::<Coordinate>(&square, x), &Number::small(7));
    let is_root = |y: &Number| same::<Coordinate>(&mul::<Coordinate>(y, y), &square);
    let hint = square_root_hint::<Coordinate>(&square);
    let y = Some(hint).filter(is_root).or_else(|| Some(square_root(&square)).filter(is_root))?;
    // No point of this curve has y = 0, so the two roots differ.
    let y = if (y.0[0] & 1 != 0) == y_is_odd && y.is_below(&Coordinate::VALUE) {
        y
    } else {
        sub::<Coordinate>(&Number::ZERO, &y)
    };
    assert!((reduced(&y).0[0] & 1 != 0) == y_is_odd, "an honest prover's numbers are reduced");
    Some(Point { x: *x, y })
}

/// A square root of what has one: that power by a quarter of the modulus and one.
fn square_root(square: &Number) -> Number {
    let quarter = |word: usize| {
        let (low, high) =
            (Coordinate::VALUE.0[word], *Coordinate::VALUE.0.get(word + 1).unwrap_or(&0));
        (low >> 2) | (high << 30)
    };
    // The modulus is 3 modulo 4, so that (p + 1) / 4 is one more than p / 4 rounded down.
    let mut power = Number::small(1);
    for bit in (0..256).rev() {
        power = mul::<Coordinate>(&power, &power);
        if quarter(bit / 32) >> (bit % 32) & 1 != 0 {
            power = mul::<Coordinate>(&power, square);
        }
    }
    mul::<Coordinate>(&power, square)
}

/// `by_generator * G + by_point * point`; `None` if that is the point at infinity.
fn sum(by_generator: &Number, by_point: &Number, point: &Point) -> Option<Point> {
    let ((a, a_is_negative), (b, b_is_negative)) = split(by_point);
    let table = combinations(
        signed(point, a_is_negative),
        signed(&Point { x: mul::<Coordinate>(&BETA, &point.x), y: point.y }, b_is_negative),
    );
    let apart = |offset| sum_from(offset, by_generator, &a, &b, &table);
    OFFSETS.iter().find_map(apart).expect("nobody knows how the offsets are related; qed")
}

/// The sum with that offset; `None` if it meets one of the summands.
fn sum_from(
    offset: &Offset,
    by_generator: &Number,
    a: &Number,
    b: &Number,
    table: &[Point; 15],
) -> Option<Option<Point>> {
    let bytes = by_generator.0.map(u32::to_le_bytes);
    let [low, high] = bytes.as_flattened().as_chunks::<16>().0 else {
        unreachable!("it has two halves; qed")
    };
    let [by_low, by_high] = multiples();
    let mut sum = offset.begin;
    for position in (0..DIGITS).rev() {
        sum.double();
        sum.double();
        if let Some(index) = (digit(a, position) + 4 * digit(b, position)).checked_sub(1) {
            add_apart(&mut sum, &table[index])?;
        }
        if position % 4 == 0 && position < 64 {
            for (byte, multiples) in [(low[position / 4], by_low), (high[position / 4], by_high)] {
                if let Some(index) = usize::from(byte).checked_sub(1) {
                    add_apart(&mut sum, &multiples[index])?;
                }
            }
        }
    }
    if add_apart(&mut sum, &offset.back).is_some() {
        return Some(Some(sum));
    }
    // They are opposite: nothing is left. Or the same: then it met.
    (!same::<Coordinate>(&sum.y, &offset.back.y)).then_some(None)
}

/// Adds a point of another `x`.
#[inline(always)]
fn add_apart(sum: &mut Point, summand: &Point) -> Option<()> {
    if same::<Coordinate>(&sum.x, &summand.x) {
        return None;
    }
    sum.add(summand);
    Some(())
}

/// `a + 4 * b - 1` holds `a * first + b * second`, for all digits of two bits but two zeros.
fn combinations(first: Point, second: Point) -> [Point; 15] {
    let mut table = [first; 15];
    table[1].double();
    table[2] = table[1];
    table[2].add(&first);
    table[3] = second;
    table[7] = second;
    table[7].double();
    table[11] = table[7];
    table[11].add(&second);
    for row in [3, 7, 11] {
        for column in 0..3 {
            table[row + column + 1] = table[row];
            let summand = table[column];
            table[row + column + 1].add(&summand);
        }
    }
    table
}

/// `a + b * LAMBDA` is the scalar: the sizes of `a` and `b`, and whether they are negative.
fn split(scalar: &Number) -> ((Number, bool), (Number, bool)) {
    let by_first = mul::<Scalar>(&high_product(&SECOND, scalar), &FIRST);
    let by_second = mul::<Scalar>(&high_product(&FIRST, scalar), &SECOND);
    let b = sub::<Scalar>(&by_first, &by_second);
    let a = sub::<Scalar>(scalar, &mul::<Scalar>(&LAMBDA, &b));
    (shortened(a), shortened(b))
}

/// The product of 128 bits with the upper 128 bits of a number, without its lower 128 bits.
fn high_product(short: &Number, number: &Number) -> Number {
    let mut product = [0u32; 8];
    for (at, left) in short.0[..4].iter().enumerate() {
        let mut carry = 0;
        for (to, right) in product[at..].iter_mut().zip(&number.0[4..]) {
            let sum = u64::from(*left) * u64::from(*right) + u64::from(*to) + carry;
            (*to, carry) = (sum as u32, sum >> 32);
        }
        product[at + 4] = carry as u32;
    }
    let [_, _, _, _, high @ ..] = product;
    let mut result = Number::ZERO;
    result.0[..4].copy_from_slice(&high);
    result
}

/// What lies near zero as a size and a sign.
fn shortened(number: Number) -> (Number, bool) {
    let is_short = |number: &Number| number.0[4] < 4 && number.0[5..] == [0; 3];
    if is_short(&number) {
        return (number, false);
    }
    let negative = sub::<Scalar>(&Number::ZERO, &number);
    assert!(is_short(&negative), "an honest prover's numbers are reduced");
    (negative, true)
}

fn signed(point: &Point, is_negative: bool) -> Point {
    let Point { x, y } = *point;
    Point { x, y: if is_negative { sub::<Coordinate>(&Number::ZERO, &y) } else { y } }
}

/// The digit of two bits at `position`.
fn digit(number: &Number, position: usize) -> usize {
    (number.0[position / 16] >> (position % 16 * 2) & 3) as usize
}
