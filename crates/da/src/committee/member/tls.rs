//! TLS with certificates of clients.

use crate::{
    Error,
    committee::{ClientCertificates, TlsConfig},
};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use std::{path::Path, sync::Arc};
use tokio_rustls::TlsAcceptor;
use webpki::EndEntityCert;

/// What accepts connections, by the files of the configuration.
pub(super) fn acceptor(config: &TlsConfig) -> Result<TlsAcceptor, Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(wrong(&config.certificate))?;
    let builder = match &config.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for authority in certificates(path)? {
                roots.add(authority).map_err(wrong(path))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            let verifier = match config.client_certificates {
                ClientCertificates::Required => verifier,
                ClientCertificates::Optional => verifier.allow_unauthenticated(),
            };
            builder.with_client_cert_verifier(verifier.build().map_err(wrong(path))?)
        }
    };
    let key = PrivateKeyDer::from_pem_file(&config.key).map_err(wrong(&config.key))?;
    let mut server = builder
        .with_single_cert(certificates(&config.certificate)?, key)
        .map_err(wrong(&config.certificate))?;
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(server)))
}

/// The DNS names of a client, from the first of its certificates, which the handshake has verified.
pub(super) fn names(certificates: Option<&[CertificateDer<'_>]>) -> Arc<[String]> {
    let certificate = certificates.and_then(|certificates| certificates.first());
    let Some(Ok(certificate)) = certificate.map(EndEntityCert::try_from) else {
        return Arc::default();
    };
    certificate.valid_dns_names().map(str::to_owned).collect()
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let certificates: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(path).map_err(wrong(path))?.collect();
    let certificates = certificates.map_err(wrong(path))?;
    if certificates.is_empty() {
        return Err(wrong(path)("there is no certificate in it"));
    }
    Ok(certificates)
}

fn wrong<E: ToString>(path: &Path) -> impl FnOnce(E) -> Error {
    let path = path.to_owned();
    move |error| Error::Tls { path, reason: error.to_string() }
}
