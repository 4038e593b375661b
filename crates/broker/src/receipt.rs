//! Receipts made again from storage: for repeats, and for whoever lost theirs.

use unefois_core::Reason;
use unefois_ledger::{Hash, Receipt, decode_leaf};
use unefois_vault::EntryAad;
use uuid::Uuid;

use crate::{failure::Failure, hub::Hub, tree};

impl Hub {
    /// The receipt of the entry at `index` of that slot, under the newest checkpoint of its shard: another node may have
    /// written it.
    pub(crate) async fn receipt_of(&self, slot: u32, index: u64) -> Result<Receipt, Failure> {
        let shard = self.shard_in(slot).await?;
        let entry = self.store.entry_fetch(slot, index).await?.ok_or_else(|| Failure::new(Reason::NotFound))?;
        let inclusion_path: Vec<Hash> = tree::inclusion_path(&self.store, slot, index, shard.size).await?;
        let (personal_blind, personal_part) = match &entry.personal {
            None => (Vec::new(), Vec::new()),
            Some((key, sealed)) => self.open_personal(&shard.origin, &entry.leaf, *key, sealed).await?,
        };
        let checkpoint = shard.checkpoint.to_string();
        Ok(Receipt { entry: entry.leaf, index, personal_blind, personal_part, inclusion_path, checkpoint })
    }

    /// The blind and the bytes of a personal part, which is bound to the shard that holds it.
    async fn open_personal(
        &self,
        origin: &str,
        leaf: &[u8],
        key: [u8; 16],
        sealed: &[u8],
    ) -> Result<(Vec<u8>, Vec<u8>), Failure> {
        let (_, public) = decode_leaf(leaf).map_err(Failure::internal)?;
        let id = Uuid::from_slice(&public.entry_id).map_err(Failure::internal)?;
        let aad = EntryAad { origin, entry_id: *id.as_bytes() };
        let opened = self.keys.open(key).await?.open(&aad.encode(), sealed).map_err(Failure::internal)?;
        let Some((blind, part)) = opened.split_first_chunk::<32>() else { return Err(Failure::new(Reason::Internal)) };
        Ok((blind.to_vec(), part.to_vec()))
    }
}
