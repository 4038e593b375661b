//! Stable reasons: the public names of every refusal and failure.
//!
//! The reasons are the public API; the texts beside them are not.

/// What the caller can do about a refusal or failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Send another request.
    ChangeTheRequest,
    /// Nothing: the answer will stay the same.
    AlreadyDone,
    /// Send the same request later.
    TryLater,
    /// Have that one act; the same request will not help until then.
    AskSomeone(Who),
    /// Nothing: the operators of the hub must act.
    OurFault,
}

/// Whom the caller can ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The operator of the hub, who keeps the registry and the certificates.
    Operator,
    /// The parties of the agreement.
    Parties,
    /// The person whom the data is about, through a portal.
    Person,
    /// The provider, whose system or data is at fault.
    Provider,
}

/// Makes the enumeration and its table in one place.
macro_rules! reasons {
    ($($name:ident, $code:literal, $remedy:expr, $english:literal, $french:literal;)*) => {
        /// Why something was refused or failed. The list grows; a reason is never renamed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason {
            $(#[doc = concat!("`", $code, "`: ", $english, ".")] $name,)*
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stable code: `UPPER_SNAKE_CASE`, at most 63 characters (AIP-193).
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What the caller can do.
            #[must_use]
            pub fn remedy(self) -> Remedy {
                match self { $(Self::$name => $remedy,)* }
            }

            /// The reason in English.
            #[must_use]
            pub fn description(self) -> &'static str {
                match self { $(Self::$name => $english,)* }
            }

            /// The reason in French.
            #[must_use]
            pub fn description_fr(self) -> &'static str {
                match self { $(Self::$name => $french,)* }
            }
        }
    };
}

use Remedy::{AlreadyDone, AskSomeone, ChangeTheRequest, OurFault, TryLater};
use Who::{Operator, Parties, Person, Provider};

