import type { OrderAccepted } from "@surety/contracts/edge-api"
import { PaymentDeclined } from "@surety/contracts/problems"
import type { OrderId } from "@surety/domain/ids"
import { Schema } from "effect"

/** What became of an authorization; the first three are definite. */
export type Authorized =
  | { readonly _tag: "Authorized" }
  | { readonly _tag: "Declined"; readonly decline_code: string; readonly detail: string }
  | { readonly _tag: "Unknown"; readonly detail: string }

/** A response as it is stored with its key, and sent again byte for byte. */
export interface StoredAnswer {
  readonly status: number
  readonly body: string
}

const accepted = (order_ledger_id: OrderId, status: OrderAccepted["status"], message: string): StoredAnswer => ({
  status: 202,
  body: JSON.stringify({ order_ledger_id, status, message } satisfies OrderAccepted)
})

const encodeDeclined = Schema.encodeSync(PaymentDeclined)

/**
 * The one answer each outcome has, whoever writes it first: the request, its retry, or the resolver. The usual one, to an
 * authorized order, is not stored with millions of orders but said again from here: its wording is for ever.
 */
export const answerTo = (id: OrderId, outcome: Authorized): StoredAnswer => {
  switch (outcome._tag) {
    case "Authorized":
      return accepted(id, "AUTHORIZED", "Order received, processing")
    case "Unknown":
      return accepted(id, "AWAITING_AUTHORIZATION", "Order received, waiting for the payment's authorization")
    case "Declined": {
      const { decline_code, detail } = outcome
      const problem = new PaymentDeclined({ detail, instance: "/orders", order_ledger_id: id, decline_code })
      return { status: problem.status, body: JSON.stringify(encodeDeclined(problem)) }
    }
  }
}
