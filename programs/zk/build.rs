//! Makes the multiples of secp256k1's generator that signature recovery adds up.

use k256::{ProjectivePoint, elliptic_curve::sec1::ToEncodedPoint};
use std::{env, fs, path::Path};

fn main() {
    let mut table = Vec::new();
    let mut base = ProjectivePoint::GENERATOR;
    for _ in 0..2 {
        let mut multiple = base;
        for _ in 1..256 {
            let point = multiple.to_affine().to_encoded_point(false);
            for coordinate in [point.x(), point.y()] {
                table.extend(coordinate.expect("no multiple is at infinity; qed").iter().rev());
            }
            multiple += base;
        }
        for _ in 0..128 {
            base = base.double();
        }
    }
    let folder = env::var_os("OUT_DIR").expect("cargo says where; qed");
    fs::write(Path::new(&folder).join("multiples.bin"), table)
        .expect("cargo's folder is ours; qed");
}
