//! The typed services: each call is the generic exchange with a typed key, and none does anything of its own.

use tonic::{Request, Response, Status};
use unefois_broker::Hub;
use unefois_proto::{
    pb::{
        calendar::v1::{Date, Month, Period},
        certificate::v1::{
            EmployerCertificate, GetEmployerCertificateRequest, GetSocialVigilanceCertificateRequest,
            GetTaxComplianceCertificateRequest, GetTrainingContributionCertificateRequest, SocialVigilanceCertificate,
            TaxComplianceCertificate, TrainingContributionCertificate,
        },
        contact::v1::{BankDetails, ContactDetails, GetBankDetailsRequest, GetContactDetailsRequest},
        exchange::v1::PullResponse,
        income::v1::{
            ArtistAuthorIncome, CompanyTurnover, CrossBorderIncome, DeclaredTurnover, FamilyQuotient,
            GetArtistAuthorIncomeRequest, GetCompanyTurnoverRequest, GetCrossBorderIncomeRequest,
            GetDeclaredTurnoverRequest, GetFamilyQuotientRequest, GetHomeServiceSpendingRequest,
            GetMonthlyResourcesRequest, GetSelfEmployedIncomeRequest, GetUnemploymentPaymentsRequest,
            HomeServiceSpending, MonthlyResources, SelfEmployedIncome, UnemploymentPayments,
        },
        status::v1::{
            GetHomeServiceApprovalRequest, GetJobSeekerRegistrationRequest, GetSelfEmployedAffiliationRequest,
            GetWorkInterruptionRequest, HomeServiceApproval, JobSeekerRegistration, SelfEmployedAffiliation,
            WorkInterruption,
        },
    },
    server::{
        certificate::v1::certificate_service_server::CertificateService,
        contact::v1::contact_service_server::ContactService, income::v1::income_service_server::IncomeService,
        status::v1::status_service_server::StatusService,
    },
};

use crate::exchange::{answer, typed};

/// Every typed service.
#[derive(Debug, Clone)]
pub(crate) struct Typed {
    pub(crate) hub: Hub,
}

/// The major version of the messages in these services. The next major of a dataset gets a method of its own, in the
/// service of its own package.
const MAJOR: u32 = 1;

/// A typed service: each method with its request and the key fields in it, the dataset, and the dataset's message.
macro_rules! typed_service {
    ($service:ident: $($method:ident($request:ident { $($key:ident),* }) => $dataset:literal $message:ident;)*) => {
        #[tonic::async_trait]
        impl $service for Typed {
            $(async fn $method(&self, request: Request<$request>) -> Result<Response<PullResponse>, Status> {
                let generic = request.map(|$request { context, subject, field_mask, $($key),* }| {
                    let key = $message { $($key: $key.given(),)* ..$message::default() };
                    typed($dataset, context, subject, &key, field_mask)
                });
                answer(&self.hub, generic, Some(MAJOR)).await
            })*
        }
    };
}

typed_service! { IncomeService:
    get_declared_turnover(GetDeclaredTurnoverRequest { period }) => "declared-turnover" DeclaredTurnover;
    get_company_turnover(GetCompanyTurnoverRequest { year }) => "company-turnover" CompanyTurnover;
    get_self_employed_income(GetSelfEmployedIncomeRequest { year }) => "self-employed-income" SelfEmployedIncome;
    get_artist_author_income(GetArtistAuthorIncomeRequest { year }) => "artist-author-income" ArtistAuthorIncome;
    get_monthly_resources(GetMonthlyResourcesRequest { month }) => "monthly-resources" MonthlyResources;
    get_unemployment_payments(GetUnemploymentPaymentsRequest { month }) => "unemployment-payments" UnemploymentPayments;
    get_cross_border_income(GetCrossBorderIncomeRequest { year }) => "cross-border-income" CrossBorderIncome;
    get_home_service_spending(GetHomeServiceSpendingRequest { year }) => "home-service-spending" HomeServiceSpending;
    get_family_quotient(GetFamilyQuotientRequest { month }) => "family-quotient" FamilyQuotient;
}

typed_service! { StatusService:
    get_self_employed_affiliation(GetSelfEmployedAffiliationRequest { siret })
        => "self-employed-affiliation" SelfEmployedAffiliation;
    get_job_seeker_registration(GetJobSeekerRegistrationRequest { job_seeker_number })
        => "job-seeker-registration" JobSeekerRegistration;
    get_home_service_approval(GetHomeServiceApprovalRequest { siret }) => "home-service-approval" HomeServiceApproval;
    get_work_interruption(GetWorkInterruptionRequest { employer_number, last_day_worked })
        => "work-interruption" WorkInterruption;
}

typed_service! { CertificateService:
    get_training_contribution_certificate(GetTrainingContributionCertificateRequest { year })
        => "training-contribution-certificate" TrainingContributionCertificate;
    get_tax_compliance_certificate(GetTaxComplianceCertificateRequest { siren })
        => "tax-compliance-certificate" TaxComplianceCertificate;
    get_social_vigilance_certificate(GetSocialVigilanceCertificateRequest { siren })
        => "social-vigilance-certificate" SocialVigilanceCertificate;
    get_employer_certificate(GetEmployerCertificateRequest { employer_number, contract_end })
        => "employer-certificate" EmployerCertificate;
}

typed_service! { ContactService:
    get_bank_details(GetBankDetailsRequest { iban }) => "bank-details" BankDetails;
    get_contact_details(GetContactDetailsRequest { usage }) => "contact-details" ContactDetails;
}

/// A key field of a typed request, as the dataset's message holds it.
trait KeyField {
    type Held;

    fn given(self) -> Option<Self::Held>;
}

impl KeyField for i32 {
    type Held = Self;

    fn given(self) -> Option<Self> {
        Some(self)
    }
}

impl KeyField for Option<String> {
    type Held = String;

    /// An empty text is what some languages send for one that is left out.
    fn given(self) -> Self {
        self.filter(|text| !text.is_empty())
    }
}

/// Fields that are held as they are given.
macro_rules! held_as_given {
    ($($held:ty),*) => {
        $(impl KeyField for Option<$held> {
            type Held = $held;

            fn given(self) -> Self {
                self
            }
        })*
    };
}

held_as_given!(i32, Date, Month, Period);
