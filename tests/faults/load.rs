//! The load on a hub that will be killed or whose storage will fail: every kind of promise, again and again.

use tonic::Status;
use unefois_client::{ConnectError, Connection, PullError, RetryPolicy, pull, receipt_from_wire};
use unefois_proto::pb::{
    consent::v1::WithdrawRequest, exchange::v1::PullRequest, ledger::v1::Purpose,
    publication::v1::publish_response::Result as Fate, registry::v1::ApplyRequest,
};
use unefois_testkit::{DEMONSTRATION_REGISTRY, House, Person, pull_request, reason_of, turnover_of};

use crate::{
    calls::grant_of,
    promises::{MAY_BE_GIVEN, Promises, WITH_ID, WITHOUT_ID, broke_off},
    stream,
};

/// The hub broke off, as it may when it is killed or its storage fails: the reason that it gave, empty when only the
/// connection broke. Any other failure stops the test.
#[derive(Debug)]
pub(crate) struct BrokeOff(pub(crate) String);

/// Those who make the load, each on a connection of its own.
#[derive(Clone)]
pub(crate) struct Agencies {
    urssaf: Connection,
    portal: Connection,
    cnaf: Connection,
}

impl From<Status> for BrokeOff {
    fn from(status: Status) -> Self {
        assert!(broke_off(&status), "{status:?}");
        Self(reason_of(&status))
    }
}

impl From<PullError> for BrokeOff {
    fn from(error: PullError) -> Self {
        let PullError::Refused(refused) = error else { panic!("{error}") };
        assert!(refused.reason.is_empty() || MAY_BE_GIVEN.contains(&refused.reason.as_str()), "{refused:?}");
        Self(refused.reason)
    }
}

impl From<ConnectError> for BrokeOff {
    fn from(error: ConnectError) -> Self {
        assert!(matches!(error, ConnectError::Dial { .. } | ConnectError::Http2 { .. }), "{error}");
        Self(String::new())
    }
}

impl Agencies {
    pub(crate) async fn of(house: &House) -> Result<Self, BrokeOff> {
        let as_main = |agency: &str| Some(house.pki().client(agency, "main"));
        Ok(Self {
            urssaf: house.connect(as_main("urssaf")).await?,
            portal: house.connect(as_main("portail")).await?,
            cnaf: house.connect(as_main("cnaf")).await?,
        })
    }

    /// Publishes a record of a person, has the consent of that person granted and withdrawn, and pulls the record with
    /// a `request_id`, with the same again, and without one. What was acknowledged is in `promises`, also when the hub
    /// breaks off.
    pub(crate) async fn turn(&self, person: u32, promises: &mut Promises) -> Result<(), BrokeOff> {
        let number = person;
        let person = Person::invented(number);
        self.publish(&person, i64::from(number), promises).await?;
        let consent = self.grant(&person, promises).await?;
        let request = with_id(&person, &format!("turn-{number}"));
        self.pull_with_id(&request, promises).await?;
        self.pull_with_id(&request, promises).await?;
        self.pull_without_id(&person, promises).await?;
        self.withdraw(consent, promises).await
    }

    pub(crate) async fn publish(&self, person: &Person, cents: i64, promises: &mut Promises) -> Result<(), BrokeOff> {
        let item = turnover_of(person, cents);
        let mut answers = stream(&self.urssaf, vec![item.clone()]).await?;
        match answers.message().await?.ok_or_else(|| BrokeOff(String::new()))?.result.unwrap() {
            Fate::Acknowledged(acknowledgement) => promises.publications.push((item, acknowledgement)),
            Fate::Rejected(rejection) => panic!("{rejection:?}"),
        }
        Ok(())
    }

    pub(crate) async fn grant(&self, person: &Person, promises: &mut Promises) -> Result<String, BrokeOff> {
        let granted = self.portal.consent().grant(grant_of(person)).await?.into_inner();
        let id = granted.consent.unwrap().consent_id;
        promises.granted.insert(id.clone(), person.clone());
        Ok(id)
    }

    pub(crate) async fn withdraw(&self, consent_id: String, promises: &mut Promises) -> Result<(), BrokeOff> {
        self.portal.consent().withdraw(WithdrawRequest { consent_id: consent_id.clone() }).await?;
        promises.withdrawn.insert(consent_id);
        Ok(())
    }

    pub(crate) async fn pull_with_id(&self, request: &PullRequest, promises: &mut Promises) -> Result<(), BrokeOff> {
        let id = request.context.as_ref().unwrap().request_id.clone().unwrap();
        promises.asked.insert(id.clone(), request.clone());
        let answer = pull(&self.cnaf, request.clone(), &RetryPolicy::never()).await?;
        promises.answered(id, answer);
        Ok(())
    }

    pub(crate) async fn pull_without_id(&self, person: &Person, promises: &mut Promises) -> Result<(), BrokeOff> {
        let mut request = pull_request(WITHOUT_ID, person.by_nir());
        request.context.as_mut().unwrap().purpose = Purpose::NonTakeUp.into();
        promises.sent_without_id += 1;
        // Not by our client's own words for it, which would make up a `request_id`.
        let response = self.cnaf.exchange().pull(request).await?.into_inner();
        let receipt = receipt_from_wire(response.receipt.unwrap()).unwrap();
        promises.released.push((receipt.entry, receipt.index));
        Ok(())
    }
}

/// The operator puts the registry in force.
pub(crate) async fn apply(house: &House, promises: &mut Promises) -> Result<(), BrokeOff> {
    let operator = house.connect(Some(house.pki().client("operator", "main"))).await?;
    let request = ApplyRequest { registry_toml: DEMONSTRATION_REGISTRY.to_owned(), dry_run: false };
    promises.registry = Some(operator.registry().apply(request).await?.into_inner().version);
    Ok(())
}

/// A pull of a person's record under that `request_id`.
pub(crate) fn with_id(person: &Person, id: &str) -> PullRequest {
    let mut request = pull_request(WITH_ID, person.by_nir());
    request.context.as_mut().unwrap().request_id = Some(id.to_owned());
    request
}
