import type { Traceparents } from "@surety/contracts/manners"
import type { PaymentResult } from "@surety/contracts/payment-api"
import type { OrderId } from "@surety/domain/ids"
import { Effect } from "effect"
import { done, refused, stuck, unknown } from "./payment-result.ts"
import { type Finding, type PaymentRow, PaymentStore } from "./payment-store.ts"
import type { Capture } from "./provider-words.ts"
import { PaymentProvider } from "./provider.ts"
import { sideBySide } from "./side-by-side.ts"
import { logAllBecome, tellPayments } from "./tell-payments.ts"

/** What was learned about one payment, and what is to be written down of it. */
export interface Learned {
  readonly result: PaymentResult
  readonly finding?: Finding
}

/** What is to be written down of a set. */
export const findingsOf = (learned: ReadonlyArray<Learned>): ReadonlyArray<Finding> =>
  learned.flatMap(({ finding }) => finding ?? [])

/** Takes the held money, each payment whole and once. A set asks the provider side by side and is recorded at once. */
export const makeCapture = Effect.gen(function*() {
  const provider = yield* PaymentProvider
  const store = yield* PaymentStore

  const learn = ({ reference }: PaymentRow, asked: number, answer: Capture): Learned => {
    if (answer._tag === "Refused") {
      return {
        result: refused(reference, `capture_refused: ${answer.code}`),
        finding: { reference, status: "CAPTURE_REFUSED", refusal_code: answer.code }
      }
    }
    const { amount_cents } = answer
    return {
      result: amount_cents === asked
        ? done(reference, "CAPTURED")
        : stuck(reference, `the provider captured ${amount_cents} cents where we asked for ${asked}`),
      finding: { reference, status: "CAPTURED", captured_cents: amount_cents }
    }
  }

  const captureOne = (reference: OrderId, row: PaymentRow | undefined): Effect.Effect<Learned> => {
    const known = standingOf(reference, row)
    if (known !== undefined || row?.provider_id == null) {
      return Effect.succeed({ result: known ?? unknown(reference, "no provider id yet") })
    }
    const { amount_cents, provider_id } = row
    return provider.capture({ provider_id, amount_cents, key: `${reference}:capture` }).pipe(
      Effect.map((answer) => learn(row, amount_cents, answer)),
      Effect.catch((error) => Effect.succeed<Learned>({ result: unknown(reference, error.message) }))
    )
  }

  const capture = Effect.fn("capture")(
    function*(references: ReadonlyArray<OrderId>, spans: ReadonlyArray<string | undefined>) {
      const rows = yield* store.byReferences(references)
      const learned = yield* sideBySide<Learned>(
        references,
        spans,
        (reference) => captureOne(reference, rows.get(reference))
      )
      yield* logAllBecome(yield* store.record(findingsOf(learned)), references, spans)
      return learned.map(({ result }) => result)
    }
  )

  return (references: ReadonlyArray<OrderId>, traceparents?: Traceparents) =>
    tellPayments("capture", references, traceparents, (spans) => capture(references, spans))
})

/** The answer that the stored state gives by itself, or `undefined` when the provider has to be asked. */
const standingOf = (reference: OrderId, row: PaymentRow | undefined): PaymentResult | undefined => {
  if (row === undefined) return refused(reference, "payment_not_found")
  switch (row.status) {
    case "AUTHORIZED":
      return undefined
    case "CAPTURED":
    case "REFUNDED":
      return row.captured_cents === row.amount_cents
        ? done(reference, row.status)
        : stuck(reference, `${row.captured_cents} of ${row.amount_cents} cents were captured`)
    case "AUTHORIZING":
      return unknown(reference, "the authorization is not settled")
    case "CAPTURE_REFUSED":
      return refused(reference, `capture_refused: ${row.refusal_code}`)
    default:
      return refused(reference, `payment_${row.status.toLowerCase()}`)
  }
}
