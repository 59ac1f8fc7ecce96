import { assert, layer } from "@effect/vitest"
import { isConcurrent } from "@surety/testkit/test-database"
import { Deferred, Effect, Fiber, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import { anOrder, OrdersUnderTest, rows } from "./orders-under-test.ts"

const SET_MAX = 64

const set = (path: string) => (items: ReadonlyArray<unknown>) =>
  Effect.gen(function*() {
    const { call } = yield* OrdersUnderTest
    const answer = yield* call("POST", path, { items })
    assert.strictEqual(answer.status, 200, JSON.stringify(answer.body))
    return answer.body.results as ReadonlyArray<{ order_ledger_id: string; outcome: string; status?: string }>
  })
const createSet = set("/orders/batch")
const confirmSet = set("/orders/confirmations/batch")
const cancelSet = set("/orders/cancellations/batch")

const idOf = (order: { readonly order_ledger_id: string }) => order.order_ledger_id
const done = (id: string, status: string) => ({ order_ledger_id: id, outcome: "done", status })
const refused = (id: string, reason: string) => ({ order_ledger_id: id, outcome: "refused", reason })
const because = (reason: string) => (id: string) => ({ order_ledger_id: id, reason })

/** One order in every state there is: unknown, PENDING, CONFIRMED, CANCELLED, tombstone. */
const everyState = Effect.gen(function*() {
  const [unknown, pending, confirmed, cancelled, tombstone] = Array.from({ length: 5 }, () => anOrder())
  const orders = {
    unknown: unknown!,
    pending: pending!,
    confirmed: confirmed!,
    cancelled: cancelled!,
    tombstone: tombstone!
  }
  yield* createSet([orders.pending, orders.confirmed, orders.cancelled])
  yield* confirmSet([idOf(orders.confirmed)])
  yield* cancelSet([orders.cancelled, orders.tombstone].map(idOf).map(because("first")))
  return orders
})

layer(OrdersUnderTest.layer, { excludeTestServices: true, timeout: "30 seconds" })("a set of orders", (it) => {
  it.effect("creates each one by where it stands, and answers in the order asked", () =>
    Effect.gen(function*() {
      const orders = yield* everyState
      const results = yield* createSet([
        orders.tombstone,
        orders.confirmed,
        { ...orders.pending, total_cents: 1 },
        orders.unknown,
        orders.cancelled,
        orders.pending
      ])
      assert.deepStrictEqual(results as unknown, [
        refused(idOf(orders.tombstone), "cancelled"),
        done(idOf(orders.confirmed), "CONFIRMED"),
        refused(idOf(orders.pending), "different_order"),
        done(idOf(orders.unknown), "PENDING"),
        refused(idOf(orders.cancelled), "cancelled"),
        done(idOf(orders.pending), "PENDING")
      ])
    }))

  it.effect("confirms each one by where it stands", () =>
    Effect.gen(function*() {
      const orders = yield* everyState
      const asked = [orders.tombstone, orders.unknown, orders.pending, orders.confirmed, orders.cancelled].map(idOf)
      assert.deepStrictEqual((yield* confirmSet(asked)) as unknown, [
        refused(asked[0]!, "cancelled"),
        refused(asked[1]!, "not_found"),
        done(asked[2]!, "CONFIRMED"),
        done(asked[3]!, "CONFIRMED"),
        refused(asked[4]!, "cancelled")
      ])
    }))

  it.effect("cancels each one by where it stands, the unknown too", () =>
    Effect.gen(function*() {
      const orders = yield* everyState
      const asked = [orders.tombstone, orders.unknown, orders.pending, orders.confirmed, orders.cancelled].map(idOf)
      assert.deepStrictEqual((yield* cancelSet(asked.map(because("second")))) as unknown, [
        done(asked[0]!, "CANCELLED"),
        done(asked[1]!, "CANCELLED"),
        done(asked[2]!, "CANCELLED"),
        refused(asked[3]!, "confirmed"),
        done(asked[4]!, "CANCELLED")
      ])
      const reasons = new Map((yield* rows).map((row) => [row.order_ledger_id, row.cancel_reason]))
      assert.deepStrictEqual(asked.map((id) => reasons.get(id)), ["first", "second", "second", null, "first"])
      assert.deepStrictEqual((yield* createSet([orders.unknown])) as unknown, [refused(asked[1]!, "cancelled")])
    }))

  it.effect("may name an id twice: the first one counts", () =>
    Effect.gen(function*() {
      const order = anOrder()
      const id = idOf(order)
      assert.deepStrictEqual((yield* createSet([order, { ...order, user_id: "late" }, order])) as unknown, [
        done(id, "PENDING"),
        refused(id, "different_order"),
        done(id, "PENDING")
      ])
      assert.deepStrictEqual((yield* confirmSet([id, id])) as unknown, [done(id, "CONFIRMED"), done(id, "CONFIRMED")])
      const unknown = randomUUID()
      const cancelled = yield* cancelSet([because("first")(unknown), because("second")(unknown)])
      assert.deepStrictEqual(cancelled as unknown, [done(unknown, "CANCELLED"), done(unknown, "CANCELLED")])
      assert.strictEqual((yield* rows).find((row) => row.order_ledger_id === unknown)?.cancel_reason, "first")
    }))

  it.effect("of 64 with 50 lines each fits", () =>
    Effect.gen(function*() {
      const lines = Array.from({ length: 50 }, () => ({ product_id: randomUUID(), quantity: 1, unit_price_cents: 50 }))
      const orders = Array.from({ length: SET_MAX }, () => anOrder({ items: lines }))
      const results = yield* createSet(orders)
      assert.deepStrictEqual(results as unknown, orders.map((order) => done(idOf(order), "PENDING")))
    }))

  for (const [name, send] of [["created", createSet], ["confirmed", confirmSet], ["cancelled", cancelSet]] as const) {
    it.effect.skipIf(!isConcurrent())(
      `${name} while another holds the same orders the other way round waits, and never deadlocks`,
      () =>
        Effect.gen(function*() {
          const sql = yield* SqlClient.SqlClient
          const orders = Array.from({ length: 3 }, () => anOrder()).toSorted((a, b) => idOf(a) < idOf(b) ? -1 : 1)
          const middle = idOf(orders[1]!)
          if (send !== createSet) yield* createSet(orders)
          const items = send === createSet
            ? orders
            : send === confirmSet
            ? orders.map(idOf)
            : orders.map(idOf).map(because("x"))
          const locked = yield* Deferred.make<void>()
          const release = yield* Deferred.make<void>()
          const blocker = yield* sql.withTransaction(Effect.gen(function*() {
            yield* sql`INSERT INTO orders.orders (order_ledger_id, status, cancel_reason) VALUES (${middle}::uuid, 'CANCELLED', 'x')
                     ON CONFLICT (order_ledger_id) DO UPDATE SET updated_at = now()`
            yield* Deferred.succeed(locked, undefined)
            yield* Deferred.await(release)
            return yield* Effect.fail("rolled back")
          })).pipe(Effect.exit, Effect.forkChild)
          yield* Deferred.await(locked)
          const both = yield* Effect.all([send(items), send(items.toReversed())], { concurrency: 2 }).pipe(
            Effect.forkChild
          )
          yield* sql<{ waiting: number }>`SELECT count(*)::int4 AS waiting FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'`.pipe(
            Effect.repeat({ schedule: Schedule.spaced("10 millis"), until: ([row]) => row!.waiting === 2 })
          )
          yield* Deferred.succeed(release, undefined)
          yield* Fiber.join(blocker)
          for (const result of (yield* Fiber.join(both)).flat()) assert.strictEqual(result.outcome, "done")
        })
    )
  }
})
