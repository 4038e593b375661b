//! What a registry file may hold, what it changes, and what the next registry then knows.

use super::{Change, Effect, InvalidRegistry, Noun, Registry, RegistryFile, RegistryRule, Verb};
use crate::{
    agency::{AgencyCode, CertificateRule},
    agreement::{Agreement, AgreementId, AgreementState},
    dataset::FieldName,
    legal_basis::LegalBasis,
    purpose::Purpose,
};

const FILE: &str = r#"
    [[agency]]
    code = "urssaf"
    name = "Urssaf"
    roles = ["provider", "consumer"]
    datasets = ["declared-turnover"]

    [[agency]]
    code = "france-travail"
    name = "France Travail"
    aliases = ["pole-emploi"]
    roles = ["consumer"]
    local-bodies = [{ code = "agence-31", name = "Toulouse" }]

    [[agency.systems]]
    name = "batch"
    certificates = [
        { issuer = "CN=Autorite", subject = "CN=batch" },
        { public-key-sha256 = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff" },
    ]

    [[agreement]]
    id = "d13-unemployment"
    title = "Turnover for unemployment benefits (D13)"
    consumer = "france-travail"
    provider = "urssaf"
    dataset = "declared-turnover"
    fields = ["siren", "amounts"]
    operations = ["pull"]
    purpose = "simplification"
    legal-basis = "crpa-l114-8-i"
    population = ["natural-person"]
    valid-from = "2026-01-01"

    [[revocation]]
    fingerprint = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"
    agency = "pole-emploi"
    reason = "key lost"
"#;

fn file() -> RegistryFile {
    toml::from_str(FILE).unwrap()
}

fn registry() -> Registry {
    Registry::default().with(&file())
}

fn plan(registry: &Registry, file: &RegistryFile) -> Result<Vec<Change>, Vec<InvalidRegistry>> {
    registry.plan(file, &|_| Ok(()))
}

/// What a file changes that differs from the one in force by this.
fn changes(amend: impl Fn(&mut RegistryFile)) -> Vec<Change> {
    let mut amended = file();
    amend(&mut amended);
    plan(&registry(), &amended).unwrap()
}

/// The rules that a file breaks, with their paths.
fn findings(registry: &Registry, amend: impl Fn(&mut RegistryFile)) -> Vec<(RegistryRule, String)> {
    let mut amended = file();
    amend(&mut amended);
    let found = plan(registry, &amended).unwrap_err();
    found.into_iter().map(|InvalidRegistry { code, path, rule: _ }| (code, path)).collect()
}

fn only_finding(amend: impl Fn(&mut Agreement)) -> (RegistryRule, String) {
    let found = findings(&Registry::default(), |file| amend(&mut file.agreements[0]));
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

#[test]
fn a_file_reads_the_same_after_it_was_written() {
    let written = toml::to_string(&file()).unwrap();
    assert_eq!(toml::from_str::<RegistryFile>(&written).unwrap(), file());
    let json = serde_json::to_string(&file()).unwrap();
    assert_eq!(serde_json::from_str::<RegistryFile>(&json).unwrap(), file());
}

#[test]
fn a_key_that_nobody_knows_is_refused_at_every_level() {
    for (known, misspelt) in [
        ("[[agreement]]", "[[agreements]]"),
        ("name = \"Urssaf\"", "name = \"Urssaf\"\nrole = [\"auditor\"]"),
        ("title =", "quota = 5\ntitle ="),
        ("reason = \"key lost\"", "reason = \"key lost\"\nuntil = 5"),
        ("name = \"Toulouse\"", "name = \"Toulouse\", city = \"x\""),
        ("subject = \"CN=batch\"", "subject = \"CN=batch\", serial = \"1\""),
    ] {
        let text = FILE.replacen(known, misspelt, 1);
        assert_ne!(text, FILE);
        assert!(toml::from_str::<RegistryFile>(&text).is_err(), "{misspelt}");
    }
}

#[test]
fn a_new_item_is_created_and_takes_no_authority_away() {
    let planned = plan(&Registry::default(), &file()).unwrap();
    let summary: Vec<_> =
        planned.iter().map(|change| (change.noun, change.id.as_str(), change.verb, change.effect)).collect();
    let revoked = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100";
    assert_eq!(
        summary,
        [
            (Noun::Agency, "urssaf", Verb::Create, Effect::AddsOnly),
            (Noun::Agency, "france-travail", Verb::Create, Effect::AddsOnly),
            (Noun::Agreement, "d13-unemployment", Verb::Create, Effect::AddsOnly),
            (Noun::Revocation, revoked, Verb::Revoke, Effect::RemovesAuthority),
        ]
    );
    assert!(planned[2].lines.contains(&"fields: siren, amounts".to_owned()), "{:?}", planned[2].lines);
}

#[test]
fn a_file_applied_again_changes_nothing() {
    assert_eq!(plan(&registry(), &file()), Ok(Vec::new()));
    assert_eq!(plan(&registry(), &RegistryFile::default()), Ok(Vec::new()));
}

#[test]
fn an_amendment_says_what_it_takes_away_and_counts_as_taking_away() {
    let planned = changes(|file| file.agreements[0].fields = vec![FieldName::from("siren")]);
    let [Change { noun: Noun::Agreement, verb: Verb::Amend, effect, lines, .. }] = planned.as_slice() else {
        panic!("{planned:?}")
    };
    assert_eq!((*effect, lines.as_slice()), (Effect::RemovesAuthority, &["fields: - amounts".to_owned()][..]));

    let widened = changes(|file| file.agreements[0].fields.push(FieldName::from("status")));
    assert_eq!((widened[0].effect, widened[0].lines.join("")), (Effect::RemovesAuthority, "fields: + status".into()));
}

#[test]
fn a_change_of_state_has_its_own_verb() {
    let suspended = changes(|file| file.agreements[0].state = AgreementState::Suspended);
    assert_eq!((suspended[0].verb, suspended[0].effect), (Verb::Suspend, Effect::RemovesAuthority));
    assert_eq!(suspended[0].lines, ["state: in-force → suspended"]);
    let terminated = changes(|file| file.agreements[0].state = AgreementState::Terminated);
    assert_eq!(terminated[0].verb, Verb::Terminate);

    let mut file = file();
    file.agreements[0].state = AgreementState::Suspended;
    let resumed = plan(&registry().with(&file), &self::file()).unwrap();
    assert_eq!((resumed[0].verb, resumed[0].effect), (Verb::Resume, Effect::RemovesAuthority));
}

#[test]
fn a_certificate_or_a_name_that_changes_is_shown() {
    let planned = changes(|file| {
        file.agencies[1].systems[0].certificates[1] = CertificateRule::PublicKey { sha256: [0xab; 32] };
        "Toulouse centre".clone_into(&mut file.agencies[1].local_bodies[0].name);
        "key stolen".clone_into(&mut file.revocations[0].reason);
    });
    assert_eq!(
        planned[0].lines,
        [
            "local-bodies: agence-31 (Toulouse) → agence-31 (Toulouse centre)".to_owned(),
            format!(
                "systems: + batch (public key {}), - batch (public key {})",
                "ab".repeat(32),
                "00112233445566778899aabbccddeeff".repeat(2)
            ),
        ]
    );
    assert_eq!((planned[1].verb, planned[1].lines.join("")), (Verb::Amend, "reason: key lost → key stolen".into()));
}

#[test]
fn what_the_file_does_not_name_stays() {
    let agency = toml::from_str("[[agency]]\ncode = \"cnaf\"\nname = \"Cnaf\"\nroles = [\"consumer\"]").unwrap();
    let next = registry().with(&agency);
    assert_eq!(next.version(), registry().version() + 1);
    assert_eq!((next.agencies().count(), next.agreements().count()), (3, 1));
    assert!(next.is_revoked(&file().revocations[0].fingerprint));
    assert_eq!(Registry::of(next.version(), next.to_file()).to_file(), next.to_file());
}

#[test]
fn an_agency_is_found_by_code_by_alias_and_by_certificate() {
    let registry = registry();
    let code = |text| AgencyCode::parse(text).unwrap();
    let found = |text| registry.agency(&code(text)).map(|agency| agency.code.as_str());
    assert_eq!(found("france-travail"), Some("france-travail"));
    assert_eq!(found("pole-emploi"), Some("france-travail"));
    assert_eq!(found("cnaf"), None);
    let rule = CertificateRule::IssuerAndSubject { issuer: "CN=Autorite".into(), subject: "CN=batch".into() };
    let (agency, system) = registry.system(&rule).unwrap();
    assert_eq!((agency.code.as_str(), system), ("france-travail", "batch"));
    assert!(registry.system(&CertificateRule::PublicKey { sha256: [0; 32] }).is_none());
    assert!(!registry.is_revoked(&[0; 32]));
}

#[test]
fn an_alias_that_was_dropped_finds_nobody() {
    let mut file = file();
    file.agencies[1].aliases.clear();
    assert!(registry().with(&file).agency(&AgencyCode::parse("pole-emploi").unwrap()).is_none());
}

#[test]
fn each_term_of_an_agreement_that_cannot_be_is_found_by_its_code_and_path() {
    let at = |key: &str| format!("agreement.d13-unemployment.{key}");
    let code = |text| AgencyCode::parse(text).unwrap();
    use RegistryRule as Rule;
    let unknown = only_finding(|agreement| agreement.consumer = code("nobody"));
    assert_eq!(unknown, (Rule::AgencyUnknown, at("consumer")));
    let by_alias = only_finding(|agreement| agreement.consumer = code("pole-emploi"));
    assert_eq!(by_alias, (Rule::AgencyUnknown, at("consumer")));
    assert_eq!(only_finding(|agreement| agreement.provider = code("nobody")), (Rule::AgencyUnknown, at("provider")));
    let empty = only_finding(|agreement| agreement.fields.clear());
    assert_eq!(empty, (Rule::ListEmpty, at("fields")));
    assert_eq!(only_finding(|agreement| agreement.operations.clear()), (Rule::ListEmpty, at("operations")));
    assert_eq!(only_finding(|agreement| agreement.population.clear()), (Rule::ListEmpty, at("population")));
    let twice = only_finding(|agreement| agreement.fields.push(FieldName::from("siren")));
    assert_eq!(twice, (Rule::FieldDuplicate, at("fields")));
    let reversed = only_finding(|agreement| agreement.valid_until = Some("2025-12-31".parse().unwrap()));
    assert_eq!(reversed, (Rule::ValidityReversed, at("valid-until")));
    let purpose = only_finding(|agreement| agreement.purpose = Purpose::Fraud);
    assert_eq!(purpose, (Rule::PurposeNotPermitted, at("legal-basis")));
    let basis = only_finding(|agreement| agreement.legal_basis = LegalBasis::from_code("crpa-l114-8-ii").unwrap());
    assert_eq!(basis, (Rule::PurposeNotPermitted, at("legal-basis")));
}

#[test]
fn an_agreement_of_one_day_is_good() {
    let mut file = file();
    file.agreements[0].valid_until = Some(file.agreements[0].valid_from);
    assert!(plan(&Registry::default(), &file).is_ok());
}

#[test]
fn the_parties_hold_their_roles_and_the_dataset() {
    let at = |key: &str| format!("agreement.d13-unemployment.{key}");
    let nothing = Registry::default();
    let found = findings(&nothing, |file| file.agencies.iter_mut().for_each(|agency| agency.roles.clear()));
    assert_eq!(found, [(RegistryRule::RoleNotHeld, at("consumer")), (RegistryRule::RoleNotHeld, at("provider"))]);
    let found = findings(&nothing, |file| file.agencies[0].datasets.clear());
    assert_eq!(found, [(RegistryRule::DatasetNotAssigned, at("dataset"))]);
}

#[test]
fn names_and_certificates_belong_to_one_agency_and_system() {
    let found = findings(&Registry::default(), |file| {
        file.agencies[1].aliases.push(AgencyCode::parse("urssaf").unwrap());
        let mut twin = file.agencies[1].systems[0].clone();
        twin.certificates.truncate(1);
        "portal".clone_into(&mut twin.name);
        file.agencies[0].systems.push(twin);
    });
    assert_eq!(
        found,
        [
            (RegistryRule::AgencyNameClash, "agency.france-travail.aliases".to_owned()),
            (RegistryRule::CertificateRuleClash, "agency.urssaf.systems".to_owned()),
        ]
    );
}

#[test]
fn an_item_named_twice_is_found_and_so_is_everything_else() {
    let found = findings(&Registry::default(), |file| {
        file.agencies.push(file.agencies[0].clone());
        file.agreements.push(file.agreements[0].clone());
        file.revocations.push(file.revocations[0].clone());
        file.revocations[0].agency = AgencyCode::parse("nobody").unwrap();
    });
    let id = file().revocations[0].id();
    assert_eq!(
        found,
        [
            (RegistryRule::ItemDuplicate, "agency.urssaf".to_owned()),
            (RegistryRule::ItemDuplicate, "agreement.d13-unemployment".to_owned()),
            (RegistryRule::ItemDuplicate, format!("revocation.{id}")),
            (RegistryRule::AgencyUnknown, format!("revocation.{id}.agency")),
        ]
    );
}

#[test]
fn a_terminated_agreement_stays_terminated() {
    let mut ended = file();
    ended.agreements[0].state = AgreementState::Terminated;
    let registry = registry().with(&ended);
    let at = "agreement.d13-unemployment.state".to_owned();
    assert_eq!(findings(&registry, |_| ()), [(RegistryRule::AgreementTerminated, at)]);
    assert_eq!(plan(&registry, &ended), Ok(Vec::new()));
}

#[test]
fn what_the_catalogue_lacks_is_said_in_its_words() {
    let found = Registry::default().plan(&file(), &|_| Err("there is no field `amounts`".to_owned())).unwrap_err();
    assert_eq!(found[0].code, RegistryRule::NotCatalogued);
    let words = "agreement.d13-unemployment.fields: NOT_CATALOGUED: there is no field `amounts`";
    assert_eq!(found[0].to_string(), words);
}

#[test]
fn an_item_goes_by_the_name_of_its_table_and_a_verb_by_itself() {
    let tables = serde_json::to_value(file()).unwrap();
    for noun in [Noun::Agency, Noun::Agreement, Noun::Revocation] {
        assert!(tables[noun.code()].is_array(), "{noun:?}");
    }
    for verb in [Verb::Create, Verb::Amend, Verb::Suspend, Verb::Resume, Verb::Terminate, Verb::Revoke] {
        assert_eq!(verb.code(), format!("{verb:?}").to_lowercase());
    }
}

#[test]
fn codes_of_rules_are_unique_and_upper_snake_case() {
    let mut codes: Vec<_> = RegistryRule::ALL.iter().map(|rule| rule.code()).collect();
    assert!(codes.iter().all(|code| code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')));
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), RegistryRule::ALL.len());
    assert!(registry().agreement(&AgreementId::parse("d13-unemployment").unwrap()).is_some());
}

#[test]
fn a_grant_of_the_whole_population_is_shown_when_it_comes_and_when_it_goes() {
    let granting = |file: &mut RegistryFile| file.agreements[0].whole_population = true;
    assert_eq!(changes(granting)[0].lines, ["whole-population: + true"]);
    let mut granted = file();
    granting(&mut granted);
    let taken_back = plan(&registry().with(&granted), &file()).unwrap();
    assert_eq!(taken_back[0].lines, ["whole-population: - true"]);
    assert_eq!(taken_back[0].effect, Effect::RemovesAuthority);
}
