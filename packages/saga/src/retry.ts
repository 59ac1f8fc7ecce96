/** How patient a step is: the waits before the next attempts, then one wait for ever after, and when to stop. */
export interface RetryPolicy {
  /** Waits in milliseconds after the first, second, … attempt without a definite answer. Full jitter is applied. */
  readonly waits_millis: ReadonlyArray<number>
  /** The wait after those, in milliseconds. */
  readonly then_every_millis: number
  /** Attempts in all; after the last one the saga turns back (before the pivot) or parks. */
  readonly attempts_max: number
}

/** The longest wait before the next attempt, or `undefined` when the budget is spent. `attempts` counts those made. */
export const waitAfter = (policy: RetryPolicy, attempts: number): number | undefined =>
  attempts >= policy.attempts_max ? undefined : policy.waits_millis[attempts - 1] ?? policy.then_every_millis
