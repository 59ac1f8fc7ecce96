import { describe, it } from "@effect/vitest"
import { makeOrderId } from "@surety/domain/ids"
import { runStack } from "@surety/stack/run-stack"
import { Effect, Logger } from "effect"
import { compressed, seededDatabase, untilEntry } from "./stack-for-tests.ts"

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
      yield* untilEntry({ sql }, "NOT EXISTS (SELECT FROM ledger.entries WHERE attempts = 0)")
    }).pipe(Effect.scoped, Effect.provide(Logger.layer([]))))
})
