import { Clock, Effect, Layer } from "effect"
import * as CircuitBreaker from "effect/persistence/CircuitBreaker"

const NANOS_A_MILLI = 1_000_000n

/** The time since some moment instead of the time of day. */
const steady = (clock: Clock.Clock): Clock.Clock => {
  const nanos = () => clock.monotonicTimeNanosUnsafe()
  const millis = () => Number(nanos() / NANOS_A_MILLI)
  return {
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: nanos,
    monotonicTimeNanos: Effect.sync(nanos),
    sleep: (duration) => clock.sleep(duration)
  }
}

const onSteadyTime = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.clockWith((clock) => Effect.provideService(effect, Clock.Clock, steady(clock)))

/** What a breaker remembers, by a clock that nobody sets: a time of day that is set back by a day would leave it open for a day. */
export const breakerMemory = Layer.effect(
  CircuitBreaker.CircuitBreakerStore,
  Effect.map(CircuitBreaker.CircuitBreakerStore, (store) =>
    CircuitBreaker.CircuitBreakerStore.of({
      admit: (key) => onSteadyTime(store.admit(key)),
      record: (outcome) => onSteadyTime(store.record(outcome)),
      state: (key) => onSteadyTime(store.state(key))
    }))
).pipe(Layer.provide(CircuitBreaker.layerStoreMemory()))
