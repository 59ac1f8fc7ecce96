import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { serviceProcess } from "./service-process.ts"
import { afterTheEnd, assertBooksBalance, orderOf, place, stocked, tally } from "./stack-for-tests.ts"
import { placeTraced, watched } from "./watched-stack.ts"

describe("telemetry never costs an order", () => {
  it.live("SIGTERM loses no span", () =>
    Effect.gen(function*() {
      const { receiver, stack } = yield* watched({}, ["orchestrator"])
      const orchestrator = yield* serviceProcess(stack, "orchestrator", {
        ORCHESTRATOR_PORT: "0",
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
        // Nothing would be sent by itself before the process is stopped.
        OTEL_BSP_SCHEDULE_DELAY: "600000"
      })
      const product = yield* stocked(stack, 50)
      const traces = (yield* Effect.replicateEffect(placeTraced(stack, orderOf(product)), 20)).map((placed) =>
        placed.traceId
      )
      yield* afterTheEnd(stack)
      assert.strictEqual(receiver.spans().filter((span) => span.service === "orchestrator").length, 0)
      yield* orchestrator.signal("SIGTERM")
      assert.strictEqual(yield* orchestrator.exited, 0)
      for (const traceId of traces) {
        const steps = receiver.spansOf(traceId).filter((span) => span.name.startsWith("saga.step"))
        assert.strictEqual(steps.length, 4)
      }
    }).pipe(Effect.scoped))

  for (const temper of ["unavailable", "hangs", "closed"] as const) {
    it.live(`a collector that is ${temper} from the start loses no order and delays none`, () =>
      Effect.gen(function*() {
        const { stack } = yield* watched({}, [], temper)
        const product = yield* stocked(stack, 50)
        const replies = yield* Effect.replicateEffect(place(stack, orderOf(product)), 30, { concurrency: 10 })
        assert.deepStrictEqual(replies.filter(({ status }) => status !== 202), [])
        assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { COMPLETED: 30 })
        yield* assertBooksBalance(stack)
      }).pipe(Effect.scoped))
  }

  it.live("switched off, orders end as they do otherwise and not one request is sent", () =>
    Effect.gen(function*() {
      const { receiver, stack } = yield* watched({ OTEL_SDK_DISABLED: "true" })
      const product = yield* stocked(stack, 5)
      const { reply, traceId } = yield* placeTraced(stack, orderOf(product))
      assert.strictEqual(reply.headers.get("x-trace-id"), traceId)
      assert.deepStrictEqual(tally(yield* afterTheEnd(stack)), { COMPLETED: 1 })
      assert.strictEqual(receiver.requests(), 0)
    }).pipe(Effect.scoped))
})
