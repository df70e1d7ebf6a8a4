//! The precompiles, on inputs that take them long.

use super::{Case, forever};
use crate::rollup::wallet;
use alloy::signers::SignerSync;
use alloy_primitives::{B256, U256, hex};
use revm::precompile::bls12_381::{map_fp_to_g1::map_fp_to_g1, map_fp2_to_g2::map_fp2_to_g2};

/// Calls of a precompile with the calldata as its input. A call takes so much gas.
pub(super) fn precompile(
    name: &'static str,
    address: u16,
    gas: u32,
    input: impl Into<Vec<u8>>,
) -> Case {
    // CALLDATACOPY(0, 0, CALLDATASIZE)
    let prelude = hex!("365f5f37");
    // STATICCALL(GAS, address, 0, CALLDATASIZE, 0, 0)
    let body = [&hex!("5f5f365f61")[..], &address.to_be_bytes(), &hex!("5afa50")].concat();
    // 63/64 of what is left must be enough.
    let code = forever(&prelude, &body, gas + gas / 32 + 1_000);
    Case {
        name,
        code,
        input: input.into(),
        gas: (2 * u64::from(gas)).max(40_000) + 5_000,
        slots: 0,
    }
}

fn word(number: u64) -> [u8; 32] {
    U256::from(number).to_be_bytes()
}

/// A point of G1 or G2, as the precompiles write it.
fn g1(seed: u8) -> Vec<u8> {
    let mut input = [0; 64];
    input[40] = seed;
    map_fp_to_g1(&input, 1_000_000).unwrap().bytes.to_vec()
}

fn g2(seed: u8) -> Vec<u8> {
    let mut input = [0; 128];
    input[40] = seed;
    map_fp2_to_g2(&input, 1_000_000).unwrap().bytes.to_vec()
}

