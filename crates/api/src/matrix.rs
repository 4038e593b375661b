//! The authorisation matrix: which role may call which method. What is not in it is refused.

use unefois_core::Role;

/// Who may call a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Any registered agency.
    Registered,
    /// An agency that holds one of these roles.
    Roles(&'static [Role]),
}

use Access::{Registered, Roles};
use Role::{Auditor, Consumer, Operator, Portal, Provider};

/// Every method that the hub serves. A test compares it with the contract.
pub const MATRIX: &[(&str, Access)] = &[
    ("/unefois.exchange.v1.ExchangeService/Pull", Roles(&[Consumer])),
    ("/unefois.income.v1.IncomeService/GetDeclaredTurnover", Roles(&[Consumer])),
    ("/unefois.income.v1.IncomeService/GetCompanyTurnover", Roles(&[Consumer])),
    ("/unefois.income.v1.IncomeService/GetSelfEmployedIncome", Roles(&[Consumer])),
    ("/unefois.income.v1.IncomeService/GetArtistAuthorIncome", Roles(&[Consumer])),
    ("/unefois.income.v1.IncomeService/GetMonthlyResources", Roles(&[Consumer])),
    ("/unefois.income.v1.IncomeService/GetUnemploymentPayments", Roles(&[Consumer])),
    ("/unefois.income.v1.IncomeService/GetCrossBorderIncome", Roles(&[Consumer])),
    ("/unefois.income.v1.IncomeService/GetHomeServiceSpending", Roles(&[Consumer])),
    ("/unefois.income.v1.IncomeService/GetFamilyQuotient", Roles(&[Consumer])),
    ("/unefois.status.v1.StatusService/GetSelfEmployedAffiliation", Roles(&[Consumer])),
    ("/unefois.status.v1.StatusService/GetJobSeekerRegistration", Roles(&[Consumer])),
    ("/unefois.status.v1.StatusService/GetHomeServiceApproval", Roles(&[Consumer])),
    ("/unefois.status.v1.StatusService/GetWorkInterruption", Roles(&[Consumer])),
    ("/unefois.certificate.v1.CertificateService/GetTrainingContributionCertificate", Roles(&[Consumer])),
    ("/unefois.certificate.v1.CertificateService/GetTaxComplianceCertificate", Roles(&[Consumer])),
    ("/unefois.certificate.v1.CertificateService/GetSocialVigilanceCertificate", Roles(&[Consumer])),
    ("/unefois.certificate.v1.CertificateService/GetEmployerCertificate", Roles(&[Consumer])),
    ("/unefois.contact.v1.ContactService/GetBankDetails", Roles(&[Consumer])),
    ("/unefois.contact.v1.ContactService/GetContactDetails", Roles(&[Consumer])),
    ("/unefois.catalog.v1.CatalogService/ListDatasets", Registered),
    ("/unefois.catalog.v1.CatalogService/GetDataset", Registered),
    ("/unefois.catalog.v1.CatalogService/GetFileDescriptorSet", Registered),
    ("/unefois.publication.v1.PublicationService/Publish", Roles(&[Provider])),
    ("/unefois.subscription.v1.SubscriptionService/Create", Roles(&[Consumer])),
    ("/unefois.subscription.v1.SubscriptionService/List", Roles(&[Consumer])),
    ("/unefois.subscription.v1.SubscriptionService/Get", Roles(&[Consumer])),
    ("/unefois.subscription.v1.SubscriptionService/Pause", Roles(&[Consumer])),
    ("/unefois.subscription.v1.SubscriptionService/Resume", Roles(&[Consumer])),
    ("/unefois.subscription.v1.SubscriptionService/Delete", Roles(&[Consumer])),
    ("/unefois.subscription.v1.SubscriptionService/Receive", Roles(&[Consumer])),
    ("/unefois.subscription.v1.SubscriptionService/FetchEvents", Roles(&[Consumer])),
    ("/unefois.subscription.v1.SubscriptionService/AcknowledgeEvents", Roles(&[Consumer])),
    ("/unefois.subscription.v1.SubscriptionService/ListDeadLetters", Roles(&[Consumer])),
    ("/unefois.subscription.v1.SubscriptionService/ReplayDeadLetter", Roles(&[Consumer])),
    ("/unefois.dossier.v1.DossierService/Open", Roles(&[Consumer])),
    ("/unefois.dossier.v1.DossierService/Close", Roles(&[Consumer])),
    ("/unefois.dossier.v1.DossierService/List", Roles(&[Consumer])),
    ("/unefois.dossier.v1.DossierService/Load", Roles(&[Consumer])),
    ("/unefois.consent.v1.ConsentService/Grant", Roles(&[Portal, Consumer])),
    ("/unefois.consent.v1.ConsentService/Withdraw", Roles(&[Portal, Consumer])),
    ("/unefois.consent.v1.ConsentService/List", Roles(&[Portal])),
    ("/unefois.registry.v1.RegistryService/Apply", Roles(&[Operator])),
    ("/unefois.registry.v1.RegistryService/Describe", Roles(&[Operator, Auditor])),
    ("/unefois.subject.v1.SubjectService/ListExchanges", Roles(&[Portal])),
    ("/unefois.subject.v1.SubjectService/Merge", Roles(&[Operator])),
    ("/unefois.subject.v1.SubjectService/Erase", Roles(&[Operator])),
    ("/unefois.audit.v1.AuditService/SearchExchanges", Roles(&[Auditor])),
    ("/unefois.audit.v1.AuditService/ExportEntries", Roles(&[Auditor])),
    ("/unefois.audit.v1.AuditService/GetInclusionProof", Roles(&[Auditor])),
    ("/unefois.audit.v1.AuditService/GetConsistencyProof", Roles(&[Auditor])),
    ("/unefois.audit.v1.AuditService/GetCheckpoint", Registered),
    ("/unefois.audit.v1.AuditService/ListShards", Registered),
    ("/grpc.health.v1.Health/Check", Registered),
    ("/grpc.health.v1.Health/Watch", Registered),
    ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", Registered),
    ("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", Registered),
];

/// Who may call that method; `None` for one that the hub does not serve.
pub(crate) fn access(method: &str) -> Option<Access> {
    MATRIX.iter().find(|(served, _)| *served == method).map(|(_, access)| *access)
}
