// The messages of the story: what is published, and what is asked.

const { randomUUID } = require("node:crypto");

const DATASET = "declared-turnover";
const MARCH = { month: { year: 2026, month: 3 } };

function context(agreement) {
  return {
    agreement,
    purpose: "PURPOSE_SIMPLIFICATION",
    case_reference: "DOSSIER-4711",
    agent_reference: "AGENT-0815",
  };
}

const turnover = (siren, bncCents) => ({
  siren,
  period: MARCH,
  amounts: { bnc_cents: bncCents },
  status: "DECLARATION_STATUS_DECLARED",
  final_withholding: true,
});

const publication = (subjects, data) => ({
  publication_id: randomUUID(),
  dataset: DATASET,
  subjects,
  data,
  recorded_at: { seconds: 1_775_980_800 },
});

const typedQuestion = (agreement, subject) => ({ context: context(agreement), subject, period: MARCH });

const genericQuestion = (agreement, subject, encode) => ({
  context: context(agreement),
  dataset: DATASET,
  subject,
  key: encode("unefois.income.v1.DeclaredTurnover", { period: MARCH }),
});

const liveQuestion = (subject) => ({ context: context("company-turnover-urssaf"), subject, year: 2024 });

module.exports = { turnover, publication, typedQuestion, genericQuestion, liveQuestion };