fn modexp(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Vec<u8> {
    let lengths = [base, exponent, modulus].map(|part| word(part.len() as u64));
    [&lengths.concat()[..], base, exponent, modulus].concat()
}

const BN_G1: [u8; 64] = hex!(
    "00000000000000000000000000000000000000000000000000000000000000010000000000000000000000000000000000000000000000000000000000000002"
);
const BN_G2: [u8; 128] = hex!(
    "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c21800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"
);
const KZG: [u8; 192] = hex!(
    "01e798154708fe7789429634053cbf9f99b619f9f084048927333fce637f549b564c0a11a0f704f4fc3e8acfe0f8245f0ad1347b378fbf96e206da11a5d3630624d25032e67a7e6a4910df5834b8fe70e6bcfeeac0352434196bdf4b2485d5a18f59a8d2a1a625a17f3fea0fe5eb8c896db3764f3185481bc22f91b4aaffcca25f26936857bc3a7c2539ea8ec3a952b7873033e038326e87ed3e1276fd140253fa08e9fc25fb2d9a98527fc22a2c9612fbeafdad446cbc7bcdbdcd780af2c16a"
);
const P256_G: [u8; 64] = hex!(
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
);

pub(super) fn cases() -> Vec<Case> {
    let recovery = {
        let hash = B256::repeat_byte(0x11);
        let signature = wallet(1).sign_hash_sync(&hash).unwrap();
        let v = U256::from(27 + u8::from(signature.v()));
        [hash.into(), v, signature.r(), signature.s()].map(|word| word.to_be_bytes::<32>()).concat()
    };
    let scalar = [0xfd; 32];
    let pairs =
        |count: u8| (0..count).flat_map(|i| [g1(i + 1), g2(i + 1)].concat()).collect::<Vec<_>>();
    let msm = |point: fn(u8) -> Vec<u8>, count: u8| {
        (0..count).flat_map(|i| [&point(i + 1)[..], &scalar].concat()).collect::<Vec<_>>()
    };
    let bn = |count: usize| [&BN_G1[..], &BN_G2].concat().repeat(count);
    let mut blake = vec![0; 213];
    blake[..4].copy_from_slice(&2_000u32.to_be_bytes());
    let odd = |length: usize| vec![0xff; length];
    let even = |length: usize| [vec![0xff; length - 1], vec![0xf0]].concat();
    vec![
        precompile("ecrecover", 1, 3_000, recovery),
        precompile("sha256 of 1,000 bytes", 2, 500, vec![1; 1000]),
        precompile("sha256 of nothing", 2, 60, []),
        precompile("ripemd160 of 1,000 bytes", 3, 5_000, vec![1; 1000]),
        precompile("identity of 1,000 bytes", 4, 200, vec![1; 1000]),
        precompile("modexp, 1 byte", 5, 500, modexp(&[3], &[5], &[7])),
        precompile("modexp, 32 bytes", 5, 5_000, modexp(&odd(32), &odd(32), &odd(32))),
        precompile("modexp, 32 bytes, even", 5, 5_000, modexp(&odd(32), &odd(32), &even(32))),
        precompile("modexp, 32 bytes, small exponent", 5, 500, modexp(&odd(32), &[3], &odd(32))),
        precompile(
            "modexp, 32 bytes, power of two",
            5,
            5_000,
            modexp(&odd(32), &odd(32), &[&[0x80][..], &[0; 31]].concat()),
        ),
        precompile(
            "modexp, 256 bytes, small exponent",
            5,
            40_000,
            modexp(&odd(256), &[3], &odd(256)),
        ),
        precompile(
            "modexp, 256 bytes, small exponent, even",
            5,
            40_000,
            modexp(&odd(256), &[3], &even(256)),
        ),
        precompile(
            "modexp, 1,024 bytes, exponent 1",
            5,
            40_000,
            modexp(&odd(1024), &[1], &odd(1024)),
        ),
        precompile(
            "modexp, 1,024 bytes, exponent 3",
            5,
            40_000,
            modexp(&odd(1024), &[3], &odd(1024)),
        ),
        precompile(
            "modexp, 1,024 bytes, exponent 3, even",
            5,
            40_000,
            modexp(&odd(1024), &[3], &even(1024)),
        ),
        precompile(
            "modexp, base of 1,024 bytes, modulus of 1",
            5,
            40_000,
            modexp(&odd(1024), &[3], &[7]),
        ),
        precompile(
            "modexp, 40 bytes, exponent of 8",
            5,
            40_000,
            modexp(&odd(40), &odd(8), &odd(40)),
        ),
        precompile("bn254 add", 6, 150, [BN_G1, BN_G1].concat()),
        precompile("bn254 mul", 7, 6_000, [&BN_G1[..], &scalar].concat()),
        precompile("bn254 pairing, 1", 8, 79_000, bn(1)),
        precompile("bn254 pairing, 2", 8, 113_000, bn(2)),
        precompile("blake2f", 9, 2_000, blake),
        precompile("kzg", 10, 50_000, KZG),
        precompile("bls12-381 g1 add", 11, 375, [g1(1), g1(2)].concat()),
        precompile("bls12-381 g1 add, infinity", 11, 375, vec![0; 256]),
        precompile("bls12-381 g1 msm, 1", 12, 12_000, msm(g1, 1)),
        precompile("bls12-381 g1 msm, 2", 12, 22_776, msm(g1, 2)),
        precompile("bls12-381 g1 msm, 16", 12, 120_000, msm(g1, 16)),
        precompile("bls12-381 g2 add", 13, 600, [g2(1), g2(2)].concat()),
        precompile("bls12-381 g2 msm, 1", 14, 22_500, msm(g2, 1)),
        precompile("bls12-381 g2 msm, 4", 14, 90_000, msm(g2, 4)),
        precompile("bls12-381 pairing, 1", 15, 70_300, pairs(1)),
        precompile("bls12-381 pairing, 2", 15, 102_900, pairs(2)),
        precompile("bls12-381 map to g1", 16, 5_500, [vec![0; 16], vec![0x11; 48]].concat()),
        precompile(
            "bls12-381 map to g2",
            17,
            23_800,
            [vec![0; 16], vec![0x11; 48]].concat().repeat(2),
        ),
        precompile("p256", 256, 6_900, [&scalar[..], &[0x22; 32], &[0x33; 32], &P256_G].concat()),
        precompile("p256 of garbage", 256, 6_900, [0x77; 160]),
        precompile(
            "ecrecover of garbage",
            1,
            3_000,
            [&[0x11; 32][..], &word(27), &[0x77; 64]].concat(),
        ),
    ]
}
