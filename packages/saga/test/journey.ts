import { type Act, type Saga, saga } from "@surety/saga/definition"
import { Effect } from "effect"

export const graph = {
  PAID_FOR: ["PACKED", "TURNING_BACK"],
  PACKED: ["LOADED", "TURNING_BACK"],
  LOADED: ["SOLD", "TURNING_BACK"],
  SOLD: ["DELIVERED", "TURNING_BACK"],
  DELIVERED: [],
  TURNING_BACK: ["LOST"],
  LOST: []
} as const

export interface Row {
  readonly id: string
}
export const act: Act<Row> = () => Effect.succeed(new Map())
export const retry = { waits_millis: [10, 40], then_every_millis: 100, attempts_max: 4 }
export const options = {
  graph,
  compensating: "TURNING_BACK",
  failed: "LOST",
  origin: { name: "pay", reached: "PAID_FOR", undo: act, retry }
} as const

/** Origin, two compensatable steps, a pivot, a retriable one. */
export const journey: Saga<Row> = saga<Row>()("journey", options)
  .compensatable("pack", { reaches: "PACKED", act, undo: act, retry })
  .compensatable("load", { reaches: "LOADED", act, undo: act, retry })
  .pivot("sell", { reaches: "SOLD", act, undo: act, retry })
  .retriable("deliver", { reaches: "DELIVERED", act, retry })
  .end()
