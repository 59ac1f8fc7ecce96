import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { breakerMemory } from "../src/breaker-memory.ts"
import { makeGuard } from "../src/guard-provider.ts"
import { ProviderUnknown } from "../src/provider-words.ts"
import { stripePatience } from "../src/stripe-provider.ts"

const OPEN_MILLIS = 2_000
const DAY_MILLIS = 86_400_000

/** A clock of which the time of day can be set, and time passes when it is told to. */
const clockInHand = () => {
  const time = { passed: 0, set_by: 0 }
  const millis = () => 1_700_000_000_000 + time.passed + time.set_by
  const nanos = (of: number) => BigInt(of) * 1_000_000n
  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanosUnsafe: () => nanos(millis()),
    currentTimeNanos: Effect.sync(() => nanos(millis())),
    monotonicTimeNanosUnsafe: () => nanos(time.passed),
    monotonicTimeNanos: Effect.sync(() => nanos(time.passed)),
    sleep: () => Effect.never
  }
  return { time, clock }
}

describe("an open breaker", () => {
  it.live("lets the provider be asked again after its time, and not a day later, when the clock is set back", () =>
    Effect.gen(function*() {
      const { clock, time } = clockInHand()
      const patience = { ...stripePatience, breaker_window_calls: 4, breaker_open_millis: OPEN_MILLIS }
      const guard = yield* makeGuard(patience)
      const asked = (answer: Effect.Effect<string, ProviderUnknown>) =>
        guard("capture", answer).pipe(
          Effect.catch(({ reason }) => Effect.succeed(reason)),
          Effect.provideService(Clock.Clock, clock)
        )
      const silence = new ProviderUnknown({ operation: "capture", reason: "connection", detail: "nobody there" })
      yield* Effect.replicateEffect(asked(Effect.fail(silence)), 4)
      assert.strictEqual(yield* asked(Effect.succeed("captured")), "breaker_open")
      time.set_by = -DAY_MILLIS
      time.passed = OPEN_MILLIS
      assert.strictEqual(yield* asked(Effect.succeed("captured")), "captured")
    }).pipe(Effect.provide(breakerMemory)))
})
