//! `RegistryService`.

use tonic::{Request, Response, Status};
use unefois_broker::{Applied, ApplyMode, Failure, Hub};
use unefois_core::{Reason, RegistryFile};
use unefois_proto::{pb::registry::v1 as wire, server::registry::v1::registry_service_server::RegistryService};

use crate::{request::caller, status::status_of};

/// `RegistryService`.
#[derive(Debug, Clone)]
pub(crate) struct Registries {
    pub(crate) hub: Hub,
}

#[tonic::async_trait]
impl RegistryService for Registries {
    async fn apply(&self, request: Request<wire::ApplyRequest>) -> Result<Response<wire::ApplyResponse>, Status> {
        let caller = caller(request.extensions())?;
        let wire::ApplyRequest { registry_toml, dry_run } = request.into_inner();
        let invalid = |rule: String| status_of(&Failure::field(Reason::RegistryInvalid, "registry_toml", rule));
        if registry_toml.len() > self.hub.limits().registry_file_bytes_max {
            return Err(status_of(&Failure::new(Reason::MessageTooLarge)));
        }
        let file: RegistryFile = toml::from_str(&registry_toml).map_err(|broken| invalid(broken.to_string()))?;
        let mode = if dry_run { ApplyMode::DryRun } else { ApplyMode::Apply };
        let Applied { changes, version } =
            self.hub.registry_apply(&caller, file, mode).await.map_err(|failure| status_of(&failure))?;
        let changes = changes
            .into_iter()
            .map(|(change, id)| wire::RegistryChange {
                noun: change.noun.code().to_owned(),
                id: change.id,
                verb: change.verb.code().to_owned(),
                lines: change.lines,
                exchange_id: id.map(|id| id.to_string()).unwrap_or_default(),
            })
            .collect();
        Ok(Response::new(wire::ApplyResponse { changes, version }))
    }

    async fn describe(
        &self,
        _request: Request<wire::DescribeRequest>,
    ) -> Result<Response<wire::DescribeResponse>, Status> {
        let registry = self.hub.registry();
        let registry_toml =
            toml::to_string(&registry.to_file()).map_err(|broken| status_of(&Failure::internal(broken)))?;
        Ok(Response::new(wire::DescribeResponse { registry_toml, version: registry.version() }))
    }
}
