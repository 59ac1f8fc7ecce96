import { PlaceOrder } from "@surety/contracts/edge-api"
import { IdempotencyKey } from "@surety/contracts/manners"
import type { ProductId } from "@surety/domain/ids"
import type { Answer } from "@surety/edge-api/accept-order"
import { Effect, Exit, Schema } from "effect"
import { Process } from "./process.ts"
import type { edgeService } from "./services.ts"
import type { Surroundings } from "./surroundings.ts"

type Edge = ReturnType<typeof edgeService>

const PATIENCE_MILLIS = 5_000
const WAIT_MAX_MILLIS = 1_500
const decodeOrder = Schema.decodeUnknownSync(PlaceOrder)
const decodeKey = Schema.decodeUnknownSync(IdempotencyKey)

/** What a customer knows in the end of the orders he sent. */
export interface Customer {
  readonly key: string
  readonly answers: Array<Answer>
  /** Of the first definite answer. */
  answered_at: number | undefined
  /** Does not come back after a request without an answer. */
  readonly leaves: boolean
  /** What no customer may ever be told. */
  readonly complaints: Array<string>
}

/** Customers who each send an order under a key, again and again until they have an answer, and some once more; others leave. */
export const sendCustomers = (around: Surroundings, edges: ReadonlyArray<Edge>, products: ReadonlyArray<ProductId>) => {
  const { network, plan, world } = around
  const dice = world.dice.another()
  const process = new Process(world, "customers", dice.another())
  const tokenOf = () =>
    dice.happens(plan.declines) ? "declined" : dice.happens(plan.capture_refusals) ? "capture_refused" : "good"
  const orderOf = () =>
    decodeOrder({
      user_id: "user",
      email: "user@example.com",
      items: Array.from({ length: dice.between(1, products.length) }, (_, i) => ({
        product_id: products[i]!,
        quantity: dice.between(1, 3)
      })),
      payment: { method: "card", token: tokenOf() }
    })

  return Array.from({ length: plan.orders }, (_, i): Customer => {
    const customer: Customer = {
      key: `key-${i}`,
      answers: [],
      answered_at: undefined,
      leaves: dice.happens(plan.leaving),
      complaints: []
    }
    const order = orderOf()
    const key = decodeKey(customer.key)
    const ask = Effect.gen(function*() {
      const edge = dice.oneOf(edges)
      const exit = yield* network.call(
        process,
        edge.process,
        "customer.place",
        () => edge.serve((accept) => accept("public", key, order))
      ).pipe(Effect.timeout(PATIENCE_MILLIS), Effect.exit)
      if (Exit.isSuccess(exit)) {
        customer.answers.push(exit.value)
        customer.answered_at ??= world.now
        return true
      }
      const text = JSON.stringify(exit.cause.reasons)
      // The request was a good one, so nobody may say otherwise.
      if (!/LinkBroken|TimeoutError|request_in_flight|service_unavailable/.test(text)) customer.complaints.push(text)
      return false
    })
    const insist = Effect.gen(function*() {
      yield* Effect.sleep(dice.roll() * plan.troubled_millis * 0.7)
      for (let left = 1 + (dice.happens(0.4) ? 1 : 0); left > 0; left -= (yield* ask) || customer.leaves ? 1 : 0) {
        yield* Effect.sleep(dice.roll() * WAIT_MAX_MILLIS)
      }
    })
    process.run(insist)
    // Impatient ones press the button twice.
    if (dice.happens(0.3)) process.run(insist)
    return customer
  })
}
