import { OperationsApi } from "@surety/contracts/operations-api"
import { database } from "@surety/platform/database"
import { httpClient } from "@surety/platform/http-client"
import { serveApi } from "@surety/platform/http-server"
import { leaseOwner } from "@surety/platform/lease-owner"
import { Layer } from "effect"
import { archiveLedger } from "./archive-ledger.ts"
import { correctness } from "./correctness.ts"
import { driveLedger } from "./drive-ledger.ts"
import { FindingsStore } from "./findings-store.ts"
import { operationsHandlers } from "./http.ts"
import { LedgerJournal } from "./journal-store.ts"
import { ledgerGauges } from "./ledger-gauges.ts"
import { Neighbours } from "./neighbours.ts"
import { ReconcileProgress } from "./reconcile-progress.ts"
import { reconcile } from "./reconcile.ts"
import { SagaStore } from "./saga-store.ts"
import type { OrchestratorSettings } from "./settings.ts"

/** Drives the ledger and serves the operations API. Any number of them may run on one ledger. */
export const orchestrator = (settings: OrchestratorSettings) => {
  const owner = leaseOwner("orchestrator")
  return Layer.mergeAll(
    serveApi(OperationsApi, operationsHandlers, settings.listen),
    driveLedger(settings),
    archiveLedger(settings.archive),
    ledgerGauges(settings.gauges),
    correctness(settings.correctness, settings.database),
    reconcile({ ...settings.reconcile, retry_unit_millis: settings.retry_unit_millis }, settings.database)
  ).pipe(
    Layer.provide(LedgerJournal.layer({ owner, lease_millis: settings.lease_millis })),
    Layer.provide([SagaStore.layer, FindingsStore.layer, ReconcileProgress.layer({ ...settings.reconcile, owner })]),
    Layer.provide(Neighbours.layer(settings.neighbours)),
    Layer.provide(httpClient),
    Layer.provide(database(settings.database))
  )
}
