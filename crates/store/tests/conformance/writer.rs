//! The writer and its transactions.

use std::time::Duration;

use unefois_store::{Fence, Reach, Shard, StoreLimits};

use crate::{
    rows::{NOW, entry, id, subject},
    scene::{PATIENCE, Place, Scene, limits},
};

on_both!(
    what_is_committed_is_there_and_what_is_rolled_back_or_dropped_is_not,
    a_transaction_after_a_failed_statement_leaves_nothing_and_the_next_one_works,
    a_write_is_in_flight_while_its_transaction_is_open,
    a_reader_sees_the_last_commit_while_a_transaction_is_open,
    a_closed_store_refuses,
    each_backend_says_what_it_is,
);

on_several_nodes!(
    a_connection_that_was_lost_is_made_again,
    the_outcome_of_a_lost_transaction_is_known_once_it_is_over,
    a_dropped_transaction_holds_others_up_no_longer_than_the_limit,
);

async fn exists(scene: &Scene, number: u64) -> bool {
    scene.store.subject_fetch(id(number)).await.unwrap().is_some()
}

async fn what_is_committed_is_there_and_what_is_rolled_back_or_dropped_is_not(scene: &mut Scene) {
    for number in 1..=9 {
        let mut tx = scene.writer.begin().await.unwrap();
        tx.subjects_insert_in_tx(&[subject(number)], NOW).await.unwrap();
        match number % 3 {
            0 => tx.commit().await.unwrap(),
            1 => tx.rollback().await.unwrap(),
            _ => drop(tx),
        }
    }
    for number in 1..=9 {
        assert_eq!(exists(scene, number).await, number % 3 == 0, "{number}");
    }
    scene.writer.begin().await.unwrap().commit().await.unwrap();
}

async fn a_transaction_after_a_failed_statement_leaves_nothing_and_the_next_one_works(scene: &mut Scene) {
    scene.adds_subjects(1..=1).await;
    let mut tx = scene.writer.begin().await.unwrap();
    tx.subjects_insert_in_tx(&[subject(2)], NOW).await.unwrap();
    let taken = tx.subjects_insert_in_tx(&[subject(1)], NOW).await.unwrap_err();
    tx.rollback().await.unwrap();
    assert!(scene.is_taken(&taken), "{taken:?}");
    assert!(!exists(scene, 2).await);
    scene.adds_subjects(2..=2).await;
    assert!(exists(scene, 2).await);
}

async fn a_write_is_in_flight_while_its_transaction_is_open(scene: &mut Scene) {
    let in_flight = scene.writer.in_flight().clone();
    assert_eq!(in_flight.age(), None);
    let mut tx = scene.writer.begin().await.unwrap();
    assert!(in_flight.age().is_some());
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert!(in_flight.age().unwrap() >= Duration::from_millis(20));
    tx.subjects_insert_in_tx(&[subject(1)], NOW).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(in_flight.age(), None);
    drop(scene.writer.begin().await.unwrap());
    assert_eq!(in_flight.age(), None);
    scene.writer.begin().await.unwrap().rollback().await.unwrap();
    assert_eq!(in_flight.age(), None);
}

async fn a_reader_sees_the_last_commit_while_a_transaction_is_open(scene: &mut Scene) {
    scene.adds_subjects(1..=1).await;
    let mut tx = scene.writer.begin().await.unwrap();
    tx.subject_merge_in_tx(id(1), id(1)).await.unwrap();
    tx.subjects_insert_in_tx(&[subject(2)], NOW).await.unwrap();
    for clone in [scene.store.clone(), scene.store.clone()] {
        assert!(clone.subject_fetch(id(1)).await.unwrap().is_some());
        assert!(clone.subject_fetch(id(2)).await.unwrap().is_none());
    }
    tx.commit().await.unwrap();
    assert!(exists(scene, 2).await, "a commit is seen by whoever reads after it");
}

