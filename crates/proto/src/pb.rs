//! The messages and clients of the contract, generated.

#![allow(clippy::all, clippy::allow_attributes_without_reason, clippy::too_many_lines, reason = "generated code")]

pub mod audit {
    pub mod v1 {
        tonic::include_proto!("unefois.audit.v1");
    }
}
pub mod catalog {
    pub mod v1 {
        tonic::include_proto!("unefois.catalog.v1");
    }
}
pub mod certificate {
    pub mod v1 {
        tonic::include_proto!("unefois.certificate.v1");
    }
}
pub mod civil {
    pub mod v1 {
        tonic::include_proto!("unefois.civil.v1");
    }
}
pub mod consent {
    pub mod v1 {
        tonic::include_proto!("unefois.consent.v1");
    }
}
pub mod contact {
    pub mod v1 {
        tonic::include_proto!("unefois.contact.v1");
    }
}
pub mod dataset {
    pub mod v1 {
        tonic::include_proto!("unefois.dataset.v1");
    }
}
pub mod exchange {
    pub mod v1 {
        tonic::include_proto!("unefois.exchange.v1");
    }
}
pub mod income {
    pub mod v1 {
        tonic::include_proto!("unefois.income.v1");
    }
}
pub mod ledger {
    pub mod v1 {
        tonic::include_proto!("unefois.ledger.v1");
    }
}
pub mod publication {
    pub mod v1 {
        tonic::include_proto!("unefois.publication.v1");
    }
}
pub mod registry {
    pub mod v1 {
        tonic::include_proto!("unefois.registry.v1");
    }
}
pub mod status {
    pub mod v1 {
        tonic::include_proto!("unefois.status.v1");
    }
}
pub mod subject {
    pub mod v1 {
        tonic::include_proto!("unefois.subject.v1");
    }
}
pub mod calendar {
    pub mod v1 {
        tonic::include_proto!("unefois.calendar.v1");
    }
}
pub mod dossier {
    pub mod v1 {
        tonic::include_proto!("unefois.dossier.v1");
    }
}
pub mod subscription {
    pub mod v1 {
        tonic::include_proto!("unefois.subscription.v1");
    }
}
pub mod io {
    pub mod cloudevents {
        pub mod v1 {
            tonic::include_proto!("io.cloudevents.v1");
        }
    }
}
