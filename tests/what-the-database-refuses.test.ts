import { assert, describe, it } from "@effect/vitest"
import { Data, Effect } from "effect"
import { SqlError } from "effect/sql"
import { seededDatabase, type Stack } from "./stack-for-tests.ts"

const ID = "00000000-0000-7000-8000-000000000001"

class LetThrough extends Data.TaggedError("LetThrough") {}

/** Whether the database lets a service's role do this. Nothing of it stays. */
const isLet = (sql: Stack["sql"], role: string, statements: ReadonlyArray<string>) =>
  Effect.forEach([`SET LOCAL ROLE ${role}`, ...statements], (statement) => sql.unsafe(statement)).pipe(
    Effect.andThen(new LetThrough()),
    sql.withTransaction,
    Effect.flip,
    Effect.map((error) => {
      if (!SqlError.isSqlError(error)) return true
      assert.strictEqual(error.reason._tag, "ConstraintError", String(error.reason.cause))
      return false
    })
  )

/** Which of the ways from one status to another a database lets a role go, of all there are. */
const waysLet = Effect.fnUntraced(function*(
  sql: Stack["sql"],
  role: string,
  statuses: ReadonlyArray<string>,
  begin: (status: string) => string,
  change: (status: string) => string
) {
  const ways = statuses.flatMap((from) => statuses.filter((to) => to !== from).map((to) => [from, to] as const))
  const found = yield* Effect.filter(ways, ([from, to]) => isLet(sql, role, [begin(from), change(to)]))
  return found.map(([from, to]) => `${from} > ${to}`).toSorted()
})

/** What a payment has at each status: token, provider's id, captured and refunded cents. */
const payments: Readonly<Record<string, readonly [string, string, number, number]>> = {
  AUTHORIZING: ["'tok_x'", "NULL", 0, 0],
  AUTHORIZED: ["NULL", "'pi_1'", 0, 0],
  DECLINED: ["NULL", "NULL", 0, 0],
  CAPTURED: ["NULL", "'pi_1'", 100, 0],
  CAPTURE_REFUSED: ["NULL", "'pi_1'", 0, 0],
  VOIDED: ["NULL", "'pi_1'", 0, 0],
  REFUNDED: ["NULL", "'pi_1'", 100, 100]
}

describe("the database refuses, whatever the code says,", () => {
  it.live("every way of a payment but those that a provider's answers lead along", () =>
    Effect.gen(function*() {
      const { sql } = yield* seededDatabase
      const columns = "token, provider_id, captured_cents, refunded_cents"
      const ways = yield* waysLet(
        sql,
        "surety_payment",
        Object.keys(payments),
        (status) =>
          `INSERT INTO payment.payments (reference, amount_cents, currency, status, ${columns})
           VALUES ('${ID}', 100, 'usd', '${status}', ${payments[status]!.join()})`,
        (status) => `UPDATE payment.payments SET (status, ${columns}) = ROW ('${status}', ${payments[status]!.join()})`
      )
      assert.deepStrictEqual(ways, [
        "AUTHORIZED > CAPTURED",
        "AUTHORIZED > CAPTURE_REFUSED",
        "AUTHORIZED > VOIDED",
        "AUTHORIZING > AUTHORIZED",
        "AUTHORIZING > DECLINED",
        "AUTHORIZING > VOIDED",
        "CAPTURED > REFUNDED",
        "CAPTURE_REFUSED > CAPTURED",
        "CAPTURE_REFUSED > VOIDED"
      ])
    }).pipe(Effect.scoped))

  it.live("every way of an order's record but the two that end it", () =>
    Effect.gen(function*() {
      const { sql } = yield* seededDatabase
      const reasonAt = (status: string) => status === "CANCELLED" ? "'a test'" : "NULL"
      const ways = yield* waysLet(
        sql,
        "surety_orders",
        ["PENDING", "CONFIRMED", "CANCELLED"],
        (status) =>
          `INSERT INTO orders.orders (order_ledger_id, user_id, email, items, total_cents, currency, status, cancel_reason)
           VALUES ('${ID}', 'user', 'a@example.com', '[]', 100, 'usd', '${status}', ${reasonAt(status)})`,
        (status) => `UPDATE orders.orders SET (status, cancel_reason) = ROW ('${status}', ${reasonAt(status)})`
      )
      assert.deepStrictEqual(ways, ["PENDING > CANCELLED", "PENDING > CONFIRMED"])
    }).pipe(Effect.scoped))
})
