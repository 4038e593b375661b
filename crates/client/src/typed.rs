//! The typed calls: the record as a message, and the bytes that it was received as.

use std::fmt;

use prost::Message;
use unefois_proto::pb::{
    certificate::v1::{
        EmployerCertificate, GetEmployerCertificateRequest, GetSocialVigilanceCertificateRequest,
        GetTaxComplianceCertificateRequest, GetTrainingContributionCertificateRequest, SocialVigilanceCertificate,
        TaxComplianceCertificate, TrainingContributionCertificate,
    },
    contact::v1::{BankDetails, ContactDetails, GetBankDetailsRequest, GetContactDetailsRequest},
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

use crate::{
    connect::Connection,
    pull::{PullError, Pulled, call, identify},
    retry::RetryPolicy,
};

/// An answer with its record as a message. Its `Debug` shows no data.
#[derive(Clone, PartialEq)]
pub struct Typed<T> {
    /// The record, minimised: a field that was withheld is absent.
    pub data: T,
    /// The answer as it was received; [`Pulled::verify`] checks it.
    pub pulled: Pulled,
}

/// A typed call: its name, its method, its request and the dataset's message.
macro_rules! typed {
    ($doc:literal, $name:ident, $service:literal, $method:literal, $request:ident => $message:ident) => {
        #[doc = concat!($doc, " (`", $service, ".", $method, "`); otherwise like [`pull`](crate::pull()).")]
        ///
        /// # Errors
        ///
        /// [`PullError`].
        pub async fn $name(
            connection: &Connection,
            mut request: $request,
            policy: &RetryPolicy,
        ) -> Result<Typed<$message>, PullError> {
            identify(request.context.as_mut());
            let method = concat!("/unefois.", $service, "/", $method);
            Typed::of(call(connection, method, &request, policy).await?)
        }
    };
}

typed!(
    "The turnover that an auto-entrepreneur declared for one month or quarter",
    declared_turnover, "income.v1.IncomeService", "GetDeclaredTurnover", GetDeclaredTurnoverRequest => DeclaredTurnover
);
typed!(
    "The turnover of a company for one fiscal year",
    company_turnover, "income.v1.IncomeService", "GetCompanyTurnover", GetCompanyTurnoverRequest => CompanyTurnover
);
typed!(
    "The income of a self-employed person for one year",
    self_employed_income, "income.v1.IncomeService", "GetSelfEmployedIncome", GetSelfEmployedIncomeRequest => SelfEmployedIncome
);
typed!(
    "The artistic income of an artist-author for one year",
    artist_author_income, "income.v1.IncomeService", "GetArtistAuthorIncome", GetArtistAuthorIncomeRequest => ArtistAuthorIncome
);
typed!(
    "Every income of a person in one month",
    monthly_resources, "income.v1.IncomeService", "GetMonthlyResources", GetMonthlyResourcesRequest => MonthlyResources
);
typed!(
    "What France Travail paid to a person in one month",
    unemployment_payments, "income.v1.IncomeService", "GetUnemploymentPayments", GetUnemploymentPaymentsRequest => UnemploymentPayments
);
typed!(
    "What a cross-border worker earned in Switzerland in one year",
    cross_border_income, "income.v1.IncomeService", "GetCrossBorderIncome", GetCrossBorderIncomeRequest => CrossBorderIncome
);
typed!(
    "What a household spent on home services in one year",
    home_service_spending, "income.v1.IncomeService", "GetHomeServiceSpending", GetHomeServiceSpendingRequest => HomeServiceSpending
);
typed!(
    "The family quotient of a household in one month",
    family_quotient, "income.v1.IncomeService", "GetFamilyQuotient", GetFamilyQuotientRequest => FamilyQuotient
);
typed!(
    "Whether a self-employed person is affiliated, and since when",
    self_employed_affiliation, "status.v1.StatusService", "GetSelfEmployedAffiliation", GetSelfEmployedAffiliationRequest => SelfEmployedAffiliation
);
typed!(
    "Whether a person is registered as a job seeker, and since when",
    job_seeker_registration, "status.v1.StatusService", "GetJobSeekerRegistration", GetJobSeekerRegistrationRequest => JobSeekerRegistration
);
typed!(
    "What a home-service organisation may do",
    home_service_approval, "status.v1.StatusService", "GetHomeServiceApproval", GetHomeServiceApprovalRequest => HomeServiceApproval
);
typed!(
    "When an employee of a private employer stopped working and resumed",
    work_interruption, "status.v1.StatusService", "GetWorkInterruption", GetWorkInterruptionRequest => WorkInterruption
);
typed!(
    "That a self-employed person paid the training contribution of one year",
    training_contribution_certificate, "certificate.v1.CertificateService", "GetTrainingContributionCertificate", GetTrainingContributionCertificateRequest => TrainingContributionCertificate
);
typed!(
    "That a company has filed and paid its taxes",
    tax_compliance_certificate, "certificate.v1.CertificateService", "GetTaxComplianceCertificate", GetTaxComplianceCertificateRequest => TaxComplianceCertificate
);
typed!(
    "That a company has paid its social contributions",
    social_vigilance_certificate, "certificate.v1.CertificateService", "GetSocialVigilanceCertificate", GetSocialVigilanceCertificateRequest => SocialVigilanceCertificate
);
typed!(
    "What an employer certified when a contract ended",
    employer_certificate, "certificate.v1.CertificateService", "GetEmployerCertificate", GetEmployerCertificateRequest => EmployerCertificate
);
typed!(
    "Where a person or a company is paid",
    bank_details, "contact.v1.ContactService", "GetBankDetails", GetBankDetailsRequest => BankDetails
);
typed!(
    "How to reach a person or a company",
    contact_details, "contact.v1.ContactService", "GetContactDetails", GetContactDetailsRequest => ContactDetails
);

impl<T: Message + Default> Typed<T> {
    fn of(pulled: Pulled) -> Result<Self, PullError> {
        let data = T::decode(pulled.response.data()).map_err(PullError::Record)?;
        Ok(Self { data, pulled })
    }
}

impl<T> fmt::Debug for Typed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Typed").field("pulled", &self.pulled).finish_non_exhaustive()
    }
}
