//! Reading the log of events behind its heads, onto the desk of a subscription.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use unefois_core::{
    Arrival, Cursor, DossierState, EventKind, Fate, FieldNumbers, Gap, Partition, Place, Reach, SubjectId, Verdict,
};
use unefois_store::{EventRow, EventsAsked};
use uuid::Uuid;

use super::{interest::Interests, session::Session};
use crate::failure::Failure;

/// Subjects, and where in a partition the first event is that they miss.
type Missing = Vec<([u8; 16], Place)>;

/// How far it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    /// Up to the heads.
    Everything,
    /// There is more.
    Some,
}

impl Session {
    /// Reads a page of what lies before `heads`, as far as the desk has room. Between two pages whoever reads writes what
    /// was passed, and hears: the log may be long, and none of it concern the subscription.
    pub(super) async fn read(&mut self, interests: &Interests, heads: &Cursor) -> Result<Read, Failure> {
        if self.desk.room() == 0 {
            return Ok(Read::Some);
        }
        let page_max = self.hub.limits.delivery_page_max;
        let page = match self.newest(interests, heads) {
            Some(page) => page,
            None => {
                let asked = EventsAsked {
                    datasets: interests.datasets(),
                    provider: interests.provider.clone(),
                    after: self.desk.seen(),
                    up_to: *heads,
                };
                self.hub.store.events_list(&asked, page_max).await?
            }
        };
        let is_last = page.len() < usize::try_from(page_max).unwrap_or(usize::MAX);
        for arrival in self.judged(interests, page).await? {
            if self.desk.arrive(arrival).is_err() {
                return Ok(Read::Some);
            }
        }
        if !is_last {
            return Ok(Read::Some);
        }
        self.pass_up_to(heads);
        Ok(Read::Everything)
    }

    /// The page, where this node published all that lies before the heads and holds it still. What dead letters say of a
    /// subject is asked by what it is merged into now, which only the store knows.
    fn newest(&self, interests: &Interests, heads: &Cursor) -> Option<Vec<EventRow>> {
        if self.has_dead_letters {
            return None;
        }
        let newest = self.hub.heads.tail().between(&self.desk.seen(), heads)?;
        let mut page: Vec<&EventRow> =
            newest.iter().map(|newest| &newest.row).filter(|row| interests.may_concern(row)).collect();
        // As the store lists them.
        page.sort_by_key(|row| (row.recorded_at, row.place.partition, row.place.position));
        page.truncate(usize::try_from(self.hub.limits.delivery_page_max).unwrap_or(usize::MAX));
        Some(page.into_iter().cloned().collect())
    }

    /// What lies between the last event of its dataset and the heads is of other datasets.
    fn pass_up_to(&mut self, heads: &Cursor) {
        for partition in Partition::all() {
            let place = Place { partition, position: heads.at(partition) };
            // Passing needs no room.
            let _passed = self.desk.arrive(Arrival { place, fate: Fate::Pass });
        }
    }

    /// Reads the dead letters whose replay was asked for.
    pub(super) async fn read_replays(&mut self) -> Result<(), Failure> {
        let room = u32::try_from(self.desk.room()).unwrap_or(u32::MAX);
        let asked = self.hub.store.dead_letters_asked_list(self.subscription.id, room).await?;
        self.replays.extend(asked.iter().map(|row| (row.letter.event, row.asked_at.unwrap_or_default())));
        for letter in asked.into_iter().map(|row| row.letter) {
            if self.desk.replay(letter.event, letter.place, letter.subject).is_err() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// What is to become of the events of a page, in their order.
    async fn judged(&self, interests: &Interests, page: Vec<EventRow>) -> Result<Vec<Arrival>, Failure> {
        let concerns = |row: &&EventRow| verdict(interests, row, DossierState::Open) == Verdict::Tell;
        let roots: HashSet<[u8; 16]> = page.iter().filter(concerns).map(|row| row.event.root).collect();
        let roots: Vec<[u8; 16]> = roots.into_iter().collect();
        let open = self.of_interest(interests.reach, &roots).await?;
        let concerned: Vec<Place> =
            page.iter().filter(|row| open.contains_key(&row.event.root)).map(|row| row.place).collect();
        let (given_up, missing) = self.given_up(&concerned, open.keys().copied().collect()).await?;
        let arrival = |row: EventRow| {
            let root = row.event.root;
            let interest = open.get(&root);
            let dossier = if interest.is_some() { DossierState::Open } else { DossierState::NotOpen };
            let gap = if missing.iter().any(|it| it.0 == root && may_precede(it.1, row.place)) {
                Gap::MissingBefore
            } else {
                Gap::None
            };
            let (event, subject) = (row.event.id, SubjectId(Uuid::from_bytes(root)));
            let since = interest.copied().flatten().filter(|opened_at| *opened_at > row.recorded_at);
            let since = since.and_then(|opened_at| Timestamp::from_microsecond(opened_at).ok());
            let fate = match verdict(interests, &row, dossier) {
                // It is told as a dead letter when somebody asks for it.
                Verdict::Tell if given_up.contains(&row.place) => Fate::Pass,
                Verdict::Tell => Fate::Tell { event, subject, gap, since },
                Verdict::Pass(_because) => Fate::Pass,
            };
            Arrival { place: row.place, fate }
        };
        Ok(page.into_iter().map(arrival).collect())
    }

    /// Of these places, those whose events were given up; and where the first ones are that these subjects miss.
    async fn given_up(&self, places: &[Place], roots: Vec<[u8; 16]>) -> Result<(HashSet<Place>, Missing), Failure> {
        if roots.is_empty() || !self.has_dead_letters {
            return Ok((HashSet::new(), Vec::new()));
        }
        let (store, of) = (&self.hub.store, self.subscription.id);
        let given_up = store.dead_letters_at(of, places).await?;
        Ok((given_up.into_iter().collect(), store.dead_letters_open_among(of, &roots).await?))
    }

    /// Of these subjects, those of whom the agency may be told, with when it opened its dossier, in microseconds
    /// since 1970, where it needs one.
    async fn of_interest(&self, reach: Reach, roots: &[[u8; 16]]) -> Result<HashMap<[u8; 16], Option<i64>>, Failure> {
        if reach == Reach::WholePopulation || roots.is_empty() {
            return Ok(roots.iter().map(|root| (*root, None)).collect());
        }
        let (agency, now) = (self.subscription.agency.as_str(), self.hub.clock.now().as_microsecond());
        let mut dossiers = self.hub.store.dossiers_of_subjects_list(agency, roots).await?;
        dossiers.retain(|found| found.row.closed_at.is_none() && found.row.until > now);
        // Of several the newest counts, where subjects were merged.
        dossiers.sort_by_key(|found| found.row.opened_at);
        Ok(dossiers.into_iter().map(|found| (found.root, Some(found.row.opened_at))).collect())
    }
}

/// Whether a dead letter stands before an event of the same subject, or may: where subjects were merged, theirs are in
/// several partitions.
fn may_precede(letter: Place, event: Place) -> bool {
    letter.partition != event.partition || letter.position < event.position
}

fn verdict(interests: &Interests, row: &EventRow, dossier: DossierState) -> Verdict {
    let (kind, changed): (EventKind, FieldNumbers) = (row.event.kind, row.event.changed);
    let whom = (row.event.about, dossier);
    let interest = interests.in_dataset_of(row);
    interest.map_or(Verdict::Pass(unefois_core::PassedBecause::Kind), |interest| interest.verdict(kind, changed, whom))
}
