import { assert, describe, it } from "@effect/vitest"
import { judge } from "@surety/testkit/judge"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import type { Breakage, Scene } from "./breakage.ts"
import { forAPerson, shownByNothingElse } from "./breakages-for-a-person.ts"
import { longAfterwards, withOneAnswer } from "./breakages-with-one-answer.ts"
import { atProvider, heldOrder, TOTAL } from "./broken-books.ts"
import {
  findingsOf,
  reconciledStack,
  roundsOnly,
  untilFound,
  untilLookedThrough,
  withoutRounds,
  withRounds
} from "./reconciled-stack.ts"
import { afterTheEnd, compareWithProvider, orderOf, place, request, stocked } from "./stack-for-tests.ts"

/** A stack in which some orders ended well before claiming was paused. */
const setScene = Effect.fnUntraced(function*(completed: number) {
  const stack = yield* reconciledStack()
  const product = yield* stocked(stack, 100, TOTAL)
  const ids = yield* Effect.forEach(
    Array.from({ length: completed }),
    () => Effect.map(place(stack, orderOf(product)), ({ body }) => body["order_ledger_id"] as string),
    { concurrency: 16 }
  )
  yield* afterTheEnd(stack)
  yield* request("PUT", `${stack.urls.orchestrator}/claiming`, { paused: true, note: "breaking the books" })
  return { stack, product, completed: () => ids.pop()! } satisfies Scene
})

/** Breaks the books in every way at once, waits until as much is found, and holds each finding against its order. */
const breakAll = Effect.fnUntraced(function*(scene: Scene, breakages: Readonly<Record<string, Breakage>>) {
  const broken = new Map<string, string>()
  for (const [name, { made }] of Object.entries(breakages)) broken.set(yield* made(scene), name)
  const all = Object.values(breakages).flatMap(({ found }) => found)
  const findings = yield* untilFound(scene.stack, all)
  for (const [order, name] of broken) {
    const found = findings.filter(({ order_id }) => order_id === order).map(({ kind, state }) => `${kind} ${state}`)
    assert.deepStrictEqual(found.toSorted(), breakages[name]!.found.toSorted(), name)
  }
  return { findings, orders: new Map(Array.from(broken, ([order, name]) => [name, order])) }
})

describe("the books are compared", () => {
  it.live("soon after it happened, and what has one right answer is repaired: then all balance again", () =>
    Effect.gen(function*() {
      const scene = yield* setScene(1)
      const { stack } = scene
      yield* withoutRounds(stack)
      const provider = atProvider(stack)
      // By-standers: an order under way, and payments of somebody else.
      const underWay = yield* heldOrder(stack, scene.product)
      const foreign = [yield* provider.hold(undefined), yield* provider.hold("invoice-77")]
      foreign.push(yield* provider.hold(randomUUID()))
      const { orders } = yield* breakAll(scene, withOneAnswer)

      const { strangers, wrong } = yield* compareWithProvider(stack)
      assert.deepStrictEqual(wrong.map(({ id }) => id), [underWay])
      const known = strangers.filter((one) => one.reference === orders.get("a hold at the provider that no book knows"))
      assert.deepStrictEqual(known.map(({ captured_cents, held_cents }) => [held_cents, captured_cents]), [[0, 0]])
      const untouched = strangers.filter((one) => !known.includes(one))
      assert.deepStrictEqual(untouched.map(({ held_cents }) => held_cents), foreign.map(() => TOTAL))

      yield* request("PUT", `${stack.urls.orchestrator}/claiming`, { paused: false })
      yield* afterTheEnd(stack)
      assert.deepStrictEqual(yield* judge().pipe(Effect.provideService(SqlClient.SqlClient, stack.sql)), [])
      assert.deepStrictEqual((yield* compareWithProvider(stack)).wrong, [])
      yield* withRounds(stack)
      yield* untilLookedThrough(stack)
      assert.lengthOf(yield* findingsOf(stack), Object.values(withOneAnswer).flatMap(({ found }) => found).length)
    }).pipe(Effect.scoped))

  it.live("soon, also where neither a new payment nor the ledger shows that something is wrong", () =>
    Effect.gen(function*() {
      const scene = yield* setScene(0)
      yield* withoutRounds(scene.stack)
      yield* breakAll(scene, shownByNothingElse)
    }).pipe(Effect.scoped))

  it.live("in time, also where it happened long after all had been well", () =>
    Effect.gen(function*() {
      const scene = yield* setScene(2)
      const { stack } = scene
      yield* roundsOnly(stack)
      const { findings } = yield* breakAll(scene, longAfterwards)
      assert.sameMembers(findings.map(({ remedy }) => remedy), ["agree", "settle"])
      const { body } = yield* request("GET", `${stack.urls.simulator}/_simulator/totals`)
      assert.deepStrictEqual([body["captured_cents"], body["refunded_cents"]], [3 * TOTAL, TOTAL])
    }).pipe(Effect.scoped))

  it.live("and what has more than one right answer, or none, is left to a person, with nothing changed", () =>
    Effect.gen(function*() {
      const scene = yield* setScene(4)
      const { stack } = scene
      yield* roundsOnly(stack)
      const { findings } = yield* breakAll(scene, forAPerson)
      const before = yield* request("GET", `${stack.urls.simulator}/_simulator/totals`)
      yield* untilLookedThrough(stack)
      assert.deepStrictEqual((yield* request("GET", `${stack.urls.simulator}/_simulator/totals`)).body, before.body)
      assert.sameMembers((yield* findingsOf(stack)).map(({ id }) => id), findings.map(({ id }) => id))
      const refused = findings.find(({ kind }) => kind === "missing_refund")
      assert.match(refused?.last_error ?? "", /^refund_refused/)
    }).pipe(Effect.scoped))
})