reasons! {
    CertificateMissing, "CERTIFICATE_MISSING", AskSomeone(Operator),
        "the call carries no client certificate",
        "l'appel ne porte pas de certificat client";
    CertificateUnknown, "CERTIFICATE_UNKNOWN", AskSomeone(Operator),
        "the certificate belongs to no registered system",
        "le certificat n'appartient à aucun système enregistré";
    CertificateExpired, "CERTIFICATE_EXPIRED", AskSomeone(Operator),
        "the certificate has expired, or is not valid yet",
        "le certificat a expiré ou n'est pas encore valable";
    CertificateRevoked, "CERTIFICATE_REVOKED", AskSomeone(Operator),
        "the certificate was revoked",
        "le certificat a été révoqué";
    RoleRequired, "ROLE_REQUIRED", AskSomeone(Operator),
        "the agency does not hold a role that may call this method",
        "l'organisme n'a pas le rôle requis pour cet appel";
    RoleNotHeld, "ROLE_NOT_HELD", AskSomeone(Operator),
        "the agency is not a consumer",
        "l'organisme n'est pas consommateur";
    AgreementUnknown, "AGREEMENT_UNKNOWN", ChangeTheRequest,
        "there is no agreement of that identifier",
        "aucune convention ne porte cet identifiant";
    AgreementOfAnotherConsumer, "AGREEMENT_OF_ANOTHER_CONSUMER", ChangeTheRequest,
        "the agreement is with another consumer",
        "la convention lie un autre consommateur";
    AgreementNotYetInForce, "AGREEMENT_NOT_YET_IN_FORCE", TryLater,
        "the agreement is not in force yet",
        "la convention n'est pas encore en vigueur";
    AgreementExpired, "AGREEMENT_EXPIRED", AskSomeone(Parties),
        "the agreement has expired",
        "la convention a expiré";
    AgreementSuspended, "AGREEMENT_SUSPENDED", AskSomeone(Parties),
        "the agreement is suspended",
        "la convention est suspendue";
    AgreementTerminated, "AGREEMENT_TERMINATED", AskSomeone(Parties),
        "the agreement is terminated",
        "la convention est résiliée";
    ProviderNotAssigned, "PROVIDER_NOT_ASSIGNED", AskSomeone(Operator),
        "the provider of the agreement no longer holds the dataset",
        "le fournisseur de la convention ne détient plus ce jeu de données";
    DatasetNotCovered, "DATASET_NOT_COVERED", ChangeTheRequest,
        "the agreement does not cover the dataset",
        "la convention ne couvre pas ce jeu de données";
    OperationNotCovered, "OPERATION_NOT_COVERED", ChangeTheRequest,
        "the agreement does not cover the operation",
        "la convention ne couvre pas cette opération";
    PurposeNotCovered, "PURPOSE_NOT_COVERED", ChangeTheRequest,
        "the agreement is for another purpose",
        "la convention vise une autre finalité";
    PurposeNotPermitted, "PURPOSE_NOT_PERMITTED", AskSomeone(Parties),
        "the legal basis of the agreement does not permit the purpose",
        "la base légale de la convention ne permet pas cette finalité";
    PopulationNotCovered, "POPULATION_NOT_COVERED", ChangeTheRequest,
        "the agreement does not cover this kind of subject",
        "la convention ne couvre pas cette population";
    LocalBodyUnknown, "LOCAL_BODY_UNKNOWN", ChangeTheRequest,
        "the agency does not act through that local body",
        "l'organisme n'agit pas par cette caisse locale";
    FieldNotGranted, "FIELD_NOT_GRANTED", ChangeTheRequest,
        "the agreement grants none of the fields asked for",
        "la convention n'accorde aucun des champs demandés";
    ConsentRequired, "CONSENT_REQUIRED", AskSomeone(Person),
        "the agreement requires the person's consent, and there is none",
        "la convention exige le consentement de la personne, qui manque";
    ConsentWithdrawn, "CONSENT_WITHDRAWN", AskSomeone(Person),
        "the person withdrew the consent",
        "la personne a retiré son consentement";
    ConsentExpired, "CONSENT_EXPIRED", AskSomeone(Person),
        "the person's consent has expired",
        "le consentement de la personne a expiré";
    QuotaExceeded, "QUOTA_EXCEEDED", TryLater,
        "the daily quota of the agreement is used up",
        "le quota journalier de la convention est épuisé";
    IdentifierInvalid, "IDENTIFIER_INVALID", ChangeTheRequest,
        "an identifier is not valid",
        "un identifiant n'est pas valable";
    FieldUnknown, "FIELD_UNKNOWN", ChangeTheRequest,
        "the field mask names a field that the dataset does not have",
        "le masque nomme un champ absent du jeu de données";
    DatasetUnknown, "DATASET_UNKNOWN", ChangeTheRequest,
        "there is no dataset of that identifier",
        "aucun jeu de données ne porte cet identifiant";
    KeyInvalid, "KEY_INVALID", ChangeTheRequest,
        "the natural key is not valid",
        "la clé naturelle n'est pas valable";
    ContextIncomplete, "CONTEXT_INCOMPLETE", ChangeTheRequest,
        "the context of the exchange is incomplete",
        "le contexte de l'échange est incomplet";
    ArgumentInvalid, "ARGUMENT_INVALID", ChangeTheRequest,
        "an argument is not valid",
        "un argument n'est pas valable";
    ArgumentTooLong, "ARGUMENT_TOO_LONG", ChangeTheRequest,
        "an argument is too long",
        "un argument est trop long";
    PayloadInvalid, "PAYLOAD_INVALID", ChangeTheRequest,
        "the record is not valid",
        "l'enregistrement n'est pas valable";
    NotFound, "NOT_FOUND", AlreadyDone,
        "there is no such record",
        "il n'existe pas d'enregistrement correspondant";
    RecordAmbiguous, "RECORD_AMBIGUOUS", ChangeTheRequest,
        "several records match: complete the key",
        "plusieurs enregistrements correspondent : complétez la clé";
    RecordErased, "RECORD_ERASED", AlreadyDone,
        "what the request refers to was erased",
        "ce à quoi la requête se rapporte a été effacé";
    IdentityConflict, "IDENTITY_CONFLICT", AskSomeone(Operator),
        "the identifiers belong to two subjects",
        "les identifiants appartiennent à deux usagers";
    SubjectUnknown, "SUBJECT_UNKNOWN", ChangeTheRequest,
        "the hub does not know the subject",
        "le hub ne connaît pas cet usager";
    RequestIdReused, "REQUEST_ID_REUSED", ChangeTheRequest,
        "the request identifier was used for another request",
        "l'identifiant de requête a servi à une autre requête";
    PublicationIdReused, "PUBLICATION_ID_REUSED", ChangeTheRequest,
        "the publication identifier was used for another content",
        "l'identifiant de publication a servi à un autre contenu";
    DatasetNotAssigned, "DATASET_NOT_ASSIGNED", AskSomeone(Operator),
        "the registry does not assign the dataset to this provider",
        "le registre n'attribue pas ce jeu de données à ce fournisseur";
    ProviderUnavailable, "PROVIDER_UNAVAILABLE", TryLater,
        "the provider does not answer",
        "le fournisseur ne répond pas";
    ProviderAnswerInvalid, "PROVIDER_ANSWER_INVALID", AskSomeone(Provider),
        "the provider's answer cannot be understood",
        "la réponse du fournisseur est inintelligible";
    ConsentUnknown, "CONSENT_UNKNOWN", ChangeTheRequest,
        "there is no consent of that identifier",
        "aucun consentement ne porte cet identifiant";
    ConsentNotYours, "CONSENT_NOT_YOURS", AskSomeone(Person),
        "the consent was given to another agency",
        "le consentement a été donné à un autre organisme";
    ConsentCollectionNotPermitted, "CONSENT_COLLECTION_NOT_PERMITTED", AskSomeone(Parties),
        "no agreement lets this agency record the consent",
        "aucune convention ne permet à cet organisme de recueillir ce consentement";
    RegistryInvalid, "REGISTRY_INVALID", ChangeTheRequest,
        "the registry file is not valid",
        "le fichier de registre n'est pas valable";
    PageTokenInvalid, "PAGE_TOKEN_INVALID", ChangeTheRequest,
        "the page token belongs to another search",
        "le jeton de page appartient à une autre recherche";
    FilterNotGranted, "FILTER_NOT_GRANTED", ChangeTheRequest,
        "the filter names a field that the agreement does not grant",
        "le filtre nomme un champ que la convention n'accorde pas";
    WholePopulationNotGranted, "WHOLE_POPULATION_NOT_GRANTED", AskSomeone(Parties),
        "the agreement tells about open dossiers only, not about the whole population",
        "la convention ne couvre que les dossiers ouverts, pas toute la population";
    SubscriptionUnknown, "SUBSCRIPTION_UNKNOWN", ChangeTheRequest,
        "the agency has no subscription of that identifier",
        "l'organisme n'a aucun abonnement de cet identifiant";
    SubscriptionNameTaken, "SUBSCRIPTION_NAME_TAKEN", ChangeTheRequest,
        "the agency has another subscription of that name",
        "l'organisme a déjà un abonnement de ce nom";
    SubscriptionsTooMany, "SUBSCRIPTIONS_TOO_MANY", ChangeTheRequest,
        "the agency has as many subscriptions as it may",
        "l'organisme a atteint son nombre maximal d'abonnements";
    SubscriptionPaused, "SUBSCRIPTION_PAUSED", ChangeTheRequest,
        "the subscription is paused",
        "l'abonnement est en pause";
    SubscriptionInUse, "SUBSCRIPTION_IN_USE", TryLater,
        "another receiver holds the subscription",
        "un autre récepteur occupe l'abonnement";
    ReceiverStalled, "RECEIVER_STALLED", TryLater,
        "the receiver takes nothing of what it is told",
        "le récepteur ne prend rien de ce qui lui est remis";
    CursorInvalid, "CURSOR_INVALID", ChangeTheRequest,
        "the cursor is not one of this subscription",
        "le curseur n'est pas de cet abonnement";
    CursorNotTold, "CURSOR_NOT_TOLD", ChangeTheRequest,
        "the cursor is of an event that was not delivered",
        "le curseur est celui d'un événement non remis";
    CursorExpired, "CURSOR_EXPIRED", ChangeTheRequest,
        "events after the cursor are no longer kept",
        "des événements postérieurs au curseur ne sont plus conservés";
    EventNotTold, "EVENT_NOT_TOLD", ChangeTheRequest,
        "no event of that identifier waits for its acknowledgement",
        "aucun événement de cet identifiant n'attend d'acquittement";
    DeadLetterUnknown, "DEAD_LETTER_UNKNOWN", ChangeTheRequest,
        "the subscription has no dead letter of that event",
        "l'abonnement n'a pas de lettre morte pour cet événement";
    DossierUnknown, "DOSSIER_UNKNOWN", ChangeTheRequest,
        "the agency never opened a dossier on the subject",
        "l'organisme n'a jamais ouvert de dossier sur cet usager";
    DossierTermInvalid, "DOSSIER_TERM_INVALID", ChangeTheRequest,
        "the last day of the dossier has passed, or lies too far ahead",
        "le dernier jour du dossier est passé ou trop lointain";
    Overloaded, "OVERLOADED", TryLater,
        "the hub is at a limit",
        "le hub atteint une limite";
    DeadlineExceeded, "DEADLINE_EXCEEDED", TryLater,
        "the answer did not come in time",
        "la réponse n'est pas venue à temps";
    CommitUnknown, "COMMIT_UNKNOWN", TryLater,
        "the hub could not confirm the recording; nothing left it",
        "le hub n'a pu confirmer l'enregistrement ; rien n'en est sorti";
    LeaseLost, "LEASE_LOST", TryLater,
        "another node has taken the shard over",
        "un autre nœud a repris la partition";
    MessageTooLarge, "MESSAGE_TOO_LARGE", ChangeTheRequest,
        "the message is too large",
        "le message est trop volumineux";
    Internal, "INTERNAL", OurFault,
        "the hub failed",
        "le hub a failli";
}

