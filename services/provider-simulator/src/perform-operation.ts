/**
 * Performs a POST once and answers for it ever after.
 *
 * The order is the point: a known key is answered from memory; a mishap `before` ends the conversation with nothing
 * done and nothing remembered; otherwise the wish is decided, written down, made durable, and only then answered, so
 * that an answer lost `after` can always be had again with the same key.
 */
import { hash } from "node:crypto"
import { setTimeout as sleep } from "node:timers/promises"
import {
  answerOf,
  apiError,
  deliver,
  keyInUse,
  keyMisused,
  newRequestId,
  refusalAnswer,
  type Reply
} from "./answers.ts"
import { type Mishap, mishapAfter, type Verdict, verdictAfter } from "./behaviour.ts"
import { type Books, type Entry, subjectOf } from "./books.ts"
import { randomMishap } from "./failure-rates.ts"
import type { Journal } from "./journal.ts"
import type { Decision } from "./payment-intents.ts"
import type { Temper } from "./temper.ts"
import { isRefusal, type Params, readWish, type Wish } from "./wishes.ts"

export interface Post {
  readonly path: ReadonlyArray<string>
  readonly params: Params
  readonly key: string | null
}

export const makePerformer = (books: Books, journal: Journal, temper: Temper) => {
  const inFlight = new Set<string>()

  const mishapOf = (wish: Pick<Wish, "operation" | "token">, subject: string | null): Mishap | undefined =>
    mishapAfter(temper.behaviourOf(wish.token)[wish.operation], books.misbehaved(wish.operation, subject)) ??
      randomMishap(temper.mood.failure_rates, temper.dice)

  const verdictOf = (wish: Wish, subject: string | null): Verdict | undefined => {
    const { operation, token } = wish
    const planned = verdictAfter(temper.behaviourOf(token)[operation], books.judged(operation, subject))
    if (planned !== undefined || operation !== "authorize") return planned
    const share = temper.mood.failure_rates.decline ?? 0
    return share > 0 && temper.dice.roll() < share ? "decline_generic" : undefined
  }

  const write = (entry: Omit<Entry, "sequence" | "at" | "request_id">): [Entry, Promise<void>] => {
    const full: Entry = { sequence: books.log.length + 1, at: Date.now(), request_id: newRequestId(), ...entry }
    books.apply(full)
    return [full, journal.append(full)]
  }

  /** The stored answer again, down to the byte; its delivery may fail like the first one's. */
  const replay = async (kept: Entry): Promise<Reply> => {
    const token = kept.intent?.token ?? null
    const mishap = mishapOf({ operation: kept.operation, token }, subjectOf(kept))
    const [entry] = write({ ...nothingDone(kept, kept.key, mishap === "burnt" ? undefined : mishap), replayed: true })
    if (mishap === "slow") await sleep(temper.mood.slow_millis)
    return deliver(mishap, { ...answerOf(kept), request_id: entry.request_id, original: kept.request_id })
  }

  const execute = async (
    wish: Wish,
    subject: string | null,
    key: string | null,
    fingerprint: string,
    mishap: Mishap | undefined
  ): Promise<Reply> => {
    if (mishap === "slow") await sleep(temper.mood.slow_millis)
    const verdict = verdictOf(wish, subject)
    const decision = wish.decide(verdict, Math.floor(Date.now() / 1000))
    const stores500 = mishap === "500_after" && temper.mood.replays_500
    const [entry, durable] = write({
      ...nothingDone({ ...wish, provider_id: decision.intent.id }, key, mishap),
      ...outcomeOf(decision),
      ...(stores500 ? { refusal: apiError, stored_status: 500 } : {}),
      fingerprint,
      verdict: verdict ?? null
    })
    await durable
    return deliver(mishap, answerOf(entry))
  }

  return async ({ key, params, path }: Post): Promise<Reply | undefined> => {
    if (key !== null && inFlight.has(key)) return refusalAnswer(keyInUse)
    const fingerprint = fingerprintOf(path, params)
    const kept = key === null ? undefined : books.kept(key, Date.now())
    if (key !== null && kept !== undefined) {
      return kept.fingerprint === fingerprint ? replay(kept) : refusalAnswer(keyMisused(key))
    }
    const wish = readWish(path, params, books)
    if (wish === undefined) return undefined
    if (isRefusal(wish)) return refusalAnswer(wish)
    const subject = subjectOf({ ...wish, key })
    const mishap = mishapOf(wish, subject)
    if (mishap?.endsWith("_before") === true) {
      const [entry] = write(nothingDone(wish, key, mishap))
      return deliver(mishap, refusalAnswer(apiError, entry.request_id))
    }
    if (mishap === "burnt") {
      const burnt = { ...nothingDone(wish, key, mishap), fingerprint, refusal: apiError, stored_status: 500 }
      const [entry, durable] = write(burnt)
      await durable
      return answerOf(entry)
    }
    if (key !== null) inFlight.add(key)
    try {
      return await execute(wish, subject, key, fingerprint, mishap)
    } finally {
      if (key !== null) inFlight.delete(key)
    }
  }
}

const nothingDone = (
  of: Pick<Wish, "operation" | "reference" | "provider_id">,
  key: string | null,
  mishap: Mishap | undefined
): Omit<Entry, "sequence" | "at" | "request_id"> => ({
  operation: of.operation,
  effect: "none",
  amount_cents: 0,
  reference: of.reference,
  provider_id: of.provider_id,
  key,
  fingerprint: null,
  mishap: mishap ?? null,
  verdict: null,
  replayed: false,
  stored_status: null,
  intent: null,
  refund: null,
  refusal: null
})

const outcomeOf = (decision: Decision) => ({
  effect: decision.effect,
  amount_cents: decision.amount,
  intent: decision.intent,
  refund: decision.refund ?? null,
  refusal: decision.refusal ?? null,
  stored_status: decision.refusal?.status ?? 200
})

/** The same wish in another order of fields is the same wish. */
const fingerprintOf = (path: ReadonlyArray<string>, params: Params): string =>
  hash("sha1", `${path.join("/")}?${[...params].map(([name, value]) => `${name}=${value}`).toSorted().join("&")}`)
