import { databaseFaults, linkFaults, processFaults, providerFaults } from "./fault-plan.ts"
import type { Hits } from "./hits.ts"

/**
 * Every step, and what can befall it. Refunds are not among them: the saga gives money back only when an operator turns a
 * captured order back, and there are none here; the kill matrix goes there.
 */
const tables: ReadonlyArray<readonly [faults: ReadonlyArray<string>, steps: string]> = [
  [linkFaults, "customer.place"],
  [linkFaults, "edge.prices edge.authorize edge.ask edge.void"],
  [linkFaults, "saga.create saga.reserve saga.capture saga.commit saga.confirm saga.void saga.release saga.cancel"],
  [linkFaults, "provider.authorize provider.capture provider.cancel"],
  [providerFaults, "provider.authorize provider.capture provider.cancel"],
  [
    databaseFaults,
    "ledger.insert ledger.findByKey ledger.settle ledger.takeOver ledger.claimUnresolved ledger.postpone"
  ],
  [databaseFaults, "ledger.claim ledger.record"],
  [databaseFaults, "orders.insert orders.confirm orders.cancel orders.read"],
  [databaseFaults, "inventory.prices inventory.reserve inventory.release inventory.commit"],
  [databaseFaults, "payment.intend payment.byReferences payment.record payment.entomb"],
  [processFaults, "edge orders inventory payment orchestrator"],
  [["away"], "database"]
]

/** So many histories reach every cell; with fewer an empty one says nothing. */
export const SEEDS_FOR_ALL_CELLS = 2_000

export const emptyCells = (hits: Hits): ReadonlyArray<string> =>
  tables.flatMap(([faults, steps]) => hits.empty(steps.split(" "), faults))

/** A line a step: how often each fault befell it. */
export const cellLines = (hits: Hits): ReadonlyArray<string> =>
  tables.flatMap(([faults, steps]) => [
    `${"".padEnd(24)}${faults.map((fault) => fault.padStart(13)).join("")}`,
    ...steps.split(" ").map((step) =>
      `${step.padEnd(24)}${
        faults.map((fault) => `${hits.counts.get(`${step} × ${fault}`) ?? 0}`.padStart(13)).join("")
      }`
    )
  ])
