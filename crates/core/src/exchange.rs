//! What is asked, and by whom: the question that a decision answers.

use std::collections::BTreeSet;

use crate::{
    agency::{AgencyCode, Role},
    agreement::AgreementId,
    consent::ConsentId,
    dataset::{DatasetId, FieldName, Operation, SubjectKind},
    purpose::Purpose,
    registry::Fingerprint,
};

/// Who calls, as the certificate says it. Nothing in a request can change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The agency.
    pub agency: AgencyCode,
    /// The system of the agency.
    pub system: String,
    /// The roles of the agency when the call came in.
    pub roles: BTreeSet<Role>,
    /// The certificate, by which a revocation is found.
    pub certificate: Fingerprint,
}

impl Caller {
    /// Whether the agency held that role when the call came in.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// One exchange to be decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeRequest {
    /// Who calls.
    pub caller: Caller,
    /// The agreement that it relies on.
    pub agreement: AgreementId,
    /// The dataset.
    pub dataset: DatasetId,
    /// The major version of the dataset in which the record is told.
    pub dataset_major: u32,
    /// The operation.
    pub operation: Operation,
    /// The purpose that it states.
    pub purpose: Purpose,
    /// The kind of subject that the dataset is about.
    pub subject_kind: SubjectKind,
    /// The local body that it names.
    pub local_body: Option<String>,
    /// The top-level fields that it asks for, which the catalogue knows; `None` for all that are granted. An empty
    /// list asks for nothing, and is refused as such.
    pub asked_fields: Option<Vec<FieldName>>,
    /// The consent that it relies on; `None` for any that is in force.
    pub consent_asked: Option<ConsentId>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{AgencyCode, Caller, Role};

    #[test]
    fn a_caller_has_the_roles_that_its_agency_held_and_no_other() {
        let agency = AgencyCode::parse("cnaf").unwrap();
        let roles = BTreeSet::from([Role::Consumer, Role::Portal]);
        let caller = Caller { agency, system: "benefits".to_owned(), roles: roles.clone(), certificate: [7; 32] };
        for role in Role::ALL {
            assert_eq!(caller.has(role), roles.contains(&role));
        }
    }
}
