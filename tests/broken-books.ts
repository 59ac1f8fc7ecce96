import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import { orderOf, place, request, type Stack } from "./stack-for-tests.ts"

/** What an order of one unit costs here. */
export const TOTAL = 2_999

/** Talks to the provider itself, past our payment service, as its dashboard would. Everything under a key of its own. */
export const atProvider = (stack: Stack) => {
  const post = (path: string, fields: Readonly<Record<string, string>> = {}) =>
    Effect.promise(async () => {
      const headers = {
        authorization: "Bearer sk_test",
        "content-type": "application/x-www-form-urlencoded",
        "idempotency-key": randomUUID()
      }
      const body = new URLSearchParams(fields).toString()
      const response = await fetch(`${stack.urls.simulator}/v1/${path}`, { method: "POST", headers, body })
      const answer = await response.json() as { id: string }
      if (!response.ok) throw new Error(JSON.stringify(answer))
      return answer.id
    })
  return {
    /** Answers the provider's id. Without a reference it is somebody else's payment. */
    hold: (reference: string | undefined, cents = TOTAL) =>
      post("payment_intents", {
        amount: `${cents}`,
        currency: "usd",
        capture_method: "manual",
        confirm: "true",
        "payment_method_data[type]": "card",
        "payment_method_data[card][token]": "tok_visa_success",
        ...(reference === undefined ? {} : { "metadata[reference]": reference })
      }),
    capture: (id: string, cents = TOTAL) => post(`payment_intents/${id}/capture`, { amount_to_capture: `${cents}` }),
    cancel: (id: string) => post(`payment_intents/${id}/cancel`),
    refund: (id: string, cents = TOTAL) => post("refunds", { payment_intent: id, amount: `${cents}` })
  } as const
}

/** Whatever an administrator types at his database, past every trigger of ours. */
export const byForce = (stack: Stack, statement: string) =>
  stack.sql.withTransaction(
    Effect.andThen(stack.sql.unsafe("SET LOCAL session_replication_role = 'replica'"), stack.sql.unsafe(statement))
  )

export const providerIdOf = (stack: Stack, order: string) =>
  Effect.map(
    stack.sql<{ provider_id: string }>`SELECT provider_id FROM payment.payments WHERE reference = ${order}::uuid`,
    ([row]) => row!.provider_id
  )

/** An order whose money is held and that no orchestrator takes on, as claiming is paused. */
export const heldOrder = Effect.fnUntraced(function*(stack: Stack, product: string, token = "tok_visa_success") {
  const { body, status, text } = yield* place(stack, orderOf(product, 1, token))
  assert.strictEqual(status, 202, text)
  return body["order_ledger_id"] as string
})

const followed = Effect.fnUntraced(function*(stack: Stack, order: string, statuses: ReadonlyArray<string>) {
  for (const status of statuses) {
    const ended = status === "COMPLETED" || status === "FAILED"
    yield* stack.sql.unsafe(
      `UPDATE ledger.entries SET status = '${status}', ${ended ? "ended" : status.toLowerCase()}_at = now(),
        reason = ${statuses.includes("FAILED") ? "'broken on purpose'" : "reason"},
        undoing = ${status === "COMPENSATING" ? "'payment.authorize'" : "NULL"} WHERE id = '${order}'`
    )
  }
})

/** The ledger says that a held order has failed; whatever the others say. */
export const failed = (stack: Stack, order: string) => followed(stack, order, ["COMPENSATING", "FAILED"])

const asked = Effect.fnUntraced(function*(method: string, url: string, body?: object) {
  const answer = yield* request(method, url, body)
  assert.isBelow(answer.status, 300, answer.text)
})

/** One service at a time, as the saga would ask them. */
export const byHand = ({ urls }: Stack, order: string, product: string) => {
  const item = { product_id: product, quantity: 1 }
  return {
    create: asked("POST", `${urls.orders}/orders`, {
      order_ledger_id: order,
      user_id: "user_1",
      email: "ada@example.com",
      total_cents: TOTAL,
      currency: "usd",
      items: [{ ...item, unit_price_cents: TOTAL }]
    }),
    confirm: asked("POST", `${urls.orders}/orders/${order}/confirmation`),
    reserve: asked("POST", `${urls.inventory}/reservations`, { order_id: order, items: [item] }),
    commit: asked("POST", `${urls.inventory}/reservations/${order}/commitment`),
    capture: asked("POST", `${urls.payment}/payments/capture/${order}`),
    void: asked("POST", `${urls.payment}/payments/void/${order}`)
  } as const
}

type Deed = keyof ReturnType<typeof byHand>

/** A held order that the ledger says was fulfilled, though not everything was done that belongs to it. */
export const fulfilledWithout = Effect.fnUntraced(function*(
  stack: Stack,
  product: string,
  missing: ReadonlyArray<Deed>,
  before: (order: string) => Effect.Effect<unknown, unknown> = () => Effect.void
) {
  const order = yield* heldOrder(stack, product)
  const deeds = byHand(stack, order, product)
  for (const deed of ["create", "reserve", "capture", "commit", "confirm"] as const) {
    if (!missing.includes(deed)) yield* deeds[deed]
  }
  yield* before(order)
  yield* followed(stack, order, ["ORDER_CREATED", "INVENTORY_RESERVED", "PAYMENT_CAPTURED", "COMPLETED"])
  return order
})
