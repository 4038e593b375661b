//! The service traits of the contract, generated.

#![allow(clippy::all, clippy::allow_attributes_without_reason, clippy::too_many_lines, reason = "generated code")]

pub mod audit {
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/servers/unefois.audit.v1.rs"));
    }
}
pub mod catalog {
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/servers/unefois.catalog.v1.rs"));
    }
}
pub mod certificate {
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/servers/unefois.certificate.v1.rs"));
    }
}
pub mod consent {
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/servers/unefois.consent.v1.rs"));
    }
}
pub mod contact {
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/servers/unefois.contact.v1.rs"));
    }
}
pub mod exchange {
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/servers/unefois.exchange.v1.rs"));
    }
}
pub mod income {
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/servers/unefois.income.v1.rs"));
    }
}
pub mod publication {
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/servers/unefois.publication.v1.rs"));
    }
}
pub mod registry {
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/servers/unefois.registry.v1.rs"));
    }
}
pub mod status {
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/servers/unefois.status.v1.rs"));
    }
}
pub mod subject {
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/servers/unefois.subject.v1.rs"));
    }
}
pub mod dossier {
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/servers/unefois.dossier.v1.rs"));
    }
}
pub mod subscription {
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/servers/unefois.subscription.v1.rs"));
    }
}