async fn a_closed_store_refuses(scene: &mut Scene) {
    scene.adds_subjects(1..=1).await;
    scene.store.close().await;
    assert!(scene.store.subject_fetch(id(1)).await.is_err());
    scene.writer.close().await.unwrap();
    if let Place::Folder { directory, .. } = &scene.place {
        assert!(scene.writer.begin().await.is_err());
        let log = directory.path().join("hub.db-wal");
        assert!(!log.exists(), "its write-ahead log is folded into the database");
    }
}

async fn each_backend_says_what_it_is(scene: &mut Scene) {
    scene.writer.fold_when_due().await.unwrap();
    match &scene.place {
        Place::Folder { directory, .. } => {
            assert_eq!((scene.writer.path(), scene.writer.lease()), (Some(directory.database().as_path()), None));
            assert!(scene.writer.holds_its_thread(), "it answers on the thread that asks");
            assert!(scene.store.wakes().await.unwrap().is_none(), "there is no other node");
        }
        Place::Server { .. } => {
            assert_eq!((scene.writer.path(), scene.writer.lease()), (None, Some(limits().lease)));
            assert!(!scene.writer.holds_its_thread(), "it waits for a socket");
            assert!(scene.store.wakes().await.unwrap().is_some());
        }
    }
}

async fn a_connection_that_was_lost_is_made_again(scene: &mut Scene) {
    scene.adds_subjects(1..=1).await;
    let Place::Server { cluster, .. } = &scene.place else { panic!("no server") };
    assert!(cluster.connections_cut("hub") > 0);
    scene.adds_subjects(2..=2).await;

    let mut tx = scene.writer.begin().await.unwrap();
    tx.subjects_insert_in_tx(&[subject(3)], NOW).await.unwrap();
    let Place::Server { cluster, .. } = &scene.place else { panic!("no server") };
    cluster.restart_fast();
    tx.commit().await.unwrap_err();
    scene.adds_subjects(4..=4).await;
    // Each reader that was idle meanwhile says so once.
    let read = async {
        loop {
            if let Ok(found) = scene.store.subjects_list(&[1, 2, 3, 4].map(crate::rows::digest)).await {
                return found.len();
            }
        }
    };
    assert_eq!(tokio::time::timeout(PATIENCE, read).await.unwrap(), 3, "what was cut off is not there");
}

async fn the_outcome_of_a_lost_transaction_is_known_once_it_is_over(scene: &mut Scene) {
    let held = scene.takes_a_shard().await;
    let mut before = scene.another_node().await;
    let mut tx = before.writer.begin().await.unwrap();
    assert_eq!(tx.shard_fence_in_tx(&held, Reach::Own).await.unwrap(), Fence::Held);
    tx.entries_insert_in_tx(0, &[entry(0)]).await.unwrap();
    tx.shard_advance_in_tx(0, 1, "one").await.unwrap();
    let Scene { writer, place, .. } = scene;
    let (settled, committed) = tokio::join!(writer.shard_settle(&held), async {
        place.waits_for_a_lock().await;
        tx.commit().await
    });
    committed.unwrap();
    assert_eq!(
        settled.unwrap(),
        Some(Shard { size: 1, checkpoint: "one".to_owned(), ..held.clone() }),
        "it waited for the end"
    );
}

async fn a_dropped_transaction_holds_others_up_no_longer_than_the_limit(scene: &mut Scene) {
    let held = scene.takes_a_shard().await;
    let idle = StoreLimits { transaction_idle_max: Duration::from_millis(300), ..limits() };
    let mut lazy = scene.another_node_with(&idle).await;
    let mut tx = lazy.writer.begin().await.unwrap();
    tx.shard_fence_in_tx(&held, Reach::Every).await.unwrap();
    tx.epoch_raise_in_tx().await.unwrap();
    drop(tx);
    let mut tx = scene.writer.begin().await.unwrap();
    let fenced = tokio::time::timeout(PATIENCE, tx.shard_fence_in_tx(&held, Reach::Own)).await.unwrap();
    assert_eq!(fenced.unwrap(), Fence::Held, "what was dropped was not done");
    tx.commit().await.unwrap();
    let mut tx = lazy.writer.begin().await.unwrap();
    assert_eq!(tx.shard_fence_in_tx(&held, Reach::Own).await.unwrap(), Fence::Held, "and it goes on");
}
