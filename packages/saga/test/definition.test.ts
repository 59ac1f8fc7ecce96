import { assert, describe, it } from "@effect/vitest"
import { saga } from "@surety/saga/definition"
import { act, journey, options, retry, type Row } from "./journey.ts"

const begin = () => saga<Row>()("journey", options)

/** Checked by `npm run types`: each of these lines must be a compile error, or its directive is one. */
export const wrongOrders = () => {
  const pivoted = begin().compensatable("pack", { reaches: "PACKED", act, undo: act, retry })
    .compensatable("load", { reaches: "LOADED", act, undo: act, retry })
    .pivot("sell", { reaches: "SOLD", act, undo: act, retry })
  // @ts-expect-error a compensatable step after the pivot
  pivoted.compensatable("more", { reaches: "DELIVERED", act, undo: act, retry })
  // @ts-expect-error a second pivot
  pivoted.pivot("again", { reaches: "DELIVERED", act, undo: act, retry })
  // @ts-expect-error a retriable step before the pivot
  begin().retriable("deliver", { reaches: "PACKED", act, retry })
  // @ts-expect-error a compensatable step without its undo
  begin().compensatable("pack", { reaches: "PACKED", act, retry })
  // @ts-expect-error a status that may not follow
  begin().compensatable("pack", { reaches: "SOLD", act, undo: act, retry })
  // @ts-expect-error the end before a terminal status
  pivoted.end()
}

describe("a saga's definition", () => {
  it("starts each step from the status that the step before it reached", () => {
    assert.deepStrictEqual(
      journey.steps.map((step) => [step.name, step.kind, step.from, step.reaches]),
      [
        ["pay", "origin", undefined, "PAID_FOR"],
        ["pack", "compensatable", "PAID_FOR", "PACKED"],
        ["load", "compensatable", "PACKED", "LOADED"],
        ["sell", "pivot", "LOADED", "SOLD"],
        ["deliver", "retriable", "SOLD", "DELIVERED"]
      ]
    )
  })

  it("refuses two steps of one name", () => {
    assert.throws(() =>
      begin().compensatable("pack", { reaches: "PACKED", act, undo: act, retry })
        .compensatable("pack", { reaches: "LOADED", act, undo: act, retry })
    )
  })
})
