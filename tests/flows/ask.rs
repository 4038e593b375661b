//! The typed call of each dataset, asked what a generic question asks.

use prost::Message;
use unefois_client::{Connection, PullError, Pulled, RetryPolicy};
use unefois_proto::pb::{
    certificate::v1::{
        EmployerCertificate, GetEmployerCertificateRequest, GetSocialVigilanceCertificateRequest,
        GetTaxComplianceCertificateRequest, GetTrainingContributionCertificateRequest, SocialVigilanceCertificate,
        TaxComplianceCertificate, TrainingContributionCertificate,
    },
    contact::v1::{BankDetails, ContactDetails, GetBankDetailsRequest, GetContactDetailsRequest},
    exchange::v1::PullRequest,
    income::v1::{
        ArtistAuthorIncome, CompanyTurnover, CrossBorderIncome, DeclaredTurnover, FamilyQuotient,
        GetArtistAuthorIncomeRequest, GetCompanyTurnoverRequest, GetCrossBorderIncomeRequest,
        GetDeclaredTurnoverRequest, GetFamilyQuotientRequest, GetHomeServiceSpendingRequest,
        GetMonthlyResourcesRequest, GetSelfEmployedIncomeRequest, GetUnemploymentPaymentsRequest, HomeServiceSpending,
        MonthlyResources, SelfEmployedIncome, UnemploymentPayments,
    },
    status::v1::{
        GetHomeServiceApprovalRequest, GetJobSeekerRegistrationRequest, GetSelfEmployedAffiliationRequest,
        GetWorkInterruptionRequest, HomeServiceApproval, JobSeekerRegistration, SelfEmployedAffiliation,
        WorkInterruption,
    },
};

/// Asks by the typed call of the dataset. Gives the record as its message encodes it, and the answer.
pub(crate) async fn ask_typed(connection: &Connection, question: PullRequest) -> Result<(Vec<u8>, Pulled), PullError> {
    let PullRequest { context, dataset, subject, key: bytes, field_mask } = question;
    /// The same question in the message of one method.
    macro_rules! ask {
        ($key:ident: $message:ident, $call:ident($request:ident { $($field:ident: $value:expr),* })) => {{
            let $key = $message::decode(bytes.as_slice()).unwrap();
            let request = $request { context, subject, field_mask, $($field: $value),* };
            let answer = unefois_client::$call(connection, request, &RetryPolicy::never()).await?;
            Ok((answer.data.encode_to_vec(), answer.pulled))
        }};
    }
    match dataset.as_str() {
        "declared-turnover" => {
            ask!(key: DeclaredTurnover, declared_turnover(GetDeclaredTurnoverRequest { period: key.period }))
        }
        "company-turnover" => {
            ask!(key: CompanyTurnover, company_turnover(GetCompanyTurnoverRequest { year: key.year.unwrap() }))
        }
        "self-employed-income" => {
            ask!(key: SelfEmployedIncome, self_employed_income(GetSelfEmployedIncomeRequest { year: key.year.unwrap() }))
        }
        "artist-author-income" => {
            ask!(key: ArtistAuthorIncome, artist_author_income(GetArtistAuthorIncomeRequest { year: key.year.unwrap() }))
        }
        "monthly-resources" => {
            ask!(key: MonthlyResources, monthly_resources(GetMonthlyResourcesRequest { month: key.month }))
        }
        "unemployment-payments" => {
            ask!(key: UnemploymentPayments, unemployment_payments(GetUnemploymentPaymentsRequest { month: key.month }))
        }
        "cross-border-income" => {
            ask!(key: CrossBorderIncome, cross_border_income(GetCrossBorderIncomeRequest { year: key.year.unwrap() }))
        }
        "home-service-spending" => {
            ask!(key: HomeServiceSpending, home_service_spending(GetHomeServiceSpendingRequest { year: key.year.unwrap() }))
        }
        "family-quotient" => ask!(key: FamilyQuotient, family_quotient(GetFamilyQuotientRequest { month: key.month })),
        "self-employed-affiliation" => {
            ask!(key: SelfEmployedAffiliation, self_employed_affiliation(GetSelfEmployedAffiliationRequest { siret: key.siret }))
        }
        "job-seeker-registration" => {
            ask!(key: JobSeekerRegistration, job_seeker_registration(GetJobSeekerRegistrationRequest { job_seeker_number: key.job_seeker_number }))
        }
        "home-service-approval" => {
            ask!(key: HomeServiceApproval, home_service_approval(GetHomeServiceApprovalRequest { siret: key.siret }))
        }
        "work-interruption" => {
            ask!(key: WorkInterruption, work_interruption(GetWorkInterruptionRequest { employer_number: key.employer_number, last_day_worked: key.last_day_worked }))
        }
        "training-contribution-certificate" => {
            ask!(key: TrainingContributionCertificate, training_contribution_certificate(GetTrainingContributionCertificateRequest { year: key.year.unwrap() }))
        }
        "tax-compliance-certificate" => {
            ask!(key: TaxComplianceCertificate, tax_compliance_certificate(GetTaxComplianceCertificateRequest { siren: key.siren }))
        }
        "social-vigilance-certificate" => {
            ask!(key: SocialVigilanceCertificate, social_vigilance_certificate(GetSocialVigilanceCertificateRequest { siren: key.siren }))
        }
        "employer-certificate" => {
            ask!(key: EmployerCertificate, employer_certificate(GetEmployerCertificateRequest { employer_number: key.employer_number, contract_end: key.contract_end }))
        }
        "bank-details" => ask!(key: BankDetails, bank_details(GetBankDetailsRequest { iban: key.iban })),
        "contact-details" => ask!(key: ContactDetails, contact_details(GetContactDetailsRequest { usage: key.usage })),
        other => panic!("`{other}` has no typed call"),
    }
}
