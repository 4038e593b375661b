//! The table: who may call what, written down here a second time, so that neither copy changes unseen.

/// Each method, and the roles that may call it; `any` is every registered agency.
pub(crate) const TABLE: [(&str, &str); 42] = [
    ("/unefois.exchange.v1.ExchangeService/Pull", "consumer"),
    ("/unefois.income.v1.IncomeService/GetDeclaredTurnover", "consumer"),
    ("/unefois.income.v1.IncomeService/GetCompanyTurnover", "consumer"),
    ("/unefois.income.v1.IncomeService/GetSelfEmployedIncome", "consumer"),
    ("/unefois.income.v1.IncomeService/GetArtistAuthorIncome", "consumer"),
    ("/unefois.income.v1.IncomeService/GetMonthlyResources", "consumer"),
    ("/unefois.income.v1.IncomeService/GetUnemploymentPayments", "consumer"),
    ("/unefois.income.v1.IncomeService/GetCrossBorderIncome", "consumer"),
    ("/unefois.income.v1.IncomeService/GetHomeServiceSpending", "consumer"),
    ("/unefois.income.v1.IncomeService/GetFamilyQuotient", "consumer"),
    ("/unefois.status.v1.StatusService/GetSelfEmployedAffiliation", "consumer"),
    ("/unefois.status.v1.StatusService/GetJobSeekerRegistration", "consumer"),
    ("/unefois.status.v1.StatusService/GetHomeServiceApproval", "consumer"),
    ("/unefois.status.v1.StatusService/GetWorkInterruption", "consumer"),
    ("/unefois.certificate.v1.CertificateService/GetTrainingContributionCertificate", "consumer"),
    ("/unefois.certificate.v1.CertificateService/GetTaxComplianceCertificate", "consumer"),
    ("/unefois.certificate.v1.CertificateService/GetSocialVigilanceCertificate", "consumer"),
    ("/unefois.certificate.v1.CertificateService/GetEmployerCertificate", "consumer"),
    ("/unefois.contact.v1.ContactService/GetBankDetails", "consumer"),
    ("/unefois.contact.v1.ContactService/GetContactDetails", "consumer"),
    ("/unefois.catalog.v1.CatalogService/ListDatasets", "any"),
    ("/unefois.catalog.v1.CatalogService/GetDataset", "any"),
    ("/unefois.catalog.v1.CatalogService/GetFileDescriptorSet", "any"),
    ("/unefois.publication.v1.PublicationService/Publish", "provider"),
    ("/unefois.consent.v1.ConsentService/Grant", "portal consumer"),
    ("/unefois.consent.v1.ConsentService/Withdraw", "portal consumer"),
    ("/unefois.consent.v1.ConsentService/List", "portal"),
    ("/unefois.registry.v1.RegistryService/Apply", "operator"),
    ("/unefois.registry.v1.RegistryService/Describe", "operator auditor"),
    ("/unefois.subject.v1.SubjectService/ListExchanges", "portal"),
    ("/unefois.subject.v1.SubjectService/Merge", "operator"),
    ("/unefois.subject.v1.SubjectService/Erase", "operator"),
    ("/unefois.audit.v1.AuditService/SearchExchanges", "auditor"),
    ("/unefois.audit.v1.AuditService/ExportEntries", "auditor"),
    ("/unefois.audit.v1.AuditService/GetInclusionProof", "auditor"),
    ("/unefois.audit.v1.AuditService/GetConsistencyProof", "auditor"),
    ("/unefois.audit.v1.AuditService/GetCheckpoint", "any"),
    ("/unefois.audit.v1.AuditService/ListShards", "any"),
    ("/grpc.health.v1.Health/Check", "any"),
    ("/grpc.health.v1.Health/Watch", "any"),
    ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "any"),
    ("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "any"),
];

/// Whether an agency of that role, or of none, may call what is open to these roles.
pub(crate) fn may(roles: &str, role: Option<&str>) -> bool {
    roles == "any" || role.is_some_and(|role| roles.split(' ').any(|other| other == role))
}
