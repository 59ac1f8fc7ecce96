import type { OrderView } from "@surety/contracts/edge-api"
import type { Reservation } from "@surety/contracts/inventory-api"
import { IdempotencyKey } from "@surety/contracts/manners"
import type { Payment } from "@surety/contracts/payment-api"
import type { OrderId } from "@surety/domain/ids"
import { isTerminal } from "@surety/domain/order-status"
import { Data, Effect, Schedule } from "effect"
import { randomUUID } from "node:crypto"
import type { Stack } from "./connect-stack.ts"
import { orderOf, type Story } from "./stories.ts"

/** What one request to place the order was answered. */
export interface Answer {
  readonly status: 202 | 402
  readonly order_ledger_id: OrderId
  readonly replayed: boolean
}

/** An order as it stands. */
export interface Sighting {
  readonly order: OrderView
  /** Why a step of it had to be repeated, as the orchestrator told it while it was so. */
  readonly trouble: string | undefined
}

/** An order that has ended, and what each service holds of it now. */
export interface Ended extends Sighting {
  readonly answers: ReadonlyArray<Answer>
  readonly payment: Payment
  /** A declined order never gets as far as the warehouse. */
  readonly reservation: Reservation | undefined
}

export class NoEnd extends Data.TaggedError("NoEnd")<{ readonly message: string }> {}

const END_WITHIN = "20 seconds"
/** An order that stands this long at one status may be in trouble; then the orchestrator is asked about it. */
const STANDS_LONG_MILLIS = 1_000
/** Short at first, since most journeys take a fraction of a second. */
const LOOK_AGAIN = Schedule.min([Schedule.exponential("20 millis", 1.2), Schedule.spaced("100 millis")])

const sendOnce = (stack: Stack, story: Story, key: IdempotencyKey) =>
  stack.edge.orders.place({
    headers: { "idempotency-key": key },
    payload: orderOf(story),
    responseMode: "decoded-and-response"
  }).pipe(
    Effect.map(([{ order_ledger_id }, { headers }]): Answer => ({
      status: 202,
      order_ledger_id,
      replayed: headers["idempotent-replayed"] === "true"
    })),
    Effect.catchTag("PaymentDeclined", (declined) =>
      declined.order_ledger_id === undefined
        ? Effect.fail(declined)
        : Effect.succeed<Answer>({ status: 402, order_ledger_id: declined.order_ledger_id, replayed: false }))
  )

/** Looks at an order time and again until it has ended. */
const watch = (stack: Stack, order_ledger_id: OrderId, see: (sighting: Sighting) => void) => {
  const params = { order_ledger_id }
  let trouble: string | undefined
  return Effect.gen(function*() {
    const order = yield* stack.edge.orders.byId({ params })
    const stoodMillis = Date.now() - Date.parse(order.timeline.at(-1)!.at)
    if (!isTerminal(order.status) && stoodMillis > STANDS_LONG_MILLIS) {
      trouble = (yield* stack.operations.sagas.show({ params })).last_error ?? trouble
    }
    see({ order, trouble })
    return { order, trouble }
  }).pipe(
    Effect.repeat({ until: ({ order }) => isTerminal(order.status), schedule: LOOK_AGAIN })
  )
}

/** Places a story's order, follows it to its end, and looks at what it left behind. */
export const followOrder = Effect.fn("followOrder")(
  function*(stack: Stack, story: Story, see: (sighting: Sighting) => void) {
    const key = IdempotencyKey.make(randomUUID())
    const answers = yield* Effect.replicateEffect(sendOnce(stack, story, key), story.sent ?? 1)
    const id = answers[0]!.order_ledger_id
    const { order, trouble } = yield* watch(stack, id, see)
    const payment = yield* stack.payment.payments.byReference({ params: { reference: id } })
    const reservation = yield* stack.inventory.reservations.reservation({ params: { order_id: id } }).pipe(
      Effect.catchTag("ReservationNotFound", () => Effect.undefined)
    )
    return { order, trouble, answers, payment, reservation } satisfies Ended
  },
  Effect.timeoutOrElse({
    duration: END_WITHIN,
    orElse: () => Effect.fail(new NoEnd({ message: `has not ended within ${END_WITHIN}` }))
  })
)
