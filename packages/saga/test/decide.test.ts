import { assert, describe, it } from "@effect/vitest"
import { type Change, decide, settle, turnBackFrom } from "@surety/saga/decide"
import type { Outcome } from "@surety/saga/definition"
import { Schema } from "effect"
import { graph, journey, retry } from "./journey.ts"

const start = { status: "PAID_FOR", undoing: null, attempts: 0 }
const outcomes: ReadonlyArray<Outcome> = [
  { _tag: "Done" },
  { _tag: "Refused", reason: "no" },
  { _tag: "Unknown", error: "silence" },
  { _tag: "Stuck", reason: "odd" }
]
const Script = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9 })))
/** Mostly done, so that scripts get far. */
const outcomeAt = (n: number): Outcome => outcomes[n > 3 ? 0 : n]!

interface Walk {
  readonly did: ReadonlyArray<string>
  readonly undid: ReadonlyArray<string>
  readonly last: Change | typeof start
  readonly parked: boolean
}

/** Plays a script of outcomes, then Done for ever: how a run ends once everyone answers. */
const walk = (script: ReadonlyArray<number>): Walk => {
  let at: Change | typeof start = start
  const did: Array<string> = []
  const undid: Array<string> = []
  for (let i = 0; i < 1000; i++) {
    const next = decide(journey, at)
    if (next._tag === "Ended") return { did, undid, last: at, parked: false }
    const change: Change = settle(journey, at, i < script.length ? outcomeAt(script[i]!) : outcomes[0]!)
    const allowed: ReadonlyArray<string> = graph[at.status as keyof typeof graph]
    assert.isTrue(change.status === at.status || allowed.includes(change.status), `${at.status} → ${change.status}`)
    if (change.parked_reason !== null) return { did, undid, last: change, parked: true }
    if (next._tag === "Undo" && (change.undoing !== at.undoing || change.ended)) undid.push(next.step.name)
    if (next._tag === "Act" && change.status === next.step.reaches) did.push(next.step.name)
    at = change
  }
  return assert.fail("the saga never ended")
}

describe("what a saga does next", () => {
  it.prop("always ends or parks, along legal statuses, whatever the answers", [Script], ([script]) => {
    const { last, parked } = walk(script)
    assert.isTrue(parked || last.status === "DELIVERED" || last.status === "LOST")
  })

  it.prop("never undoes by itself once the pivot is done", [Script], ([script]) => {
    const { did, undid } = walk(script)
    assert.isFalse(did.includes("sell") && undid.length > 0)
  })

  it.prop("undoes strictly backwards, everything that was done, and the payment last", [Script], ([script]) => {
    const { did, last, undid } = walk(script)
    if (last.status !== "LOST") return
    const order = journey.steps.map((step) => step.name)
    assert.deepStrictEqual([...undid], [...undid].toSorted((a, b) => order.indexOf(b) - order.indexOf(a)))
    for (const name of ["pay", ...did]) assert.include(undid, name)
    assert.strictEqual(undid.at(-1), "pay")
  })

  it("never turns back while the pivot's outcome is unknown: it asks again, then parks", () => {
    let at: Change | typeof start = { status: "LOADED", undoing: null, attempts: 0 }
    for (let attempt = 1; attempt < retry.attempts_max; attempt++) {
      const change: Change = settle(journey, at, { _tag: "Unknown", error: "silence" })
      assert.deepStrictEqual([change.status, change.attempts, change.parked_reason], ["LOADED", attempt, null])
      assert.isAbove(change.wait_millis, 0)
      at = change
    }
    const last = settle(journey, at, { _tag: "Unknown", error: "silence" })
    assert.deepStrictEqual([last.status, last.undoing], ["LOADED", null])
    assert.isNotNull(last.parked_reason)
  })

  it("undoes an unanswered compensatable step too, but not one that was refused at once", () => {
    const spent = { status: "PACKED", undoing: null, attempts: retry.attempts_max - 1 }
    assert.strictEqual(settle(journey, spent, { _tag: "Unknown", error: "silence" }).undoing, "load")
    const fresh = { ...spent, attempts: 0 }
    assert.strictEqual(settle(journey, fresh, { _tag: "Refused", reason: "no" }).undoing, "pack")
    assert.strictEqual(settle(journey, { ...fresh, attempts: 1 }, { _tag: "Refused", reason: "no" }).undoing, "load")
  })

  it("parks what cannot be undone, with its status kept", () => {
    const change = settle(journey, { status: "TURNING_BACK", undoing: "load", attempts: 0 }, {
      _tag: "Refused",
      reason: "gone"
    })
    assert.deepStrictEqual([change.status, change.undoing], ["TURNING_BACK", "load"])
    assert.strictEqual(change.parked_reason, "load: gone")
  })

  it("lets an operator turn back even after the pivot, through the pivot's own undo", () => {
    const change = turnBackFrom(journey, { status: "SOLD", undoing: null, attempts: 3 }, "operator")
    assert.deepStrictEqual([change.status, change.undoing, change.reason], ["TURNING_BACK", "sell", "operator"])
  })
})
