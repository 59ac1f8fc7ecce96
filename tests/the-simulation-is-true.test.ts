import { assert, describe, it } from "@effect/vitest"
import { makeOrderId, type OrderId, ProductId } from "@surety/domain/ids"
import { type HeldEntry, LedgerStore, type NewEntry } from "@surety/edge-api/ledger-store"
import { fulfilOrder } from "@surety/orchestrator/fulfil-order"
import { LedgerJournal } from "@surety/orchestrator/journal-store"
import type { LedgerRow } from "@surety/orchestrator/ledger-row"
import type { Neighbours } from "@surety/orchestrator/neighbours"
import { type Finding, type PaymentRow, PaymentStore } from "@surety/payment/payment-store"
import { type RefundRow, RefundStore } from "@surety/payment/refund-store"
import { database } from "@surety/platform/database"
import { settle } from "@surety/saga/decide"
import type { Outcome } from "@surety/saga/definition"
import type { Recording } from "@surety/saga/journal"
import { administrator, testDatabase } from "@surety/testkit/test-database"
import { Context, Effect, Layer, type Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { Dice } from "../chaos/simulation/dice.ts"
import { LedgerModel } from "../chaos/simulation/ledger-model.ts"
import { PaymentModel } from "../chaos/simulation/payment-model.ts"

const LEASE_MILLIS = 60_000
const STEPS = 600
const ORDERS = 16
/** Longer than any lease and any wait. */
const AN_AGE_MILLIS = 86_400_000

const connection = (url: Redacted.Redacted, role: string) =>
  database({ url, role, application_name: "conformance", max_connections: 2 })

const ids = Array.from(
  { length: ORDERS },
  (_, n): OrderId => makeOrderId({ epochMillis: Date.now() - 1_000 + n, shard: n, random: new Uint8Array(9).fill(n) })
)

const entryOf = (n: number): NewEntry => ({
  id: ids[n]!,
  shard: n,
  caller: "public",
  // Every key belongs to two orders, of which one is first.
  idempotency_key: `key-${n % (ORDERS / 2 + 2)}`,
  request_hash: "ab".repeat(32),
  user_id: "user",
  email: "user@example.com",
  items: [{ product_id: ProductId.make("00000000-0000-7000-8000-000000000001"), quantity: 1, unit_price_cents: 100 }],
  shipping_address: undefined,
  total_cents: 100,
  currency: "usd",
  trace_context: undefined
})

const byId = <A extends { readonly id: string }>(rows: ReadonlyArray<A>) =>
  rows.toSorted((a, b) => a.id < b.id ? -1 : 1)
/** What of a claimed row does not depend on when it was claimed. */
const claimedOf = (rows: ReadonlyArray<LedgerRow>) =>
  byId(rows).map(({ attempts, fence, id, lease_expiries, reason, recovered, status, total_cents, undoing }) => (
    { attempts, fence, id, lease_expiries, reason, recovered, status, total_cents, undoing }
  ))

/** The definition alone: nobody is called. */
const saga = fulfilOrder(
  {
    orders: { orders: {} },
    inventory: { reservations: {} },
    payment: { payments: {} }
  } as unknown as Neighbours["Service"],
  1_000
)
const outcomes: ReadonlyArray<Outcome> = [
  { _tag: "Done", facts: { warehouse_id: "00000000-0000-7000-8000-00000000a11e" } },
  { _tag: "Done" },
  { _tag: "Refused", reason: "insufficient_stock" },
  { _tag: "Stuck", reason: "a person must look" },
  { _tag: "Unknown", error: "no answer" }
]

const recordingOf = (row: LedgerRow, dice: Dice): Recording => {
  const change = settle(saga, row, dice.oneOf(outcomes))
  const keep_lease = !change.ended && change.parked_reason === null && change.wait_millis === 0 && dice.happens(0.5)
  return { ...change, id: row.id, fence: row.fence, keep_lease }
}

describe("the simulation's model", () => {
  for (const seed of [1, 2, 3]) {
    it.live(`of the ledger does what its SQL does, statement by statement, seed ${seed}`, () =>
      Effect.gen(function*() {
        const url = yield* testDatabase
        const sql = Context.get(yield* Layer.build(administrator(url)), SqlClient.SqlClient)
        const dice = new Dice(seed)
        let now = Date.now()
        const model = new LedgerModel(() => now, () => {})
        const leases = ["a", "b"].map((owner) => ({ owner, millis: LEASE_MILLIS }))
        const pairs = yield* Effect.forEach(leases, (lease) => {
          const given = { owner: lease.owner, lease_millis: lease.millis }
          const both = Layer.mergeAll(LedgerStore.layer(given), LedgerJournal.layer(given))
          return Effect.map(Layer.build(Layer.provide(both, connection(url, "surety_ledger"))), (context) => ({
            lease,
            store: Context.get(context, LedgerStore),
            journal: Context.get(context, LedgerJournal)
          }))
        })
        const held: Array<HeldEntry> = []
        const claimed: Array<LedgerRow> = []
        const moves = {
          insert: Effect.gen(function*() {
            const { lease, store } = dice.oneOf(pairs)
            const entry = entryOf(dice.between(0, ORDERS - 1))
            const fromSql = yield* store.insert(entry)
            assert.deepStrictEqual(fromSql, model.insert(lease, [entry])[0])
            if (fromSql !== undefined) held.push(fromSql)
          }),
          findByKey: Effect.gen(function*() {
            const { caller, idempotency_key } = entryOf(dice.between(0, ORDERS - 1))
            const hash = dice.oneOf(["ab", "cd"]).repeat(32)
            const fromSql = yield* pairs[0]!.store.findByKey(caller, idempotency_key, hash)
            assert.deepStrictEqual(fromSql, model.findByKey(caller, idempotency_key, hash))
          }),
          takeOver: Effect.gen(function*() {
            const { lease, store } = dice.oneOf(pairs)
            const id = dice.oneOf(ids)
            const fromSql = yield* store.takeOver(id)
            assert.deepStrictEqual(fromSql, model.takeOver(lease, id))
            if (fromSql !== undefined) held.push(fromSql)
          }),
          claimUnresolved: Effect.gen(function*() {
            const { lease, store } = dice.oneOf(pairs)
            const fromSql = yield* store.claimUnresolved(ORDERS * 2)
            assert.deepStrictEqual(byId(fromSql), byId(model.claimUnresolved(lease, ORDERS * 2)))
            held.push(...fromSql)
          }),
          settle: Effect.gen(function*() {
            if (held.length === 0) return
            const settlement = {
              entry: dice.oneOf(held),
              outcome: dice.oneOf(
                [
                  { _tag: "Authorized" },
                  { _tag: "Authorized" },
                  { _tag: "Declined", decline_code: "no_funds", detail: "declined" },
                  { _tag: "Unknown", detail: "silence" }
                ] as const
              )
            }
            assert.strictEqual(yield* pairs[0]!.store.settle(settlement), model.settle([settlement])[0])
          }),
          postpone: Effect.gen(function*() {
            if (held.length === 0) return
            const entry = dice.oneOf(held)
            const postponement = { attempts: entry.attempts + 1, wait_millis: LEASE_MILLIS, error: "silence" }
            yield* pairs[0]!.store.postpone(entry, postponement)
            model.postpone(entry, postponement)
          }),
          claim: Effect.gen(function*() {
            const { journal, lease } = dice.oneOf(pairs)
            const limit = dice.oneOf([1, 3, 64])
            const fromSql = yield* journal.claim(limit)
            assert.deepStrictEqual(claimedOf(fromSql), claimedOf(model.claim(lease, limit)))
            claimed.push(...fromSql)
          }),
          record: Effect.gen(function*() {
            const { journal, lease } = dice.oneOf(pairs)
            const rows = new Map(Array.from({ length: dice.between(0, 3) }, () => {
              const row = claimed[Math.floor(dice.roll() * claimed.length)]
              return [row?.id, row] as const
            }))
            const recordings = [...rows.values()].flatMap((row) => row === undefined ? [] : [recordingOf(row, dice)])
            if (recordings.length === 0) return
            const fromSql = yield* journal.record(recordings)
            assert.deepStrictEqual([...fromSql].toSorted(), model.record(lease, recordings).toSorted())
            // Whoever keeps a lease goes on from what he wrote; late are only those who lost theirs.
            for (const { attempts, id, status, undoing } of recordings.filter(({ id }) => fromSql.has(id))) {
              const at = claimed.indexOf(rows.get(id as OrderId)!)
              claimed[at] = { ...claimed[at]!, attempts, status: status as LedgerRow["status"], undoing }
            }
          }),
          anAgePasses: Effect.gen(function*() {
            yield* sql`UPDATE ledger.entries SET lease_until = now() - interval '1 s' WHERE lease_until IS NOT NULL`
            yield* sql`UPDATE ledger.due SET next_run_at = now() - interval '1 s' WHERE next_run_at <> 'infinity'`
            now += AN_AGE_MILLIS
          })
        }
        const done = new Set<string>()
        for (let step = 0; step < STEPS; step++) {
          const move = dice.oneOf([...Object.keys(moves), "insert", "settle", "claim", "record", "record"])
          done.add(move)
          yield* moves[move as keyof typeof moves]
        }
        assert.strictEqual(done.size, Object.keys(moves).length)

        const rows = yield* sql`
          SELECT id, status, undoing, attempts, fence, lease_owner, lease_expiries, reason, parked_reason,
            warehouse_id, response_status, next_run_at IS NOT NULL AS has_ticket
          FROM ledger.entries LEFT JOIN ledger.due ON order_id = id ORDER BY id`
        assert.deepStrictEqual(
          rows.map((row) => ({ ...row })),
          [...model.entries.values()].toSorted((a, b) => a.order.id < b.order.id ? -1 : 1).map((entry) => ({
            id: entry.order.id,
            status: entry.status,
            undoing: entry.undoing,
            attempts: entry.attempts,
            fence: entry.fence,
            lease_owner: entry.lease_owner,
            lease_expiries: entry.lease_expiries,
            reason: entry.reason,
            parked_reason: entry.parked_reason,
            warehouse_id: entry.warehouse_id,
            response_status: entry.answer?.status ?? null,
            has_ticket: entry.next_run_at !== undefined
          }))
        )
      }).pipe(Effect.scoped))

    it.live(`of payments and refunds does what their SQL does, seed ${seed}`, () =>
      Effect.gen(function*() {
        const url = yield* testDatabase
        const both = Layer.mergeAll(PaymentStore.layer, RefundStore.layer)
        const context = yield* Layer.build(Layer.provide(both, connection(url, "surety_payment")))
        const store = Context.get(context, PaymentStore)
        const refunds = Context.get(context, RefundStore)
        const dice = new Dice(seed)
        const model = new PaymentModel(() => Date.now())
        const intended: Array<RefundRow> = []
        const timeless = (rows: Iterable<PaymentRow | undefined>) =>
          [...rows].map((row) => row && { ...row, created_at: "", updated_at: "" })
            .toSorted((a, b) => (a?.reference ?? "") < (b?.reference ?? "") ? -1 : 1)
        const findingOf = (reference: OrderId): Finding =>
          dice.oneOf<Finding>([
            { reference, status: "AUTHORIZED", provider_id: `pi_${reference}` },
            { reference, status: "DECLINED", refusal_code: "no_funds" },
            { reference, status: "CAPTURED", captured_cents: 100 },
            { reference, status: "CAPTURE_REFUSED", refusal_code: "expired" },
            { reference, status: "VOIDED" }
          ])
        const moves = {
          intend: Effect.gen(function*() {
            const intent = { reference: dice.oneOf(ids), amount_cents: 100, currency: "usd", token: "tok" }
            assert.deepStrictEqual(timeless([yield* store.intendOne(intent)]), timeless(model.intend([intent])))
          }),
          entomb: Effect.gen(function*() {
            const references = dice.happens(0.2) ? [dice.oneOf(ids)] : []
            yield* store.entomb(references)
            model.entomb(references)
          }),
          record: Effect.gen(function*() {
            const findings = [...new Set([dice.oneOf(ids), dice.oneOf(ids)])].map(findingOf)
            assert.deepStrictEqual(
              timeless(yield* store.record(findings)),
              timeless(model.record(findings).filter((row) => row !== undefined))
            )
          }),
          refund: Effect.gen(function*() {
            const [reference, key, cents] = [dice.oneOf(ids), dice.oneOf(["a", "b"]), dice.oneOf([undefined, 30, 100])]
            const fromSql = yield* refunds.intend(reference, key, cents)
            assert.deepStrictEqual(fromSql && { ...fromSql }, model.intendRefund(reference, key, cents))
            if (fromSql !== undefined) intended.push(fromSql)
          }),
          refunded: Effect.gen(function*() {
            if (intended.length === 0) return
            const refund = dice.oneOf(intended)
            yield* refunds.done(refund, `re_${refund.key}`)
            model.refundDone(refund)
          }),
          refused: Effect.gen(function*() {
            if (intended.length === 0) return
            const refund = dice.oneOf(intended)
            yield* refunds.refused(refund)
            model.refundRefused(refund)
          })
        }
        for (let step = 0; step < STEPS; step++) {
          yield* moves[dice.oneOf([...Object.keys(moves), "record", "record"]) as keyof typeof moves]
          const known = yield* store.byReferences(ids)
          assert.deepStrictEqual(timeless(known.values()), timeless(model.byReferences(ids)))
        }
      }).pipe(Effect.scoped))
  }
})