impl Reason {
    /// The reason of that code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.code() == code)
    }

    /// Whether the fault lies inside the hub, so that nothing can be said of the exchange itself.
    #[must_use]
    pub fn is_internal(self) -> bool {
        matches!(self, Self::Internal | Self::CommitUnknown | Self::LeaseLost | Self::Overloaded)
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::{Reason, Remedy};

    #[test]
    fn codes_are_unique_and_have_the_shape_of_aip_193() {
        for reason in Reason::ALL {
            let code = reason.code();
            assert!(code.len() <= 63 && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'), "{code}");
            assert_eq!(Reason::from_code(code), Some(*reason));
        }
        assert_eq!(Reason::from_code("NO_SUCH_REASON"), None);
    }

    #[test]
    fn a_code_is_the_name_of_its_reason() {
        for reason in Reason::ALL {
            let camel: String =
                reason.code().split('_').map(|word| word[..1].to_owned() + &word[1..].to_lowercase()).collect();
            assert_eq!(format!("{reason:?}"), camel);
        }
    }

    #[test]
    fn every_reason_is_described_in_one_line_of_each_language() {
        for reason in Reason::ALL {
            for text in [reason.description(), reason.description_fr()] {
                assert!(!text.is_empty() && !text.contains('\n') && !text.ends_with('.'), "{reason}: {text}");
            }
            assert_ne!(reason.description(), reason.description_fr());
        }
    }

    #[test]
    fn a_fault_of_the_hub_is_internal_and_shown_by_its_code() {
        for reason in Reason::ALL.iter().filter(|reason| reason.remedy() == Remedy::OurFault) {
            assert!(reason.is_internal(), "{reason}");
            assert_eq!(reason.to_string(), reason.code());
        }
        assert_eq!(Reason::Internal.remedy(), Remedy::OurFault);
    }

    #[test]
    fn what_lies_inside_the_hub_is_never_for_the_caller_to_mend() {
        for reason in Reason::ALL.iter().filter(|reason| reason.is_internal()) {
            assert!(matches!(reason.remedy(), Remedy::TryLater | Remedy::OurFault), "{reason}");
        }
    }
}
