//! Two shards of a stopped hub trade slots: what the hub wrote in its own is then what another node wrote.
//!
//! An embedded hub writes the shard in slot 0. After the trade that shard is in slot 1, as if a second node had written it
//! there: under its origin, signed with its key, its personal parts bound to it. The hub goes on with what was in slot 1.

use std::fmt::Write;

use unefois_ledger::{Checkpoint, SigningKey, decode_leaf, shard_origin};
use unefois_store::{DataDirectory, KeyStore, Opened, Shard, Store, StoreLimits};
use unefois_testkit::{House, sql};
use unefois_vault::{EntryAad, KeyId, KeyUse, Keyring, SubjectKey, WrappedKey};

/// The name of the hub, as its configuration has it by default.
const HUB: &str = "unefois.local";

/// Where a row stands while it trades.
const NOWHERE: u32 = 99;

/// What holds a slot in each table; the shard itself is written with its origin and its checkpoint.
const TABLES: [&str; 6] = ["entry", "tile", "entry_index", "entry_subject", "index_position", "request_claim"];

/// Stops the hub, trades the shards in slots 0 and 1, and starts it again.
pub(super) async fn traded(house: &mut House) {
    house.stop();
    let directory = DataDirectory::new(house.data());
    let (script, own) = script(&directory).await;
    sql(&directory.database(), &script);
    match own {
        Some(checkpoint) => std::fs::write(directory.checkpoint(), checkpoint).unwrap(),
        None => std::fs::remove_file(directory.checkpoint()).unwrap(),
    }
    house.start();
}

/// The statements of the trade, and the checkpoint of what is in slot 0 afterwards.
async fn script(directory: &DataDirectory) -> (String, Option<String>) {
    let limits = StoreLimits::default();
    let Opened { store, mut writer, key_store: keys } = Store::open_sqlite(directory, &limits).await.unwrap();
    let keyring = Keyring::load(&directory.keyring()).unwrap();
    let mut script = "BEGIN;\n".to_owned();
    let mut own = None;
    for (from, to) in [(0, 1), (1, 0)] {
        let Some(shard) = store.shard_fetch(from).await.unwrap() else { continue };
        let origins = [shard_origin(HUB, from), shard_origin(HUB, to)];
        script += &resealed(&store, &keys, &keyring, &shard, &origins).await;
        let checkpoint = signed(&shard, &keyring, &origins);
        writeln!(
            script,
            "UPDATE shard SET slot = {NOWHERE} + {to}, origin = '~{}', checkpoint = '{checkpoint}' WHERE slot = {from};",
            origins[1]
        )
        .unwrap();
        own = if to == 0 { Some(checkpoint) } else { own };
    }
    script += "UPDATE shard SET slot = slot - 99, origin = substr(origin, 2);\n";
    for table in TABLES.into_iter().chain(["publication"]) {
        for (from, to) in [(0, NOWHERE), (1, 0), (NOWHERE, 1)] {
            writeln!(script, "UPDATE {table} SET slot = {to} WHERE slot = {from};").unwrap();
        }
    }
    writer.close().await.unwrap();
    store.close().await;
    keys.close().await.unwrap();
    (script + "COMMIT;\n", own)
}

/// The newest checkpoint of a shard, as its node would have signed it in the other slot.
fn signed(shard: &Shard, keyring: &Keyring, [from, to]: &[String; 2]) -> String {
    let key = |origin: &str| SigningKey::from_seed(origin, keyring.ledger_seed()).unwrap();
    let head = Checkpoint::open(&shard.checkpoint, &key(from).verifying_key()).unwrap().head;
    key(to).sign(head)
}

/// Seals the personal parts of a shard for the other slot.
async fn resealed(
    store: &Store,
    keys: &KeyStore,
    keyring: &Keyring,
    shard: &Shard,
    [from, to]: &[String; 2],
) -> String {
    let mut script = String::new();
    for index in 0..shard.size {
        let entry = store.entry_fetch(shard.slot, index).await.unwrap().unwrap();
        let Some((id, sealed)) = entry.personal else { continue };
        let (_, public) = decode_leaf(&entry.leaf).unwrap();
        let entry_id = public.entry_id.try_into().unwrap();
        let aad = |origin| EntryAad { origin, entry_id }.encode();
        let key = key(keys, keyring, id).await;
        let sealed = key.seal(&aad(to), &key.open(&aad(from), &sealed).unwrap());
        let digits: String = sealed.iter().map(|byte| format!("{byte:02x}")).collect();
        let place = format!("slot = {} AND idx = {index}", shard.slot);
        writeln!(script, "UPDATE entry SET personal_sealed = x'{digits}' WHERE {place};").unwrap();
    }
    script
}

/// A key as a hub would open it.
async fn key(keys: &KeyStore, keyring: &Keyring, id: [u8; 16]) -> SubjectKey {
    let row = keys.key_fetch(id).await.unwrap().unwrap();
    let (id, key_use) = (KeyId(row.id), KeyUse::try_from(row.usage).unwrap());
    let wrapped = WrappedKey { id, key_use, master_epoch: row.master_epoch, bytes: row.wrapped };
    keyring.unwrap(&wrapped).unwrap()
}
