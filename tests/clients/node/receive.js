// A program that is told what changes, in Node. `receive.js HOST:PORT PKI_FOLDER PROTO_FOLDER GOOGLE_FOLDER`, with the lines
// `nir:…`, `siren:…` and `siret:…` of an invented person on standard input; prints one line of JSON for each event.

const fs = require("node:fs");
const { setTimeout: wait } = require("node:timers/promises");
const { promisify } = require("node:util");
const { client, contract } = require("./connect.js");
const { refusal } = require("./refusal.js");
const words = require("./words.js");

const [hub, pki, proto, google] = process.argv.slice(2);
const definitions = contract(
  [proto, google],
  [
    "unefois/dossier/v1/dossier_service.proto",
    "unefois/income/v1/declared_turnover.proto",
    "unefois/publication/v1/publication_service.proto",
    "unefois/subscription/v1/subscription_service.proto",
    "google/rpc/error_details.proto",
    "google/rpc/status.proto",
  ],
);

const TURNOVER = "unefois.income.v1.DeclaredTurnover";
const DOSSIER_DAYS = 30;
const decode = (type, bytes) => definitions[type].deserialize(bytes);
const tell = (step, said) => console.log(JSON.stringify({ step, ...said }));
const deadline = () => ({ deadline: Date.now() + 30_000 });
const service = (name, agency) => client(definitions, name, hub, pki, agency);
const call = (stub, method, request) => promisify(stub[method]).call(stub, request, deadline());

/** Gives the cursor of the event: whoever acknowledges it has this event and all that were told before it. */
function tellEvent(step, { event, exchange_id: entry }) {
  const record = decode(event.proto_data.type_url.split("/").pop(), event.proto_data.value);
  const present = ([name, value]) => !name.startsWith("_") && value !== null && record[`_${name}`] !== undefined;
  const messages = ["period", "amounts", "declared_on"].filter((name) => record[name]);
  const granted = Object.entries(record).filter(present).map(([name]) => name).concat(messages);
  tell(step, { id: event.id, type: event.type, bnc_cents: record.amounts.bnc_cents, granted, entry });
  return event.attributes.sequence.ce_string;
}

/** One connection of the receiver. */
class Stream {
  constructor(stub, subscriptionId, window) {
    this.call = stub.Receive(deadline());
    this.told = this.call[Symbol.asyncIterator]();
    this.call.write({ open: { subscription_id: subscriptionId, window } });
  }

  async next() {
    for (;;) {
      const { done, value } = await this.told.next();
      if (done) throw new Error("the hub ended the stream");
      if (value.message === "delivery") return value.delivery;
    }
  }

  acknowledge(upTo) {
    this.call.write({ acknowledge: { up_to: upTo } });
  }

  /** Says that nothing more comes, and waits until the hub has heard everything. */
  async close() {
    this.call.end();
    while (!(await this.told.next()).done);
  }

  /** Leaves as if the program had broken down. */
  drop() {
    this.call.on("error", () => {});
    this.call.cancel();
  }
}

/** A stream and its first event; while the hub still believes in the receiver before, it says when to try again. */
async function connect(stub, subscriptionId, window) {
  for (;;) {
    const stream = new Stream(stub, subscriptionId, window);
    try {
      return [stream, await stream.next()];
    } catch (error) {
      const refused = refusal(decode, error);
      if (refused.reason !== "SUBSCRIPTION_IN_USE") throw error;
      await wait(refused.retry_millis);
    }
  }
}

async function publish({ nir, siren }, amounts) {
  const stream = service("unefois.publication.v1.PublicationService", "urssaf").Publish(deadline());
  for (const cents of amounts) {
    const record = definitions[TURNOVER].serialize(words.turnover(siren, cents));
    stream.write(words.publication([{ nir }, { siren }], record));
  }
  stream.end();
  for await (const { result, rejected } of stream) {
    if (result !== "acknowledged") throw new Error(rejected.reason);
  }
}

async function subscribe(stub, { nir }) {
  const last = new Date(Date.now() + DOSSIER_DAYS * 86_400_000);
  const last_day = { year: last.getUTCFullYear(), month: last.getUTCMonth() + 1, day: last.getUTCDate() };
  const declaration = { subject: { nir }, reason: "benefit-claim", last_day };
  const dossiers = service("unefois.dossier.v1.DossierService", "cnaf");
  await call(dossiers, "Open", { declaration, case_reference: "DOSSIER-4711" });
  const { subscription } = await call(stub, "Create", { name: "turnovers", agreement: "d14-benefits" });
  return subscription.subscription_id;
}

/** Hears two events at a time, acknowledges the first, breaks down with two of them, and comes back for the rest. */
async function receive(stub, subscriptionId) {
  const [before, first] = await connect(stub, subscriptionId, 2);
  const cursor = tellEvent("first", first);
  tellEvent("first", await before.next());
  before.acknowledge(cursor);
  tellEvent("first", await before.next());
  before.drop();

  const [stream, delivery] = await connect(stub, subscriptionId, 10);
  let newest = tellEvent("resumed", delivery);
  for (let more = 0; more < 3; more += 1) newest = tellEvent("resumed", await stream.next());
  stream.acknowledge(newest);
  await stream.close();
}

/** The same without a stream, for who comes at times of its own. */
async function fetchEvents(stub, subscriptionId) {
  const request = { subscription_id: subscriptionId, events_max: 10 };
  const { deliveries } = await call(stub, "FetchEvents", request);
  const cursors = deliveries.map((delivery) => tellEvent("fetched", delivery));
  await call(stub, "AcknowledgeEvents", { subscription_id: subscriptionId, up_to: cursors.at(-1) });
  tell("left", { count: (await call(stub, "FetchEvents", request)).deliveries.length });
}

async function main() {
  const lines = fs.readFileSync(0, "utf8").trim().split("\n");
  const person = Object.fromEntries(lines.map((line) => line.split(":")));
  const stub = service("unefois.subscription.v1.SubscriptionService", "cnaf");
  const subscriptionId = await subscribe(stub, person);
  await publish(person, [1, 2, 3, 4, 5]);
  await receive(stub, subscriptionId);
  await publish(person, [6, 7]);
  await fetchEvents(stub, subscriptionId);
}

main().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});
