import type { Database } from "./database.ts"
import type { Plan } from "./fault-plan.ts"
import type { Hits } from "./hits.ts"
import type { LedgerModel } from "./ledger-model.ts"
import type { Network } from "./network.ts"
import type { PaymentModel } from "./payment-model.ts"
import type { Process } from "./process.ts"
import type { ProviderModel } from "./provider-model.ts"
import type { RecordsModel } from "./records-model.ts"
import type { StockModel } from "./stock-model.ts"
import type { World } from "./world.ts"

/** Everything that outlives a process: time, links, and the books of the services and of the provider. */
export interface Surroundings {
  readonly world: World
  readonly plan: Plan
  readonly hits: Hits
  readonly network: Network
  readonly database: Database
  readonly ledger: LedgerModel
  readonly payments: PaymentModel
  readonly records: RecordsModel
  readonly stock: StockModel
  readonly books: ProviderModel
  readonly provider: Process
  readonly mannerOf: (token: string) => "good" | "declined" | "capture_refused"
  /** A late record that changed nothing. */
  readonly fenced: () => void
}
