//! Who receives: leases by the clock of the server, taken and kept beside the writers of the nodes.

use std::{collections::HashSet, time::Duration};

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
const RENEW: &str = "
    WITH held AS MATERIALIZED (
        SELECT c.subscription FROM subscription_cursor c JOIN unnest($1::uuid[], $2::uuid[]) AS r (subscription, token)
            ON r.subscription = c.subscription AND r.token = c.receiver
        ORDER BY c.subscription FOR UPDATE OF c
    )
    UPDATE subscription_cursor c SET receiver_until = clock_timestamp() + $3 * interval '1 microsecond'
    FROM held WHERE c.subscription = held.subscription RETURNING c.subscription, c.receiver";
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
        let renewed: Vec<(Uuid, Uuid)> = sqlx::query_as(RENEW)
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
        let renewed: HashSet<Receiver> = renewed.into_iter().map(receiver).collect();
        Ok(receivers.iter().map(|receiver| renewed.contains(receiver)).collect())
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
