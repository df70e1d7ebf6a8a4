//! Where batch data lie: calldata or blobs, whichever is cheaper, and a local archive of blobs.
//!
//! [`choose`] says how to post a payload, [`DataSource::sidecar`] makes the blobs, and [`DataSource::fetch`] gets the
//! payload of a posted batch back. What comes from outside is believed only after its hash or KZG commitment was checked
//! against what L1 recorded. L1 keeps blobs for some eighteen days; the archive keeps those seen for good.

mod archive;
pub mod committee;
mod error;
mod price;
pub mod private;
mod source;

pub use archive::Archive;
pub use committee::{
    CertificateSigner, ClientTls, CommitteeClient, Endpoint, Member, MemberAnswer, MemberConfig,
    MemberFault, PayloadStore,
};
pub use error::Error;
pub use price::{Choice, choose};
pub use source::{DataSource, Opening, opening, opening_at};
