//! Publishers on two nodes whose commits take random times, and whoever is told meanwhile; and that this test would notice
//! if the heads of the partitions did not keep commits in order.

use super::{Broken, House, Published, SUBSCRIBERS, on_postgres, round, scene, two_nodes};

const SEED: u64 = 4_181;
const EVENTS: usize = 1_000;
/// How many runs without the heads there are at most until somebody skips something: the first one does.
const HEADLESS_RUNS_MAX: u64 = 10;

/// Between the last statement of a publication and its commit lie up to 60 ms, whoever waits for it.
const RANDOM_COMMITS: &str = "
    CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN IF random() < 0.3 THEN PERFORM pg_sleep(random() * 0.02); END IF; RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER slowly AFTER INSERT ON event DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION slowly();";

/// Positions are drawn from sequences, which no transaction holds, and the heads are what was drawn.
const HEADLESS: &str = "
    ALTER TABLE event_partition RENAME TO event_partition_unused;
    DO $$ BEGIN FOR n IN 0..15 LOOP EXECUTE format('CREATE SEQUENCE event_position_%s', n); END LOOP; END $$;
    CREATE FUNCTION position_of(n integer) RETURNS regclass LANGUAGE sql AS
        $$ SELECT format('event_position_%s', n)::regclass $$;
    CREATE VIEW event_partition AS
        SELECT n::smallint AS partition, coalesce(pg_sequence_last_value(position_of(n)), 0) AS head,
            NULL::timestamptz AS newest_at
        FROM generate_series(0, 15) AS n;
    CREATE FUNCTION unraised() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
    CREATE TRIGGER unraised INSTEAD OF UPDATE ON event_partition FOR EACH ROW EXECUTE FUNCTION unraised();
    CREATE FUNCTION drawn() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN NEW.position := nextval(position_of(NEW.partition)); RETURN NEW; END $$;
    CREATE TRIGGER drawn BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION drawn();
    GRANT SELECT, UPDATE ON event_partition TO public;
    GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO public;";

async fn slow_nodes() -> Vec<House> {
    let nodes = two_nodes(&on_postgres("")).await;
    nodes[0].postgres().unwrap().runs_sql("hub", RANDOM_COMMITS);
    nodes
}

#[tokio::test(flavor = "multi_thread")]
async fn publishers_on_two_nodes_in_whatever_order_they_commit_make_no_subscriber_skip_or_reorder() {
    let (world, subscribers) = scene(slow_nodes().await, &SUBSCRIBERS).await;
    let mut published = Published::default();
    round(&world, (SEED, EVENTS), None, (&mut published, subscribers)).await.unwrap();
    assert_eq!(published.events(), EVENTS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_without_the_heads_of_partitions_fails_the_check_that_one_with_them_passes() {
    for seed in SEED..SEED + HEADLESS_RUNS_MAX {
        let nodes = slow_nodes().await;
        nodes[0].postgres().unwrap().runs_sql("hub", HEADLESS);
        // Who fetches finds out at once that there is nothing more; on a stream one would wait.
        let (world, subscribers) = scene(nodes, &SUBSCRIBERS[1..]).await;
        match round(&world, (seed, EVENTS), None, (&mut Published::default(), subscribers)).await {
            Err(broken @ (Broken::Skipped { .. } | Broken::Missing { .. })) => {
                println!("seed {seed}: {broken:?}");
                return;
            }
            Err(broken) => panic!("only skipping is due: {broken:?}"),
            Ok(_whole) => {}
        }
    }
    panic!("nobody skips anything without the heads");
}
