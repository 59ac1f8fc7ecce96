/** For tests and benchmarks: asks a running simulator what it really did, and tells it how to behave. */
import { Effect } from "effect"
import type { LogLine, PaymentLine, Totals } from "./control.ts"
import type { Mood } from "./temper.ts"

export type MoodChange = { readonly [field in keyof Mood]?: Mood[field] | null }

/** The control API of the simulator at `url`. What it cannot answer is a defect. */
export const simulatorControl = (url: string) => {
  const ask = <A>(path: string, body?: object): Effect.Effect<A> =>
    Effect.promise(async () => {
      const request = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }
      const response = await fetch(`${url}/_simulator/${path}`, request)
      if (response.ok) return await response.json() as A
      throw new Error(`the simulator answered ${response.status} to ${path}: ${await response.text()}`)
    })
  const query = (reference: string | undefined) =>
    reference === undefined ? "" : `?reference=${encodeURIComponent(reference)}`
  return {
    /** Every operation after one of the log (0: from the first), oldest first, at most 10,000. */
    log: (after = 0) =>
      Effect.map(ask<{ entries: ReadonlyArray<LogLine> }>(`log?after=${after}`), ({ entries }) => entries),
    /** What each payment (of one reference) came to, at most 10,000. */
    payments: (reference?: string) =>
      Effect.map(
        ask<{ payments: ReadonlyArray<PaymentLine> }>(`payments${query(reference)}`),
        ({ payments }) => payments
      ),
    totals: ask<Totals>("totals"),
    /** What had an effect on a reference, as `captured 4200`: one line an effect, oldest first. */
    effects: (reference: string) =>
      Effect.map(
        ask<{ entries: ReadonlyArray<LogLine> }>(`log${query(reference)}`),
        ({ entries }) =>
          entries.flatMap(({ amount_cents, effect }) => effect === "none" ? [] : [`${effect} ${amount_cents}`])
      ),
    /** Changes what is given; `null` puts a field back to what the simulator started with. */
    behave: (change: MoodChange) => ask<Mood>("behaviour", change)
  } as const
}
