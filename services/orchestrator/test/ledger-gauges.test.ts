import { assert, describe, it } from "@effect/vitest"
import { database } from "@surety/platform/database"
import { telemetry } from "@surety/platform/telemetry/telemetry"
import type { OtlpReceiver } from "@surety/testkit/otlp-receiver"
import { Effect, Layer, Schedule } from "effect"
import { ledgerGauges, parkedReasonOf } from "../src/ledger-gauges.ts"
import { booksUnderTest, connection, observed } from "./ledger-under-test.ts"

const gauges = (receiver: OtlpReceiver, name: string, label: string) =>
  Object.fromEntries(receiver.seriesOf(name).map(({ labels, value }) => [String(labels[label]), value]))

describe("the gauges of the ledger", () => {
  it.live("count what has not ended by its status, what is parked by why, and the longest that is due", () =>
    Effect.gen(function*() {
      const { entry, receiver, sql, url } = yield* booksUnderTest
      for (const status of ["COMPLETED", "FAILED", "AUTHORIZATION_FAILED"]) yield* entry(status)
      yield* entry("AUTHORIZED", { due: "100 s" })
      yield* entry("AUTHORIZED", { due: "-1 hour" })
      yield* entry("COMPENSATING", { due: "7 s" })
      yield* entry("INVENTORY_RESERVED", { parked: "payment.capture: no answer" })
      yield* entry("PAYMENT_CAPTURED", { parked: "orders.confirm: committed" })
      yield* entry("COMPENSATING", { parked: "payment.capture: 1 of 500 cents were captured" })
      yield* entry("COMPENSATING", { parked: "payment.capture: 2 of 500 cents were captured" })
      yield* observed(ledgerGauges({ every_millis: 20 }).pipe(Layer.provide(database(connection(url)))), receiver)
      yield* receiver.until(
        "a first count",
        () => gauges(receiver, "saga.ledger.orders", "saga.status")["AUTHORIZED"] || undefined
      )
      assert.deepStrictEqual(gauges(receiver, "saga.ledger.orders", "saga.status"), {
        AWAITING_AUTHORIZATION: 0,
        AUTHORIZED: 2,
        ORDER_CREATED: 0,
        INVENTORY_RESERVED: 1,
        PAYMENT_CAPTURED: 1,
        COMPENSATING: 3
      })
      assert.deepStrictEqual(gauges(receiver, "saga.ledger.parked", "saga.parked.reason"), {
        refused: 1,
        no_answer: 1,
        stuck: 2,
        other: 0
      })
      const [oldest] = receiver.seriesOf("saga.ledger.oldest_age")
      assert.isTrue(oldest !== undefined && oldest.value >= 100 && oldest.value < 130, `${oldest?.value}`)
      yield* sql`DELETE FROM ledger.due WHERE next_run_at < 'infinity'`
      yield* receiver.until(
        "an age of 0",
        () => receiver.seriesOf("saga.ledger.oldest_age")[0]?.value === 0 || undefined
      )
      const orders = gauges(receiver, "saga.ledger.orders", "saga.status")
      assert.deepStrictEqual([orders["AUTHORIZED"], orders["COMPENSATING"]], [0, 2])
      assert.deepStrictEqual(receiver.spans(), [])
    }).pipe(Effect.scoped))

  it.live("ask nothing of the database without telemetry", () =>
    Effect.gen(function*() {
      const { sql, url } = yield* booksUnderTest
      const off = { endpoint: undefined, span_delay_millis: 50, log_delay_millis: 50, metric_interval_millis: 50 }
      yield* Layer.build(
        ledgerGauges({ every_millis: 10 }).pipe(
          Layer.provide(database(connection(url))),
          Layer.provide(telemetry("orchestrator", off))
        )
      )
      const looks = Effect.repeat(
        sql`
          SELECT FROM pg_stat_activity
          WHERE application_name = 'orchestrator-under-test' AND datname = current_database()`,
        { schedule: Schedule.spaced("10 millis"), while: (rows) => rows.length === 0, times: 20 }
      )
      assert.deepStrictEqual(yield* looks, [])
    }).pipe(Effect.scoped))

  it("have a word for each kind of reason", () => {
    const words = [
      "payment.capture: no answer",
      "inventory.reserve: committed",
      "payment.capture: capture_refused: do_not_honor",
      "payment.capture: refund_refused: charge_disputed",
      "payment.capture: over what is left of the capture",
      "something else"
    ].map(parkedReasonOf)
    assert.deepStrictEqual(words, ["no_answer", "refused", "refused", "stuck", "stuck", "other"])
  })
})
