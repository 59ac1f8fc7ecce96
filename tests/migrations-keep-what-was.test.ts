import { assert, describe, it } from "@effect/vitest"
import { migrate } from "@surety/platform/migrate"
import { always, judge } from "@surety/testkit/judge"
import { administrator, emptyDatabase } from "@surety/testkit/test-database"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { cpSync, globSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** The migrations as they were first published, in a folder of their own. */
const firstMigrations = Effect.acquireRelease(
  Effect.sync(() => {
    const root = mkdtempSync(join(tmpdir(), "surety-first-migrations-"))
    for (const file of globSync("migrations/{inventory,ledger,orders,payment}/0001_*.sql")) {
      cpSync(file, join(root, file.replace(/^migrations./, "")))
    }
    return root
  }),
  (root) => Effect.sync(() => rmSync(root, { recursive: true }))
)

const ids = Array.from({ length: 4 }, (_, n) => `01900000-0000-7000-8000-00000000000${n}`)
const forward = ["AUTHORIZED", "ORDER_CREATED", "INVENTORY_RESERVED", "PAYMENT_CAPTURED", "COMPLETED"]
const journeys = [
  forward,
  [...forward.slice(0, 3), "COMPENSATING", "FAILED"],
  ["AUTHORIZATION_FAILED"],
  forward.slice(0, 2)
]

describe("migrations", () => {
  it.live("keep what was: orders, their times, events, tickets, keys, payments and refunds", () =>
    Effect.gen(function*() {
      const url = yield* emptyDatabase
      yield* migrate(url, yield* firstMigrations)
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        for (const [n, id] of ids.entries()) {
          yield* sql`
            INSERT INTO ledger.entries (id, shard, caller, idempotency_key, request_hash, user_id, email, items, total_cents,
              currency)
            VALUES (${id}, 1, 'public', ${`key-${n}`}, sha256('x'), 'user', 'a@example.com',
              ${JSON.stringify([{ product_id: id, quantity: 1, unit_price_cents: 100 }])}::text::jsonb, 100, 'usd')`
          for (const status of journeys[n]!) {
            yield* sql`
              UPDATE ledger.entries SET status = ${status}, authorization_id = ${id}, reason = 'told',
                undoing = CASE WHEN ${status}::text = 'COMPENSATING' THEN 'payment.authorize' END
              WHERE id = ${id}`
          }
        }
        yield* sql`
          INSERT INTO payment.payments (authorization_id, reference, amount_cents, currency, status, provider_id,
            captured_cents, refunded_cents)
          VALUES (gen_random_uuid(), ${ids[0]!}, 100, 'usd', 'CAPTURED', 'pi_1', 100, 40)`
        yield* sql`
          INSERT INTO payment.refunds (authorization_id, key, amount_cents, status)
          SELECT authorization_id, 'client:a', 40, 'DONE' FROM payment.payments`

        yield* migrate(url)

        const entries = yield* sql<{ id: string; status: string; times: number; ended: boolean }>`
          SELECT id, status, ended_at IS NOT NULL AS ended, num_nonnulls(authorized_at, order_created_at,
            inventory_reserved_at, payment_captured_at, compensating_at, ended_at) AS times
          FROM ledger.entries ORDER BY id`
        assert.deepStrictEqual(
          entries,
          ids.map((id, n) => ({ id, status: journeys[n]!.at(-1)!, ended: n !== 3, times: journeys[n]!.length }))
        )
        const events = yield* sql<{ id: string; to: string }>`
          SELECT o.id, t.to_status AS "to" FROM ledger.transitions t, unnest(t.order_ids) AS o (id) ORDER BY o.id, t.xact, t.id`
        assert.deepStrictEqual(
          events.map(({ id, to }) => [id, to]),
          ids.flatMap((id, n) => ["AWAITING_AUTHORIZATION", ...journeys[n]!].map((to) => [id, to]))
        )
        assert.deepStrictEqual(yield* sql`SELECT reference, amount_cents::int AS cents FROM payment.refunds`, [
          { reference: ids[0], cents: 40 }
        ])
        const ledgersOwn = [
          "timeline_is_unbroken",
          "failures_are_listed",
          "a_ticket_until_the_end",
          "captured_over_authorized"
        ]
        assert.deepStrictEqual(yield* judge(always.filter(({ name }) => ledgersOwn.includes(name))), [])
      }).pipe(Effect.provide(administrator(url)))
    }).pipe(Effect.scoped))
})
