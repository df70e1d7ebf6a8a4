//! TLS on both sides, with certificates made here.

use crate::world::{INBOX, WAITS, World, batcher, payload};
use mezz_da::{
    ClientTls, CommitteeClient, Endpoint, Error, Member, MemberFault,
    committee::{ClientCertificates, Reads, TlsConfig},
};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::{fs, path::PathBuf, sync::Arc};

/// An authority that signs certificates into files.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: PathBuf,
}

impl Authority {
    fn new(world: &World, name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = world.path(&format!("{name}.pem"));
        fs::write(&pem, params.self_signed(&key).unwrap().pem()).unwrap();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A certificate and its key for a name.
    fn certify(&self, world: &World, name: &str) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let authority = self.pem.file_stem().unwrap().to_str().unwrap();
        let paths =
            ["crt", "key"].map(|ending| world.path(&format!("{authority}-{name}.{ending}")));
        fs::write(&paths[0], certificate.pem()).unwrap();
        fs::write(&paths[1], key.serialize_pem()).unwrap();
        paths.into()
    }
}

fn client(world: &World, ca: &Authority, own: Option<(PathBuf, PathBuf)>) -> CommitteeClient {
    let (certificate, key) = own.unzip();
    let tls = ClientTls { ca: Some(ca.pem.clone()), certificate, key };
    let url = world.url(0).replace("http://", "https://");
    let endpoint = Endpoint { address: world.keys[0].address(), url };
    let requester = Some(Arc::new(batcher()) as _);
    CommitteeClient::new(INBOX.l1_chain_id, INBOX.inbox, vec![endpoint], requester, Some(tls))
        .unwrap()
        .with_waits(WAITS)
        .with_clock(world.time.clock())
}

fn is_unreachable(error: &Error) -> bool {
    let answers = match error {
        Error::Uncertified { missing, .. } => missing,
        Error::Withheld { answers, .. } => answers,
        _ => return false,
    };
    matches!(answers[0].fault, MemberFault::Unreachable(_))
}

#[tokio::test]
async fn certificates_of_the_right_authority_open_the_door_and_no_others() {
    let mut world = World::new(1, 1).await;
    world.stop(0).await;
    let (ours, theirs) = (Authority::new(&world, "ours"), Authority::new(&world, "theirs"));
    let (certificate, key) = ours.certify(&world, "127.0.0.1");
    let mut config = world.config(0);
    config.tls = Some(TlsConfig {
        certificate,
        key,
        client_ca: Some(ours.pem.clone()),
        client_certificates: ClientCertificates::Required,
    });
    world.start(0, config).await;
    let bytes = payload(1);
    let asked = world.certificate(0, &bytes);

    let friend = client(&world, &ours, Some(ours.certify(&world, "batcher.example")));
    friend.certify(&asked, &world.committee, 0, &bytes).await.unwrap();
    assert_eq!(friend.fetch(&asked.payload).await.unwrap(), bytes);

    let nobody = client(&world, &ours, None);
    let stranger = client(&world, &ours, Some(theirs.certify(&world, "batcher.example")));
    let mistrusting = client(&world, &theirs, Some(ours.certify(&world, "other.example")));
    for client in [nobody, stranger, mistrusting] {
        let error = client.certify(&asked, &world.committee, 0, &bytes).await.unwrap_err();
        assert!(is_unreachable(&error), "{error}");
        let error = client.fetch(&asked.payload).await.unwrap_err();
        assert!(is_unreachable(&error), "{error}");
    }
    // Nor does it speak without TLS.
    let plain = world.client_of(world.endpoints(), Some(batcher()));
    assert!(is_unreachable(&plain.fetch(&asked.payload).await.unwrap_err()));
}

#[tokio::test]
async fn a_name_in_a_certificate_is_a_reader() {
    let mut world = World::new(1, 1).await;
    world.stop(0).await;
    let ours = Authority::new(&world, "ours");
    let (certificate, key) = ours.certify(&world, "127.0.0.1");
    let mut config = world.config(0);
    config.tls = Some(TlsConfig {
        certificate,
        key,
        client_ca: Some(ours.pem.clone()),
        client_certificates: ClientCertificates::Optional,
    });
    config.access.reads = Reads::Listed;
    config.access.names = ["auditor.example".to_owned()].into();
    world.start(0, config).await;
    let bytes = payload(1);
    let id = world.members[0].as_ref().unwrap().store().put(&bytes).unwrap();
    let auditor = client(&world, &ours, Some(ours.certify(&world, "auditor.example")));
    assert_eq!(auditor.fetch(&id).await.unwrap(), bytes);
    for other in [Some(ours.certify(&world, "clerk.example")), None] {
        let error = client(&world, &ours, other).fetch(&id).await.unwrap_err();
        let Error::Withheld { answers, .. } = &error else { panic!("{error}") };
        assert!(matches!(answers[0].fault, MemberFault::Refused { status: 401, .. }), "{error}");
    }
    let log = fs::read_to_string(world.data(0).join("access.jsonl")).unwrap();
    assert_eq!(log.matches("[\"auditor.example\"]").count(), 4, "{log}");
    assert_eq!(log.matches("[\"clerk.example\"]").count(), 1, "{log}");
}

#[tokio::test]
async fn files_that_are_no_certificates_are_named() {
    let world = World::new(1, 1).await;
    let ours = Authority::new(&world, "ours");
    let (certificate, key) = ours.certify(&world, "127.0.0.1");
    let nonsense = world.path("nonsense.pem");
    fs::write(&nonsense, "no certificate").unwrap();
    let right = TlsConfig {
        certificate,
        key,
        client_ca: Some(ours.pem.clone()),
        client_certificates: ClientCertificates::Required,
    };
    let wrong = [
        TlsConfig { certificate: nonsense.clone(), ..right.clone() },
        TlsConfig { key: nonsense.clone(), ..right.clone() },
        TlsConfig { client_ca: Some(nonsense.clone()), ..right.clone() },
        TlsConfig { client_ca: Some(world.path("absent.pem")), ..right },
    ];
    for tls in wrong {
        let mut config = world.config(0);
        config.data = world.path("other");
        config.tls = Some(tls);
        let error = Member::start_with(config, Arc::new(batcher()), world.time.clock()).await;
        assert!(matches!(error, Err(Error::Tls { .. })), "{error:?}");
    }
}
