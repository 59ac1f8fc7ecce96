import { describe, it } from "@effect/vitest"
import { makeOrderId } from "@surety/domain/ids"
import { runStack } from "@surety/stack/run-stack"
import { Effect, Logger, Schedule } from "effect"
import { compressed, seededDatabase } from "./stack-for-tests.ts"

const ORDERS = 100

const orderId = (n: number) => makeOrderId({ epochMillis: 1_700_000_000_000, shard: 1, random: Buffer.alloc(9, n) })

describe("after a long silence of the payment service", () => {
  it.live("all orders that it left open are asked about at once, set after set", () =>
    Effect.gen(function*() {
      const { database, sql } = yield* seededDatabase
      const ids = Array.from({ length: ORDERS }, (_, n) => orderId(n))
      yield* sql`
        INSERT INTO ledger.entries (id, shard, caller, idempotency_key, request_hash, user_id, email, items, total_cents,
          currency, fence, lease_owner, lease_until)
        SELECT id, 1, 'public', id::text, sha256(''), 'user_1', 'ada@example.com', '[]', 2999, 'usd', 1, 'edge-of-the-dead', now()
        FROM unnest(${ids}::uuid[]) AS id`
      // Nobody looks a second time in this test: who is asked about is asked about by the first look.
      const patient = { ...compressed, EDGE_RESOLVE_EVERY_MILLIS: "60000", EDGE_RETRY_UNIT_MILLIS: "60000" }
      yield* runStack(database, patient, ["orchestrator"])
      yield* sql`SELECT FROM ledger.entries WHERE attempts = 0`.pipe(
        Effect.repeat({ until: (rows) => rows.length === 0, schedule: Schedule.spaced("20 millis") }),
        Effect.timeout("20 seconds")
      )
    }).pipe(Effect.scoped, Effect.provide(Logger.layer([]))))
})
