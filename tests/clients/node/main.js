// An agency's program in Node. `main.js HOST:PORT PKI_FOLDER PROTO_FOLDER GOOGLE_FOLDER`, with the lines `nir:…`,
// `siren:…` and `siret:…` of an invented person on standard input; prints one line of JSON a step.

const fs = require("node:fs");
const { promisify } = require("node:util");
const { client, contract } = require("./connect.js");
const { keeps, proves } = require("./proof.js");
const { refusal } = require("./refusal.js");
const words = require("./words.js");

const [hub, pki, proto, google] = process.argv.slice(2);
const definitions = contract(
  [proto, google],
  [
    "unefois/audit/v1/audit_service.proto",
    "unefois/exchange/v1/exchange_service.proto",
    "unefois/income/v1/income_service.proto",
    "unefois/ledger/v1/entry.proto",
    "unefois/publication/v1/publication_service.proto",
    "google/rpc/error_details.proto",
    "google/rpc/status.proto",
  ],
);

const TURNOVER = "unefois.income.v1.DeclaredTurnover";
const decode = (type, bytes) => definitions[type].deserialize(bytes);
const encode = (type, message) => definitions[type].serialize(message);
const tell = (step, said) => console.log(JSON.stringify({ step, ...said }));
const deadline = () => ({ deadline: Date.now() + 30_000 });

function service(name, agency) {
  const stub = client(definitions, name, hub, pki, agency);
  const call = (method, request) => promisify(stub[method]).call(stub, request, deadline());
  return { stub, call };
}

async function publish(urssaf, { nir, siren }) {
  const first = encode(TURNOVER, words.turnover(siren, 123_400));
  const wrong = nir.slice(0, -1) + (nir.endsWith("0") ? "1" : "0");
  const stream = urssaf.stub.Publish(deadline());
  stream.write(words.publication([{ nir }, { siren }], first));
  stream.write(words.publication([{ nir: wrong }], encode(TURNOVER, words.turnover(siren, 1))));
  stream.end();
  for await (const { result, acknowledged, rejected } of stream) {
    if (result === "acknowledged") {
      const { kind, revision } = acknowledged;
      tell("published", { kind, revision, proven: keeps({ decode, encode }, acknowledged, first) });
    } else {
      tell("rejected", { reason: rejected.reason, field: rejected.field });
    }
  }
}

async function pull(income, exchange, { nir }) {
  const question = words.typedQuestion("d14-benefits", { nir });
  const typed = await income.call("GetDeclaredTurnover", question);
  tell("typed", { bnc_cents: typed.data.amounts.bnc_cents, withheld: typed.withheld_fields });

  // The same call, read as its twin: `data` are the very bytes that the receipt commits to.
  const method = definitions["unefois.income.v1.IncomeService"].GetDeclaredTurnover;
  const raw = promisify(income.stub.makeUnaryRequest).bind(income.stub);
  tellProof("twin", await raw(method.path, method.requestSerialize, Buffer.from, question, deadline()));
  const { Pull } = definitions["unefois.exchange.v1.ExchangeService"];
  const generic = words.genericQuestion("d14-benefits", { nir }, encode);
  const bytes = promisify(exchange.stub.makeUnaryRequest).bind(exchange.stub);
  tellProof("generic", await bytes(Pull.path, Pull.requestSerialize, Buffer.from, generic, deadline()));
}

function tellProof(step, response) {
  const answer = decode("unefois.exchange.v1.PullResponse", response);
  const forged = Buffer.concat([answer.data, Buffer.from([0])]);
  tell(step, {
    bnc_cents: decode(TURNOVER, answer.data).amounts.bnc_cents,
    proven: proves(decode, answer.receipt, answer.data),
    forged: proves(decode, answer.receipt, forged),
    response: response.toString("hex"),
  });
}

async function beRefused(income, live, { nir, siret }) {
  const question = words.typedQuestion("d13-unemployment", { nir });
  const { period, ...withoutKey } = words.typedQuestion("d14-benefits", { nir });
  for (const ask of [
    () => income.call("GetDeclaredTurnover", question),
    () => income.call("GetDeclaredTurnover", withoutKey),
    () => live.call("GetCompanyTurnover", words.liveQuestion({ siret })),
  ]) {
    await ask().catch((error) => tell("refused", refusal(decode, error)));
  }
}

async function audit(auditor) {
  const { entries } = await auditor.call("SearchExchanges", { consumer: "cnaf", case_reference: "ENQUIRY-1" });
  for (const { public_part: found } of entries) {
    tell("found", { outcome: found.outcome, reason: found.reason, id: found.entry_id.toString("hex") });
  }
}

async function main() {
  const lines = fs.readFileSync(0, "utf8").trim().split("\n");
  const person = Object.fromEntries(lines.map((line) => line.split(":")));
  const income = service("unefois.income.v1.IncomeService", "cnaf");
  const urssaf = service("unefois.publication.v1.PublicationService", "urssaf");
  await publish(urssaf, person);
  await pull(income, service("unefois.exchange.v1.ExchangeService", "cnaf"), person);
  await beRefused(income, service("unefois.income.v1.IncomeService", "urssaf"), person);
  await audit(service("unefois.audit.v1.AuditService", "cour-des-comptes"));
}

main().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});
