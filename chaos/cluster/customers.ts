import { Effect, Fiber } from "effect"
import { randomUUID } from "node:crypto"
import { setTimeout as sleep } from "node:timers/promises"
import { type EdgeAnswer, order, type Patience } from "./one-request.ts"

/** One customer's order and what became of it, as far as he knows. */
export interface Sent {
  readonly key: string
  readonly body: string
  readonly answer: EdgeAnswer | undefined
  readonly attempts: number
}

/** What all customers together know. */
export interface Served {
  readonly sent: ReadonlyArray<Sent>
  /** Accepted by a 202. */
  readonly acknowledged: ReadonlyArray<Sent & { readonly answer: EdgeAnswer }>
  /** Refused by a 4xx that stays, such as a declined card. */
  readonly refused: number
  /** Given up without an answer. */
  readonly unanswered: number
  /** Requests beyond the first of each order. */
  readonly repeated: number
}

export interface Custom {
  /** The edge, as customers reach it. */
  readonly edge: string
  readonly order: (n: number) => object
  /** Orders in all; without one, until `stop`. */
  readonly orders?: number
  /** So many customers at once, each with his next order as soon as the last was answered; or so many orders a second. */
  readonly pace: { readonly at_once: number } | { readonly a_second: number }
  readonly patience?: Partial<Patience>
}

/** Customers at work. */
export interface Customers {
  /** No new orders from now on; those that were sent are repeated until they are answered. */
  readonly stop: Effect.Effect<void>
  /** Waits until every order sent is answered or given up. */
  readonly served: Effect.Effect<Served>
  /** How many orders have got a definite answer so far. */
  readonly answered: () => number
}

export const usualPatience: Patience = { answer_seconds: 6, order_seconds: 60 }
/** Orders of an open loop that wait for answers; beyond these, customers queue. */
const OPEN_MAX = 400

const summary = (sent: ReadonlyArray<Sent>): Served => ({
  sent,
  acknowledged: sent.filter((one): one is Sent & { readonly answer: EdgeAnswer } => one.answer?.status === 202),
  refused: sent.filter(({ answer }) => answer !== undefined && answer.status !== 202).length,
  unanswered: sent.filter(({ answer }) => answer === undefined).length,
  repeated: sent.reduce((sum, { attempts }) => sum + attempts - 1, 0)
})

/** Lets customers send orders, each under a key of its own. */
export const customers = (custom: Custom): Effect.Effect<Customers> =>
  Effect.gen(function*() {
    const { orders = Infinity, pace } = custom
    const patience = { ...usualPatience, ...custom.patience }
    const sent: Array<Sent> = []
    const run = randomUUID()
    let next = 0
    let answered = 0
    let open = true

    const serve = async () => {
      const n = next++
      const key = `${run}-${n}`
      const body = JSON.stringify(custom.order(n))
      const outcome = await order(custom.edge, key, body, patience)
      if (outcome.answer !== undefined) answered += 1
      sent.push({ key, body, ...outcome })
    }
    const goesOn = () => open && next < orders
    const customer = async () => {
      while (goesOn()) await serve()
    }
    const stream = async (aSecond: number) => {
      const begun = performance.now()
      const waiting = new Set<Promise<void>>()
      while (goesOn()) {
        const early = begun + next * 1000 / aSecond - performance.now()
        if (early > 1) await sleep(early)
        if (waiting.size >= OPEN_MAX) await Promise.race(waiting)
        const one = serve()
        waiting.add(one)
        void one.finally(() => waiting.delete(one))
      }
      await Promise.all(waiting)
    }
    const all = (): Promise<unknown> =>
      "at_once" in pace ? Promise.all(Array.from({ length: pace.at_once }, customer)) : stream(pace.a_second)
    const fiber = yield* Effect.forkDetach(Effect.promise(all), { startImmediately: true })
    return {
      stop: Effect.sync(() => {
        open = false
      }),
      served: Effect.map(Fiber.join(fiber), () => summary(sent)),
      answered: () => answered
    }
  })

/** Sends so many orders and waits for all answers. */
export const served = (custom: Custom): Effect.Effect<Served> => Effect.flatMap(customers(custom), (all) => all.served)

/** Several crowds as one. */
export const together = (crowds: ReadonlyArray<Customers>): Customers => ({
  stop: Effect.forEach(crowds, ({ stop }) => stop, { discard: true }),
  served: Effect.map(
    Effect.forEach(crowds, ({ served }) => served, { concurrency: "unbounded" }),
    (all) => summary(all.flatMap(({ sent }) => sent))
  ),
  answered: () => crowds.reduce((sum, { answered }) => sum + answered(), 0)
})
