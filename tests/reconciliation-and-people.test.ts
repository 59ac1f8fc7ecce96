import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import { atProvider, byHand, failed, heldOrder, TOTAL } from "./broken-books.ts"
import { anOrderId, findingsOf, reconciledStack, untilFound, untilLookedThrough } from "./reconciled-stack.ts"
import { request, type Stack, stocked } from "./stack-for-tests.ts"

const operate = (stack: Stack, finding: string, action: "close" | "retry") =>
  request("POST", `${stack.urls.orchestrator}/reconciliation/findings/${finding}/${action}`, {
    note: `tested: ${action}`
  })

const authorizedByHand = (stack: Stack, token = "tok_visa_success") => {
  const reference = randomUUID()
  const asked = { reference, amount_cents: TOTAL, currency: "usd", token }
  return Effect.as(request("POST", `${stack.urls.payment}/payments/authorize`, asked), reference)
}

describe("a finding that waits for a person", () => {
  it.live("is closed with a note and not told again, until something else is seen", () =>
    Effect.gen(function*() {
      const stack = yield* reconciledStack()
      const reference = yield* authorizedByHand(stack)
      const [parked] = yield* untilFound(stack, ["payment_without_order PARKED"])
      const closed = yield* operate(stack, parked!.id, "close")
      assert.deepStrictEqual([closed.status, closed.body["state"], closed.body["note"]], [
        200,
        "CLOSED",
        "tested: close"
      ])
      yield* untilLookedThrough(stack)
      assert.lengthOf(yield* findingsOf(stack), 1)
      yield* request("POST", `${stack.urls.payment}/payments/capture/${reference}`)
      yield* untilFound(stack, ["payment_without_order CLOSED", "payment_without_order PARKED"])
    }).pipe(Effect.scoped))

  it.live("vanishes when somebody has put it right", () =>
    Effect.gen(function*() {
      const stack = yield* reconciledStack()
      const reference = yield* authorizedByHand(stack)
      yield* untilFound(stack, ["payment_without_order PARKED"])
      yield* request("POST", `${stack.urls.payment}/payments/void/${reference}`)
      yield* untilFound(stack, ["payment_without_order VANISHED"])
    }).pipe(Effect.scoped))

  it.live("is looked at again when he says so, and repaired if that has become possible", () =>
    Effect.gen(function*() {
      const stack = yield* reconciledStack({ SAGA_RETRY_UNIT_MILLIS: "1" })
      const product = yield* stocked(stack, 5, TOTAL)
      yield* request("PUT", `${stack.urls.orchestrator}/claiming`, { paused: true })
      // The bank lets a hold go only after its 18th refusal to answer, which is more often than we ask.
      const order = yield* heldOrder(stack, product, "tok_cancel_500_before_x18")
      yield* failed(stack, order)
      const [parked] = yield* untilFound(stack, ["hold_without_order PARKED"])
      assert.strictEqual(parked?.attempts, 16)
      assert.match(parked?.last_error ?? "", /^no repair in 16 attempts: cancel: server_error/)
      assert.strictEqual((yield* operate(stack, parked!.id, "retry")).status, 200)
      const [repaired] = yield* untilFound(stack, ["hold_without_order REPAIRED"])
      assert.deepStrictEqual([repaired?.id, repaired?.attempts, repaired?.note], [parked?.id, 3, "tested: retry"])
      assert.strictEqual((yield* operate(stack, parked!.id, "retry")).body["error"], "state_conflict")
      assert.strictEqual((yield* operate(stack, parked!.id, "close")).body["error"], "state_conflict")
      assert.strictEqual((yield* operate(stack, anOrderId(), "close")).body["error"], "finding_not_found")
    }).pipe(Effect.scoped))
})

describe("a repair", () => {
  it.live("that nobody hears the outcome of is tried again until it is seen to be done", () =>
    Effect.gen(function*() {
      const stack = yield* reconciledStack()
      const product = yield* stocked(stack, 5, TOTAL)
      yield* request("PUT", `${stack.urls.orchestrator}/claiming`, { paused: true })
      for (const token of ["tok_refund_timeout_after", "tok_refund_500_before_x2", "tok_refund_reset_after"]) {
        const order = yield* heldOrder(stack, product, token)
        yield* byHand(stack, order, product).capture
        yield* failed(stack, order)
      }
      yield* untilFound(stack, Array.from({ length: 3 }, () => "missing_refund REPAIRED"))
      const { body } = yield* request("GET", `${stack.urls.simulator}/_simulator/totals`)
      assert.deepStrictEqual([body["captured_cents"], body["refunded_cents"]], [3 * TOTAL, 3 * TOTAL])
    }).pipe(Effect.scoped))

  it.live("lets go no hold that may be another installation's, where it is told so", () =>
    Effect.gen(function*() {
      const stack = yield* reconciledStack({ RECONCILE_STRAYS: "park" })
      yield* atProvider(stack).hold(anOrderId())
      yield* untilFound(stack, ["hold_without_order PARKED"])
      const { body } = yield* request("GET", `${stack.urls.simulator}/_simulator/totals`)
      assert.strictEqual(body["held_cents"], TOTAL)
    }).pipe(Effect.scoped))
})

describe("the operations API", () => {
  it.live("tells findings in pages, newest first, by state, and how far the comparison is", () =>
    Effect.gen(function*() {
      const stack = yield* reconciledStack()
      for (let n = 0; n < 3; n += 1) yield* authorizedByHand(stack)
      yield* atProvider(stack).hold(anOrderId())
      const parked = ["payment_without_order PARKED", "payment_without_order PARKED", "payment_without_order PARKED"]
      yield* untilFound(stack, [...parked, "hold_without_order REPAIRED"])
      const page = (query: string) =>
        Effect.map(
          request("GET", `${stack.urls.orchestrator}/reconciliation/findings?state=PARKED&${query}`),
          ({ body }) => body as { findings: ReadonlyArray<{ id: string; kind: string }>; next_cursor?: string }
        )
      const first = yield* page("limit=2")
      const second = yield* page(`limit=2&cursor=${first.next_cursor}`)
      const all = [...first.findings, ...second.findings].map(({ id }) => id)
      assert.deepStrictEqual([first.findings.length, second.findings.length, second.next_cursor], [2, 1, undefined])
      assert.deepStrictEqual(all, all.toSorted().toReversed())
      const { body } = yield* request("GET", `${stack.urls.orchestrator}/reconciliation`)
      assert.deepInclude(body.findings, { OPEN: 0, PARKED: 3, REPAIRED: 1, CLOSED: 0 })
      assert.isAbove(body.compared, 0)
      assert.isString(body.last_look_at)
      const strange = yield* request("GET", `${stack.urls.orchestrator}/reconciliation/findings?state=LOST`)
      assert.strictEqual(strange.status, 400)
    }).pipe(Effect.scoped))
})
