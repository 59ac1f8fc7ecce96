import { Effect } from "effect"
import type { Passage } from "./connection.ts"
import type { Fault } from "./exchange.ts"
import type { Gone } from "./held-answer.ts"
import type { WireReaders } from "./wire.ts"

/** All but `refuse`, which befalls connections. */
export type ExchangeFault = Exclude<Fault, "refuse">

interface Means {
  readonly random: () => number
  readonly delay_millis: number
  readonly readers: WireReaders
}

/** Long enough for the head of an HTTP message or the header of a PostgreSQL one. */
const GARBAGE_BYTES = 64

const ask = (passage: Passage) => Effect.andThen(passage.forward(passage.request.bytes), passage.answer)

const askAndPass = (passage: Passage) => Effect.flatMap(ask(passage), passage.pass)

/** Two copies on connections of their own cross each other, or one comes late; on one connection they come in turn. */
const duplicate = (passage: Passage, { random, readers }: Means): Effect.Effect<void, Gone> => {
  const copy = passage.request.copy!
  if (!readers.copies_apart) {
    return Effect.flatMap(
      ask(passage),
      (first) => passage.forward(copy).pipe(Effect.andThen(passage.answer), Effect.andThen(passage.pass(first)))
    )
  }
  return random() < 0.5
    ? Effect.andThen(passage.forwardApart(copy), askAndPass(passage))
    : Effect.andThen(askAndPass(passage), passage.forwardApart(copy))
}

/** As long as the longest delay, a byte at a time, or more where that would be more often than every millisecond. */
const trickle = Effect.fnUntraced(function*(passage: Passage, { delay_millis }: Means) {
  const answer = yield* ask(passage)
  const step = Math.ceil(answer.length / delay_millis)
  const pause = Math.max(1, Math.floor(delay_millis / answer.length))
  for (let at = 0; at < answer.length; at += step) {
    yield* passage.pass(answer.subarray(at, at + step))
    yield* Effect.sleep(pause)
  }
})

const faults: Record<ExchangeFault, (passage: Passage, means: Means) => Effect.Effect<void, Gone>> = {
  delay: (passage, { delay_millis, random }) =>
    Effect.andThen(Effect.sleep(Math.ceil(random() * delay_millis)), askAndPass(passage)),
  reset_before: (passage) => passage.reset,
  reset_after: (passage) => Effect.andThen(ask(passage), passage.reset),
  blackhole: (passage) => passage.hang,
  half_open: (passage) => Effect.andThen(ask(passage), passage.hang),
  truncate: (passage, { readers }) =>
    ask(passage).pipe(
      Effect.flatMap((answer) => passage.pass(answer.subarray(0, readers.partOf(answer)))),
      Effect.andThen(passage.end)
    ),
  garbage: (passage, { random }) =>
    ask(passage).pipe(
      Effect.andThen(
        passage.pass(Buffer.from(Array.from({ length: GARBAGE_BYTES }, () => Math.floor(random() * 256))))
      ),
      Effect.andThen(passage.hang)
    ),
  duplicate,
  trickle,
  swallow: (passage) => Effect.andThen(ask(passage), passage.reset)
}

export const enact = (fault: ExchangeFault, means: Means) => (passage: Passage) => faults[fault](passage, means)
