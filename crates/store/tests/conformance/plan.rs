//! Plans on PostgreSQL: made once, while tables are empty, and as good when they are full.

use std::time::Duration;

use unefois_store::{DossierAsked, DossierRow, Error, RecordAsked, RevisionRow, Transaction};

use crate::{
    rows::{NOW, asked, digest, dossier, id, revision},
    scene::Scene,
};

const PATIENCE: Duration = Duration::from_secs(60);
/// How many subjects there are, each with a record and a dossier.
const SUBJECTS: u64 = 500;
/// How often one of them is asked about.
const QUESTIONS: u64 = 100;

/// Each subject has its record under one and the same selector, so that only the subject tells them apart.
fn record_of(subject: u64) -> RevisionRow {
    RevisionRow { selector: digest(0), ..revision(subject, subject) }
}

async fn asks_about(tx: &mut Transaction<'_>, subject: u64) -> Result<usize, Error> {
    let record = RecordAsked { selector: digest(0), ..asked(subject, subject) };
    let records = tx.records_fetch_in_tx(&[record]).await?.concat().len();
    let open = tx.dossiers_open_in_tx(&[DossierAsked { agency: "cnaf", subject: id(subject) }], NOW).await?;
    let listed = tx.dossiers_of_subjects_list_in_tx("cnaf", &[id(subject)]).await?.len();
    Ok(records + listed + open.into_iter().filter(|is_open| *is_open).count())
}

/// How many rows of a table were read, once everybody who read has left and said so.
async fn rows_read(scene: &Scene, table: &str) -> u64 {
    let sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'unefois'";
    let left = async {
        while scene.runs_sql(sessions) != "0" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, left).await.expect("a session stays");
    let read = "SELECT seq_tup_read + idx_tup_fetch + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes i
         WHERE i.relid = t.relid) FROM pg_stat_user_tables t WHERE relname = ";
    scene.runs_sql(&format!("{read}'{table}'")).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asked_of_empty_tables_finds_by_key_when_they_are_full() {
    let mut scene = Scene::on_postgres().await;
    assert_eq!(scene.commits(async |tx| asks_about(tx, 1).await).await.unwrap(), 0);
    scene.adds_subjects(1..=SUBJECTS).await;
    let records: Vec<RevisionRow> = (1..=SUBJECTS).map(record_of).collect();
    let dossiers: Vec<DossierRow> = (1..=SUBJECTS).map(dossier).collect();
    let written = scene.commits(async |tx| {
        tx.revisions_insert_in_tx(&records).await?;
        tx.dossiers_upsert_in_tx(&dossiers).await?;
        for subject in 1..=QUESTIONS {
            assert_eq!(asks_about(tx, subject).await?, 3);
        }
        Ok(())
    });
    written.await.unwrap();
    scene.writer.close().await.unwrap();
    scene.store.close().await;
    scene.key_store.close().await.unwrap();
    for table in ["record", "dossier"] {
        // What a question reads, it reads once or twice; and each revision looks for its record.
        let (read, most) = (rows_read(&scene, table).await, 5 * (SUBJECTS + QUESTIONS));
        assert!(read < most, "{read} rows of `{table}` were read");
    }
}
