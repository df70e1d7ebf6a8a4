//! The parameters of KZG commitments over BN254: powers of a secret that nobody must know.
//!
//! A file `kzg_bn254_<k>.srs` has 2^k of them, in the form of the halo2 library. Those of a ceremony come from elsewhere. Those made here are for development:
//! their secret is the hash of a sentence, so whoever reads this can prove anything.

use eyre::{Result, WrapErr as _, ensure};
use halo2_base::halo2_proofs::{
    SerdeFormat,
    halo2curves::{
        bn256::{Fr, G1, G1Affine, G2Affine},
        ff::{Field as _, FromUniformBytes as _, PrimeField as _},
        group::{Curve as _, prime::PrimeCurveAffine as _},
        serde::SerdeObject as _,
    },
    poly::commitment::ParamsProver as _,
};
use openvm_static_verifier::{Halo2Params, Halo2ParamsReader, config::DEFAULT_HALO2_VERIFIER_K};
use rayon::prelude::*;
use std::{
    fs::{self, File},
    io::{BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

/// What the secret of the development parameters is the hash of.
const SECRET: &[u8; 64] = b"mezzanine: these KZG parameters are for development, not secret!";

/// log2 of the size of the wrapper's circuit, which its key generation chooses.
const WRAPPER_LOG_SIZE: usize = 22;

/// A folder with parameters.
pub struct Parameters(PathBuf);

impl Parameters {
    /// The parameters in a folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    fn path(&self, log_size: usize) -> PathBuf {
        self.0.join(format!("kzg_bn254_{log_size}.srs"))
    }

    /// Fails unless the files that are always needed are there.
    pub fn check(&self) -> Result<()> {
        [WRAPPER_LOG_SIZE, DEFAULT_HALO2_VERIFIER_K]
            .iter()
            .try_for_each(|size| self.open(*size).map(drop))
    }

    fn open(&self, log_size: usize) -> Result<File> {
        let path = self.path(log_size);
        File::open(&path).wrap_err_with(|| {
            format!(
                "{}: copy the file of a ceremony there or, for a development L1, make it with `mezz-prover parameters`",
                path.display()
            )
        })
    }

    /// Reads 2^`log_size` parameters.
    pub fn read(&self, log_size: usize) -> Result<Arc<Halo2Params>> {
        let path = self.path(log_size);
        let mut file = BufReader::with_capacity(1 << 20, self.open(log_size)?);
        let read = Halo2Params::read_custom(&mut file, SerdeFormat::RawBytes);
        let parameters = read.wrap_err_with(|| path.display().to_string())?;
        ensure!(
            parameters.get_g()[0] == G1Affine::generator(),
            "{} begins with another point than the generator",
            path.display()
        );
        Ok(Arc::new(parameters))
    }

    /// What tells these parameters from others: the last point of a file, the secret times the generator.
    pub fn secret(&self) -> Result<Vec<u8>> {
        let mut file = self.open(DEFAULT_HALO2_VERIFIER_K)?;
        file.seek(SeekFrom::End(-128))?;
        let mut point = vec![0; 128];
        file.read_exact(&mut point)?;
        Ok(point)
    }

    /// Makes 2^`log_size` parameters for development, and gives the file.
    pub fn develop(&self, log_size: usize) -> Result<PathBuf> {
        fs::create_dir_all(&self.0).wrap_err_with(|| self.0.display().to_string())?;
        let path = self.path(log_size);
        ensure!(!path.exists(), "{} exists: it is not overwritten", path.display());
        let unfinished = path.with_extension("unfinished");
        let mut out = BufWriter::with_capacity(1 << 20, File::create(&unfinished)?);
        let secret = Fr::from_uniform_bytes(SECRET);
        let size = 1_usize << log_size;
        let table = Table::new();
        out.write_all(&(log_size as u32).to_le_bytes())?;
        // secret^i
        write_points(&mut out, &table, size, |start, scalars| {
            let mut power = secret.pow_vartime([start as u64]);
            for scalar in scalars {
                *scalar = power;
                power *= secret;
            }
        })?;
        // The i-th Lagrange polynomial at the secret: (secret^n - 1) / n * root^i / (secret - root^i)
        let mut root = Fr::ROOT_OF_UNITY;
        (log_size..Fr::S as usize).for_each(|_| root = root.square());
        let inverse = Fr::from(size as u64).invert().expect("2^k is not 0 in the field; qed");
        let factor = (secret.pow_vartime([size as u64]) - Fr::ONE) * inverse;
        write_points(&mut out, &table, size, |start, scalars| {
            let mut power = root.pow_vartime([start as u64]);
            for scalar in scalars {
                let below = (secret - power).invert().expect("the secret is no root; qed");
                *scalar = factor * power * below;
                power *= root;
            }
        })?;
        let g2 = G2Affine::generator();
        g2.write_raw(&mut out)?;
        G2Affine::from(g2 * secret).write_raw(&mut out)?;
        out.into_inner()?.sync_all()?;
        fs::rename(&unfinished, &path)?;
        Ok(path)
    }
}

impl Halo2ParamsReader for Parameters {
    fn read_params(&self, k: usize) -> Arc<Halo2Params> {
        self.read(k).unwrap_or_else(|error| panic!("{error:#}"))
    }
}

/// Multiples of the generator: `rows[i][j]` is `j * 2^(8 i)` times it.
struct Table(Vec<[G1Affine; 256]>);

impl Table {
    fn new() -> Self {
        let mut base = G1::from(G1Affine::generator());
        let row = |_| {
            let mut row = [G1::from(G1Affine::identity()); 256];
            for index in 1..256 {
                row[index] = row[index - 1] + base;
            }
            base = row[255] + base;
            let mut points = [G1Affine::identity(); 256];
            G1::batch_normalize(&row, &mut points);
            points
        };
        Self((0..32).map(row).collect())
    }

    fn multiply(&self, scalar: &Fr) -> G1 {
        let digits = scalar.to_repr();
        let digits: &[u8] = digits.as_ref();
        let terms = self.0.iter().zip(digits).filter(|(_, digit)| **digit != 0);
        terms.fold(G1::from(G1Affine::identity()), |sum, (row, digit)| {
            sum + row[usize::from(*digit)]
        })
    }
}

/// Writes the multiples of the generator by scalars that `fill` gives from an index on.
fn write_points(
    out: &mut impl std::io::Write,
    table: &Table,
    size: usize,
    fill: impl Fn(usize, &mut [Fr]) + Sync,
) -> Result<()> {
    const CHUNK: usize = 1 << 12;
    const TOGETHER: usize = 64;
    let chunk = CHUNK.min(size);
    let starts: Vec<usize> = (0..size).step_by(chunk).collect();
    for starts in starts.chunks(TOGETHER) {
        let chunks: Vec<Vec<u8>> = starts
            .par_iter()
            .map(|start| {
                let mut scalars = vec![Fr::ZERO; chunk];
                fill(*start, &mut scalars);
                let sums: Vec<G1> = scalars.iter().map(|scalar| table.multiply(scalar)).collect();
                let mut points = vec![G1Affine::identity(); chunk];
                G1::batch_normalize(&sums, &mut points);
                let mut bytes = Vec::with_capacity(chunk * 64);
                for point in &points {
                    point.write_raw(&mut bytes).expect("memory takes what is written; qed");
                }
                bytes
            })
            .collect();
        chunks.iter().try_for_each(|bytes| out.write_all(bytes))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2_base::halo2_proofs::poly::commitment::Params as _;

    #[test]
    fn development_parameters_are_what_the_library_makes() {
        let folder = std::env::temp_dir().join(format!("mezz-parameters-{}", std::process::id()));
        let made = Parameters::in_folder(&folder);
        made.develop(8).unwrap();
        let read = made.read(8).unwrap();
        assert_eq!(read.k(), 8);
        let secret = Fr::from_uniform_bytes(SECRET);
        let mut power = Fr::ONE;
        for point in read.get_g() {
            assert_eq!(*point, G1Affine::from(G1Affine::generator() * power));
            power *= secret;
        }
        // The library computes the Lagrange form from the powers.
        let theirs = read.from_parts(8, read.get_g().to_vec(), None, read.g2(), read.s_g2());
        let (mut ours, mut again) = (Vec::new(), Vec::new());
        read.write_custom(&mut ours, SerdeFormat::RawBytes).unwrap();
        theirs.write_custom(&mut again, SerdeFormat::RawBytes).unwrap();
        assert_eq!(ours, again);
        assert!(made.develop(8).is_err(), "not overwritten");
        fs::remove_dir_all(folder).unwrap();
    }
}
