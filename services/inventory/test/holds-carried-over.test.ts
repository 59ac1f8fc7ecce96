import { assert, describe, it } from "@effect/vitest"
import type { Allocation } from "@surety/contracts/inventory-api"
import { OrderId } from "@surety/domain/ids"
import { migrate } from "@surety/platform/migrate"
import { freshDatabase } from "@surety/platform/postgres/fresh-database"
import { administrator } from "@surety/testkit/test-database"
import { Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { inject } from "vitest"
import { ReservationStore } from "../src/reservation-store.ts"
import { readDecision } from "../src/routing-decision.ts"
import { assertBooksBalance } from "./inventory-under-test.ts"

const ours = fileURLToPath(new URL("../../../migrations/inventory", import.meta.url))
const [first, ...later] = readdirSync(ours).toSorted()

const emptyDatabase = Effect.suspend(() => {
  const { concurrent, url } = inject("postgres")
  return freshDatabase({ server: { source: "url", description: "", url: Redacted.make(url), concurrent } })
})

/** A folder of migrations that has the first one only, until the others are added. */
const fromTheFirst = Effect.acquireRelease(
  Effect.sync(() => {
    const root = mkdtempSync(join(tmpdir(), "migrations-"))
    mkdirSync(join(root, "inventory"))
    const add = (files: ReadonlyArray<string>) => {
      for (const file of files) copyFileSync(join(ours, file), join(root, "inventory", file))
    }
    add([first!])
    return { root, addTheRest: () => add(later) }
  }),
  ({ root }) => Effect.sync(() => rmSync(root, { recursive: true }))
)

const anId = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, "0")}`
const [tea, mug, here, there] = [anId(1), anId(2), anId(3), anId(4)]
const [held, split, committed] = [anId(11), anId(12), anId(13)]
const [released, refused, neverHeardOf] = [anId(14), anId(15), anId(16)]

/** Reservations of every kind, as the service wrote them when holds were movements. */
const books = [
  `INSERT INTO inventory.products (id, sku, name, price_cents) VALUES ('${tea}', 'T', 'Tea', 1), ('${mug}', 'M', 'Mug', 1)`,
  `INSERT INTO inventory.warehouses (id, code, name, location)
    VALUES ('${here}', 'RTM', '', 'POINT(4 51)'), ('${there}', 'SYD', '', 'POINT(151 -33)')`,
  `INSERT INTO inventory.movements (cause_id, kind, line, product_id, warehouse_id, on_hand_delta, reserved_delta) VALUES
    (gen_random_uuid(), 'adjust', 0, '${tea}', '${here}', 10, 0), (gen_random_uuid(), 'adjust', 0, '${tea}', '${there}', 900, 0),
    (gen_random_uuid(), 'adjust', 0, '${mug}', '${here}', 10, 0),
    ('${held}', 'hold', 0, '${tea}', '${here}', 0, 2), ('${held}', 'hold', 1, '${mug}', '${here}', 0, 3),
    ('${split}', 'hold', 0, '${tea}', '${here}', 0, 1), ('${split}', 'hold', 1, '${tea}', '${there}', 0, 700),
    ('${committed}', 'hold', 0, '${mug}', '${here}', 0, 4), ('${committed}', 'commit', 0, '${mug}', '${here}', -4, -4),
    ('${released}', 'hold', 0, '${mug}', '${here}', 0, 1), ('${released}', 'release', 0, '${mug}', '${here}', 0, -1)`,
  `INSERT INTO inventory.stock (product_id, warehouse_id, on_hand, reserved)
    SELECT product_id, warehouse_id, sum(on_hand_delta), sum(reserved_delta) FROM inventory.movements GROUP BY 1, 2`,
  `INSERT INTO inventory.reservations (order_id, decision, warehouse_id, reason, expires_at, status) VALUES
    ('${held}', '{"to": [52.09, 5.12, "postal_code", "Utrecht"], "m": 57}', '${here}', NULL, now() + interval '1 hour', 'HELD'),
    ('${split}', '{"why": "no_address", "seen": [["RTM", 1, "c"], ["SYD", 2, "c"]]}', NULL, NULL, NULL, 'HELD'),
    ('${committed}', '{"to": [51, 4, "location", ""], "m": 9}', '${here}', NULL, NULL, 'COMMITTED'),
    ('${released}', '{"to": [51, 4, "city", "R"], "m": 9}', '${here}', NULL, NULL, 'RELEASED'),
    ('${refused}', '{"short": [["${tea}", 9999, 3]]}', NULL, 'insufficient_stock', NULL, 'REFUSED'),
    ('${neverHeardOf}', '{}', NULL, NULL, NULL, 'RELEASED')`
]

const reservation = Effect.fn(function*(id: string) {
  const store = yield* ReservationStore
  const row = (yield* store.read(OrderId.make(id)))!
  const wordsOf = (a: Allocation): readonly [string, string, number] => [a.product_id, a.warehouse_id, a.quantity]
  const allocations = row.allocations.map(wordsOf)
  const warehouse_id: string | null = row.warehouse_id
  const { matched } = readDecision(row.decision, row.warehouse_id, row.warehouse_ids).destination ?? {}
  return { status: row.status, warehouse_id, allocations, matched, expires: row.expires_at !== null }
})

describe("holds that were movements", () => {
  it.live("stand in their reservations afterwards, nothing lost, and the books balance", () =>
    Effect.gen(function*() {
      const url = yield* emptyDatabase
      const { addTheRest, root } = yield* fromTheFirst
      yield* migrate(url, root)
      const asAdministrator = administrator(url)
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        for (const statement of books) yield* sql.unsafe(statement)
        addTheRest()
        yield* migrate(url, root)
        yield* assertBooksBalance
        const none = { allocations: [], expires: false }
        assert.deepStrictEqual(yield* reservation(held), {
          status: "HELD",
          warehouse_id: here,
          allocations: [[tea, here, 2], [mug, here, 3]],
          matched: "postal_code",
          expires: true
        })
        assert.deepInclude(yield* reservation(split), {
          status: "HELD",
          warehouse_id: null,
          allocations: [[tea, here, 1], [tea, there, 700]]
        })
        const gone = yield* reservation(committed)
        assert.deepInclude(gone, { status: "COMMITTED", allocations: [[mug, here, 4]], matched: "location" })
        assert.deepInclude(yield* reservation(released), { ...none, status: "RELEASED", warehouse_id: here })
        assert.deepInclude(yield* reservation(refused), { ...none, status: "REFUSED", warehouse_id: null })
        assert.deepInclude(yield* reservation(neverHeardOf), { ...none, status: "RELEASED", warehouse_id: null })
      }).pipe(Effect.provide(Layer.provideMerge(ReservationStore.layer, asAdministrator)))
    }).pipe(Effect.scoped))
})
