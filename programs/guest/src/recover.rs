//! Who signed: the one thing that takes more than half of a usual block.

use alloy_primitives::keccak256;
use k256::{
    AffinePoint, FieldBytes, ProjectivePoint, Scalar, U256,
    ecdsa::Signature,
    elliptic_curve::{
        ops::{Invert, LinearCombination, Reduce},
        point::DecompressPoint,
        sec1::ToEncodedPoint,
    },
};

/// The hash of the public key that made a signature; its last 20 bytes are the signer's address.
///
/// The libraries verify the signature with the key that they have found, which can only succeed, and takes as long again.
pub(crate) fn signer(signature: &[u8; 64], y_is_odd: bool, hash: &[u8; 32]) -> Option<[u8; 32]> {
    let (r, s) = Signature::from_slice(signature).ok()?.split_scalars();
    let x: FieldBytes = r.to_bytes();
    let point: Option<AffinePoint> = AffinePoint::decompress(&x, u8::from(y_is_odd).into()).into();
    let point = ProjectivePoint::from(point?);
    let hash = <Scalar as Reduce<U256>>::reduce_bytes(&(*hash).into());
    let inverse = *r.invert_vartime();
    let (by_generator, by_point) = (-(inverse * hash), inverse * *s);
    let generator = ProjectivePoint::GENERATOR;
    let key = ProjectivePoint::lincomb(&generator, &by_generator, &point, &by_point);
    if key == ProjectivePoint::IDENTITY {
        return None;
    }
    let key = key.to_affine().to_encoded_point(false);
    Some(keccak256(&key.as_bytes()[1..]).0)
}
