//! `docs/committee-members.md` says all that a member can be told, and what it says can be told.

use mezz_da::{
    MemberConfig,
    committee::{ClientCertificates, Reads, SignerConfig},
};

const PAGE: &str = include_str!("../../../../docs/committee-members.md");

/// The blocks of TOML on the page.
fn blocks() -> Vec<&'static str> {
    let blocks = PAGE.split("```toml\n").skip(1);
    blocks.map(|rest| rest.split_once("```").expect("a block ends").0).collect()
}

#[test]
fn the_documented_configuration_is_one() {
    let [whole, remote] = blocks()[..] else { panic!("the page has two blocks of TOML") };
    let config: MemberConfig = toml::from_str(whole).unwrap();
    config.check().unwrap();
    assert_eq!((config.access.reads, config.limits.audit_seconds), (Reads::Listed, 60));
    let tls = config.tls.unwrap();
    assert!(tls.client_ca.is_some() && tls.client_certificates == ClientCertificates::Required);
    assert!(matches!(config.signer, SignerConfig::KeyFile(_)));

    let local = whole.lines().find(|line| line.starts_with("signer =")).unwrap();
    let config: MemberConfig = toml::from_str(&whole.replace(local, remote)).unwrap();
    assert!(matches!(config.signer, SignerConfig::Remote { .. }));
}

/// What a member does not know it refuses, and names what it knows: that is on the page.
#[test]
fn every_field_is_documented() {
    let whole = blocks()[0];
    let mut known = 0;
    for table in
        ["", "[[chains]]", "[[peers]]", "[access]", "[tls]", "[peer-tls]", "[store]", "[limits]"]
    {
        let line = whole.lines().find(|line| !table.is_empty() && line.starts_with(table));
        let with_stranger = match line {
            Some(line) => whole.replacen(line, &format!("{table}\nstranger = 1"), 1),
            None => format!("stranger = 1\n{whole}"),
        };
        let error = toml::from_str::<MemberConfig>(&with_stranger).unwrap_err().to_string();
        let expected = error.split_once("expected one of ").or(error.split_once("expected "));
        let (_, fields) = expected.unwrap_or_else(|| panic!("{table}: {error}"));
        for field in fields.split('`').skip(1).step_by(2) {
            let said = whole.lines().any(|line| {
                line.starts_with(&format!("{field} = "))
                    || line.starts_with(&format!("[{field}]"))
                    || line.starts_with(&format!("[[{field}]]"))
            });
            assert!(said, "{field} of {table} is not on the page");
            known += 1;
        }
    }
    assert!(known > 35, "only {known} fields were looked for");
}
