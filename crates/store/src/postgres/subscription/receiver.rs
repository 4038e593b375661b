//! Who receives: leases by the clock of the server, taken and kept beside the writers of the nodes.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use sqlx::types::Uuid;
use unefois_core::SubscriptionId;

use super::super::Readers;
use crate::{
    Receiver, ReceiverTaken,
    error::{Doing, Error, unsigned},
};

const TAKE: &str = "
    WITH taken AS (
        UPDATE subscription_cursor SET version = version + 1, receiver = $2,
            receiver_until = clock_timestamp() + $3 * interval '1 microsecond'
        WHERE subscription = $1
          AND (receiver = $2 OR receiver_until IS NULL OR receiver_until <= clock_timestamp()) RETURNING 1
    )
    SELECT EXISTS (SELECT 1 FROM taken),
        coalesce(greatest(extract(epoch FROM receiver_until - clock_timestamp()) * 1000000, 0), 0)::bigint
    FROM subscription_cursor WHERE subscription = $1";
/// Renews leases; a row that is locked is waited for, or skipped.
macro_rules! renew {
    ($locked:literal) => {
        concat!(
            "WITH held AS MATERIALIZED (
                SELECT c.subscription FROM subscription_cursor c
                    JOIN unnest($1::uuid[], $2::uuid[]) AS r (subscription, token)
                    ON r.subscription = c.subscription AND r.token = c.receiver
                ORDER BY c.subscription FOR UPDATE OF c ",
            $locked,
            ")
            UPDATE subscription_cursor c SET receiver_until = clock_timestamp() + $3 * interval '1 microsecond'
            FROM held WHERE c.subscription = held.subscription RETURNING c.subscription, c.receiver"
        )
    };
}
const RELEASE: &str = "UPDATE subscription_cursor SET receiver = NULL, receiver_until = NULL
     WHERE subscription = $1 AND receiver = $2";

impl Readers {
    pub(crate) async fn receiver_take(&self, receiver: Receiver, lease: Duration) -> Result<ReceiverTaken, Error> {
        let Receiver { subscription, token } = receiver;
        let found: Option<(bool, i64)> = sqlx::query_as(TAKE)
            .bind(subscription.0)
            .bind(Uuid::from_bytes(token))
            .bind(lease.as_secs_f64() * 1e6)
            .fetch_optional(&self.keyed)
            .await
            .doing("begin to receive")?;
        Ok(match found {
            None => ReceiverTaken::Gone,
            Some((true, _)) => ReceiverTaken::Taken,
            Some((false, left)) => ReceiverTaken::InUse { left: Duration::from_micros(unsigned(left, "lease")?) },
        })
    }

    pub(crate) async fn receivers_renew(&self, receivers: &[Receiver], lease: Duration) -> Result<Vec<bool>, Error> {
        // Several at once wait for nobody: a writer locks the same rows in an order of its own.
        let mut renewed = self.renew(renew!("SKIP LOCKED"), receivers, lease).await?;
        for skipped in receivers.iter().filter(|receiver| !renewed.contains(*receiver)).copied().collect::<Vec<_>>() {
            renewed.extend(self.renew(renew!(""), &[skipped], lease).await?);
        }
        Ok(receivers.iter().map(|receiver| renewed.contains(receiver)).collect())
    }

    async fn renew(
        &self,
        sql: &'static str,
        receivers: &[Receiver],
        lease: Duration,
    ) -> Result<HashSet<Receiver>, Error> {
        let renewed: Vec<(Uuid, Uuid)> = sqlx::query_as(sql)
            .bind(receivers.iter().map(|receiver| receiver.subscription.0).collect::<Vec<_>>())
            .bind(receivers.iter().map(|receiver| Uuid::from_bytes(receiver.token)).collect::<Vec<_>>())
            .bind(lease.as_secs_f64() * 1e6)
            .fetch_all(&self.keyed)
            .await
            .doing("go on receiving")?;
        let receiver = |(subscription, token): (Uuid, Uuid)| Receiver {
            subscription: SubscriptionId(subscription),
            token: token.into_bytes(),
        };
        Ok(renewed.into_iter().map(receiver).collect())
    }

    pub(crate) async fn subscription_versions_fetch(&self, ids: &[SubscriptionId]) -> Result<Vec<Option<u64>>, Error> {
        let sql = "SELECT subscription, version FROM subscription_cursor WHERE subscription = ANY($1)";
        let rows: Vec<(Uuid, i64)> = sqlx::query_as(sql)
            .bind(ids.iter().map(|id| id.0).collect::<Vec<_>>())
            .fetch_all(&self.pool)
            .await
            .doing("find subscriptions")?;
        let versions: HashMap<Uuid, i64> = rows.into_iter().collect();
        ids.iter().map(|id| versions.get(&id.0).map(|it| unsigned(*it, "version")).transpose()).collect()
    }

    pub(crate) async fn receiver_release(&self, receiver: Receiver) -> Result<(), Error> {
        sqlx::query(RELEASE)
            .bind(receiver.subscription.0)
            .bind(Uuid::from_bytes(receiver.token))
            .execute(&self.keyed)
            .await
            .doing("end receiving")?;
        Ok(())
    }
}
