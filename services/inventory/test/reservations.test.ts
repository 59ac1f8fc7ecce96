import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import {
  anOrder,
  aProduct,
  assertBooksBalance,
  availabilityOf,
  call,
  commitSet,
  expectStatus,
  InventoryUnderTest,
  releaseSet,
  reserve,
  reserveSet,
  type Result,
  rowCounts,
  stock
} from "./inventory-under-test.ts"
import { held, rotterdam, twoPlaces } from "./two-places.ts"

layer(InventoryUnderTest.layer, { excludeTestServices: true, timeout: "60 seconds" })("a reservation", (it) => {
  it.effect("holds the lines, merged a product, and tells where from and why", () =>
    Effect.gen(function*() {
      const { away, home, product } = yield* twoPlaces
      const near = yield* held([[product, 3], [product, 4]])
      assert.deepInclude(near.reservation, { status: "HELD", warehouse_id: home, expired: false })
      assert.deepStrictEqual(near.reservation.allocations, [{ product_id: product, warehouse_id: home, quantity: 7 }])
      assert.notProperty(near.reservation, "expires_at")
      const { order, path, reservation: far } = yield* held([[product, 4]])
      assert.strictEqual(far.warehouse_id, away, "the nearest has three left")
      assert.deepInclude(far.decision.destination, { ...rotterdam, matched: "location" })
      const passedOver = far.decision.candidates.filter((c: any) => c.warehouse_id === home)
      assert.deepInclude(passedOver[0], { verdict: "insufficient_stock", distance_meters: 0 })
      assert.deepInclude(far.decision.candidates.at(-1), { warehouse_id: away, verdict: "chosen" })
      assert.isAtMost(far.decision.candidates.length, 10)
      assert.deepStrictEqual(yield* expectStatus(200, "GET", path), far)
      assert.deepStrictEqual(yield* expectStatus(201, "POST", "/reservations", order), far)
      yield* assertBooksBalance
    }))

  it.effect("is answered the same however often and however many at once ask for it", () =>
    Effect.gen(function*() {
      const { product } = yield* twoPlaces
      const order = anOrder([[product, 1]])
      const other = anOrder([[product, 1]])
      const answers = yield* Effect.all(
        Array.from({ length: 16 }, (_, i) => reserveSet(i % 2 === 0 ? [order, other] : [other, order, other])),
        { concurrency: "unbounded" }
      )
      for (const results of answers) {
        for (const result of results) {
          const [first] = answers[0]!.filter((r) => r.order_id === result.order_id)
          assert.deepStrictEqual(result, first!)
          assert.strictEqual(result.outcome, "done")
        }
      }
      assert.strictEqual((yield* availabilityOf(product)).reserved, 2)
      yield* assertBooksBalance
    }))

  it.effect("is refused for want of stock with what there is, and stays refused", () =>
    Effect.gen(function*() {
      const { product } = yield* twoPlaces
      const nobodyHas = yield* aProduct
      const order = anOrder([[product, 21], [nobodyHas.id, 1]])
      const before = yield* availabilityOf(product)
      const refusal = yield* reserve(order)
      assert.strictEqual(refusal.status, 409)
      assert.deepInclude(refusal.body, {
        error: "insufficient_stock",
        shortages: [
          { product_id: product, requested: 21, available: 20 },
          { product_id: nobodyHas.id, requested: 1, available: 0 }
        ]
      })
      yield* stock(product, 100)
      yield* stock(nobodyHas.id, 100)
      assert.deepStrictEqual((yield* reserve(order)).body, refusal.body)
      assert.deepStrictEqual(yield* reserveSet([order]), [
        { order_id: order.order_id, outcome: "refused", reason: "insufficient_stock" }
      ])
      const stored = yield* expectStatus(200, "GET", `/reservations/${order.order_id}`)
      assert.deepInclude(stored, { status: "REFUSED", reason: "insufficient_stock", allocations: [] })
      assert.isNotEmpty(stored.decision.candidates)
      assert.strictEqual((yield* availabilityOf(product)).reserved, before.reserved)
      const released = yield* expectStatus(200, "DELETE", `/reservations/${order.order_id}`)
      assert.strictEqual(released.status, "REFUSED", "there was nothing to undo")
    }))

  it.effect("is refused when only several warehouses together have it, and split when the order allows it", () =>
    Effect.gen(function*() {
      const { away, home, product } = yield* twoPlaces
      const refused = yield* reserve(anOrder([[product, 15]]))
      assert.strictEqual(refused.status, 409)
      assert.strictEqual(refused.body.error, "no_single_warehouse")
      const { reservation } = yield* held([[product, 15]], { allow_split: true })
      assert.notProperty(reservation, "warehouse_id")
      assert.deepStrictEqual(reservation.allocations, [
        { product_id: product, warehouse_id: home, quantity: 10 },
        { product_id: product, warehouse_id: away, quantity: 5 }
      ])
      const { reservation: whole } = yield* held([[product, 5]], { allow_split: true })
      assert.strictEqual(whole.warehouse_id, away, "one warehouse is fewer than two")
      assert.strictEqual((yield* call("DELETE", `/reservations/${reservation.order_id}`)).status, 200)
      yield* assertBooksBalance
    }))

  it.effect("without a place starts at the default warehouse, then goes outwards from there", () =>
    Effect.gen(function*() {
      const { warehouses } = yield* expectStatus(200, "GET", "/warehouses")
      const byDefault = warehouses.find((w: any) => w.is_default)
      const { away, home, product } = yield* twoPlaces
      yield* stock(product, 5, byDefault.id)
      for (
        const [why, address] of [["no_address", {}], ["unknown_place", {
          shipping_address: { city: "Nowhere-on-Sea", country: "ZZ" }
        }]] as const
      ) {
        const { body } = yield* reserve(anOrder([[product, 2]], address))
        assert.strictEqual(body.warehouse_id, byDefault.id)
        assert.strictEqual(body.decision.fallback, why)
        assert.notProperty(body.decision, "destination")
      }
      assert.strictEqual(
        (yield* reserve(anOrder([[product, 6]]))).body.warehouse_id,
        home,
        "the default one stands there"
      )
      assert.strictEqual((yield* reserve(anOrder([[product, 6]]))).body.warehouse_id, away)
    }))

  it.effect("goes to the city of an address", () =>
    Effect.gen(function*() {
      const { away, product } = yield* twoPlaces
      const { body } = yield* reserve(anOrder([[product, 1]], { shipping_address: { city: "Boston", country: "US" } }))
      assert.strictEqual(body.warehouse_id, away)
      assert.strictEqual(body.decision.destination.matched, "city")
    }))

  it.effect("that is committed leaves the shelf once and for all", () =>
    Effect.gen(function*() {
      const { product } = yield* twoPlaces
      const { order, path } = yield* held([[product, 3]])
      for (let time = 0; time < 2; time++) {
        const committed = yield* expectStatus(200, "POST", `${path}/commitment`)
        assert.deepInclude(committed, { status: "COMMITTED" })
        assert.strictEqual(committed.allocations.length, 1)
      }
      assert.deepInclude(yield* availabilityOf(product), { on_hand: 17, reserved: 0, available: 17 })
      const release = yield* expectStatus(409, "DELETE", path)
      assert.deepInclude(release, { error: "state_conflict", current: "COMMITTED" })
      assert.strictEqual((yield* reserve(order)).body.status, "COMMITTED")
      yield* assertBooksBalance
    }))

  it.effect("that is released frees its units once, and is never held again", () =>
    Effect.gen(function*() {
      const { product } = yield* twoPlaces
      const { order, path } = yield* held([[product, 3]])
      for (let time = 0; time < 2; time++) {
        const released = yield* expectStatus(200, "DELETE", path)
        assert.deepInclude(released, { status: "RELEASED", allocations: [] })
      }
      assert.deepInclude(yield* availabilityOf(product), { on_hand: 20, reserved: 0, available: 20 })
      assert.deepInclude(yield* expectStatus(409, "POST", "/reservations", order), {
        error: "state_conflict",
        current: "RELEASED"
      })
      assert.strictEqual((yield* expectStatus(409, "POST", `${path}/commitment`)).current, "RELEASED")
      yield* assertBooksBalance
    }))

  it.effect("that comes after its release is refused", () =>
    Effect.gen(function*() {
      const { product } = yield* twoPlaces
      const order = anOrder([[product, 1]])
      assert.deepInclude(yield* expectStatus(200, "DELETE", `/reservations/${order.order_id}`), { status: "RELEASED" })
      assert.deepStrictEqual(yield* reserveSet([order]), [
        { order_id: order.order_id, outcome: "refused", reason: "released_before" }
      ])
      assert.strictEqual((yield* availabilityOf(product)).reserved, 0)
    }))

  it.effect("and its release at the same time leave nothing held, whoever comes first", () =>
    Effect.gen(function*() {
      const { product } = yield* twoPlaces
      const orders = Array.from({ length: 40 }, () => anOrder([[product, 1]]))
      yield* Effect.all(
        orders.flatMap((order) => [reserveSet([order]), releaseSet([order.order_id])]),
        { concurrency: "unbounded" }
      )
      yield* releaseSet(orders.map((order) => order.order_id))
      assert.deepInclude(yield* availabilityOf(product), { on_hand: 20, reserved: 0 })
      yield* assertBooksBalance
    }))

  it.effect("nobody made cannot be read or committed, and asking leaves no trace", () =>
    Effect.gen(function*() {
      const before = yield* rowCounts
      const id = randomUUID()
      assert.strictEqual((yield* expectStatus(404, "GET", `/reservations/${id}`)).error, "reservation_not_found")
      const commit = yield* expectStatus(404, "POST", `/reservations/${id}/commitment`)
      assert.deepInclude(commit, { error: "reservation_not_found", order_id: id })
      assert.deepStrictEqual(yield* rowCounts, before)
    }))

  it.effect("in a set is answered by where it stands, in the order asked", () =>
    Effect.gen(function*() {
      const { home, product } = yield* twoPlaces
      const unknown = randomUUID() as string
      const heldOne = yield* held([[product, 1]])
      const committed = yield* held([[product, 1]])
      const released = yield* held([[product, 1]])
      const idOf = ({ order }: { readonly order: { readonly order_id: string } }) => order.order_id
      yield* commitSet([idOf(committed)])
      yield* releaseSet([idOf(released)])
      const refused = anOrder([[product, 99]])
      yield* reserveSet([refused])
      const all = [unknown, idOf(released), idOf(heldOne), refused.order_id, idOf(committed), idOf(heldOne)]
      const done = (order_id: string, status: string): Result => ({
        order_id,
        outcome: "done",
        status,
        warehouse_id: home
      })
      const no = (order_id: string, reason: string): Result => ({ order_id, outcome: "refused", reason })
      assert.deepStrictEqual(yield* commitSet(all), [
        no(unknown, "not_reserved"),
        no(idOf(released), "released"),
        done(idOf(heldOne), "COMMITTED"),
        no(refused.order_id, "refused"),
        done(idOf(committed), "COMMITTED"),
        done(idOf(heldOne), "COMMITTED")
      ])
      const another = yield* held([[product, 1]])
      assert.deepStrictEqual(
        yield* releaseSet([idOf(another), unknown, refused.order_id, idOf(committed), unknown]),
        [
          done(idOf(another), "RELEASED"),
          { order_id: unknown, outcome: "done", status: "RELEASED" },
          { order_id: refused.order_id, outcome: "done", status: "REFUSED" },
          no(idOf(committed), "committed"),
          { order_id: unknown, outcome: "done", status: "RELEASED" }
        ]
      )
      yield* assertBooksBalance
    }))
})
