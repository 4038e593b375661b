//! `unefois audit`: search, shards, export, verify, checkpoint.

mod export;
mod search;
mod verify;

use std::path::Path;

use unefois_client::Connection;
use unefois_proto::pb::audit::v1::GetCheckpointRequest;

use crate::{
    arguments::{AuditCommand, HubArguments},
    client, output,
};

pub(crate) async fn run(command: AuditCommand, config: Option<&Path>, hub: HubArguments) -> anyhow::Result<()> {
    let connect = async || client::connect(&client::settings(config, hub)?).await;
    match command {
        AuditCommand::Verify { files, public_key, since } => verify::run(&files, &public_key, &since),
        AuditCommand::Search(options) => {
            let json = options.json;
            let request = search::search_request(options)?;
            search::run(&connect().await?, request, json).await
        }
        AuditCommand::Shards { json } => shards(&connect().await?, json).await,
        AuditCommand::Export { file, case } => export::run(&connect().await?, &file, &case).await,
        AuditCommand::Checkpoint { origin } => checkpoint(&connect().await?, origin).await,
    }
}

async fn shards(connection: &Connection, json: bool) -> anyhow::Result<()> {
    let shards = unefois_client::shards(connection).await?;
    if json {
        for shard in shards {
            output::json(&serde_json::json!({
                "origin": shard.origin(), "size": shard.size, "checkpoint": shard.checkpoint,
                "public_key": shard.public_key.to_string(),
            }));
        }
        return Ok(());
    }
    let mut table = output::table(&["shard", "entries", "public key"]);
    for shard in shards {
        table.add_row([shard.origin().to_owned(), shard.size.to_string(), shard.public_key.to_string()]);
    }
    output::print_line!("{table}");
    Ok(())
}

async fn checkpoint(connection: &Connection, origin: String) -> anyhow::Result<()> {
    let newest = connection.audit().get_checkpoint(GetCheckpointRequest { origin }).await;
    let newest = newest.map_err(|status| client::refused(&status))?.into_inner();
    output::print_line!("public key: {}\n\n{}", newest.public_key, newest.checkpoint);
    Ok(())
}
