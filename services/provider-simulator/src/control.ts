/** The control API, `/_simulator/…`: what the provider really did, and how it shall behave from now on. */
import { Schema } from "effect"
import { isMishap, parseToken } from "./behaviour.ts"
import type { Books, Entry } from "./books.ts"
import type { FailureRates } from "./failure-rates.ts"
import type { Intent } from "./payment-intents.ts"
import { MILLIS_MAX, type Mood, type Temper } from "./temper.ts"
import type { Params } from "./wishes.ts"

export const LOG_PAGE_LIMIT = 10_000

/** One operation as the log tells it. */
export const logLine = (entry: Entry) => ({
  sequence: entry.sequence,
  at: new Date(entry.at).toISOString(),
  operation: entry.operation,
  effect: entry.effect,
  amount_cents: entry.amount_cents,
  reference: entry.reference,
  provider_id: entry.provider_id,
  key: entry.key,
  mishap: entry.mishap,
  replayed: entry.replayed,
  status: entry.stored_status,
  code: entry.refusal?.decline_code ?? entry.refusal?.code ?? entry.refusal?.type ?? null,
  refund_id: entry.refund?.id ?? null
})
export type LogLine = ReturnType<typeof logLine>

/** One payment as it stands, in minor units: what is held, what was taken, what was given back. */
export const paymentLine = (intent: Intent) => ({
  provider_id: intent.id,
  reference: intent.reference,
  token: intent.token,
  status: intent.status,
  currency: intent.currency,
  amount_cents: intent.amount,
  held_cents: intent.status === "requires_capture" ? intent.amount : 0,
  captured_cents: intent.captured,
  refunded_cents: intent.refunded,
  created_at: new Date(intent.created * 1000).toISOString()
})
export type PaymentLine = ReturnType<typeof paymentLine>

/** `?reference=`, `?after=` a sequence number, `?limit=`. */
export const readLog = (books: Books, params: Params) => {
  const reference = params.get("reference")
  const limit = pageLimit(params)
  const entries: Array<Entry> = []
  for (let index = Number(params.get("after") ?? 0); index < books.log.length && entries.length < limit; index += 1) {
    const entry = books.log[index]
    if (entry !== undefined && (reference === undefined || entry.reference === reference)) entries.push(entry)
  }
  return { operations: books.log.length, entries: entries.map(logLine) }
}

/** `?reference=`, or all of them in pages by `?offset=` and `?limit=`. */
export const readPaymentLines = (books: Books, params: Params) => {
  const reference = params.get("reference")
  const offset = Number(params.get("offset") ?? 0)
  const all = reference === undefined ? books.intents : books.withReference(reference)
  return { payments: all.slice(offset, offset + pageLimit(params)).map(paymentLine), total: all.length }
}

const pageLimit = (params: Params) => Math.min(Number(params.get("limit")) || LOG_PAGE_LIMIT, LOG_PAGE_LIMIT)

/** Sums over everything ever done. `references_paid_twice` is the number no shop wants to see above zero. */
export const readTotals = (books: Books) => {
  const lines = books.intents.map(paymentLine)
  const sum = (of: (line: PaymentLine) => number) => lines.reduce((total, line) => total + of(line), 0)
  const effects: Record<string, number> = {}
  for (const { effect } of books.log) effects[effect] = (effects[effect] ?? 0) + 1
  const holding = new Map<string, number>()
  for (const line of lines) {
    const live = line.held_cents > 0 || line.captured_cents > line.refunded_cents
    if (live && line.reference !== null) holding.set(line.reference, (holding.get(line.reference) ?? 0) + 1)
  }
  return {
    payments: lines.length,
    operations: books.log.length,
    effects,
    held_cents: sum((line) => line.held_cents),
    captured_cents: sum((line) => line.captured_cents),
    refunded_cents: sum((line) => line.refunded_cents),
    mishaps: books.log.filter((entry) => entry.mishap !== null).length,
    replays: books.log.filter((entry) => entry.replayed).length,
    references_paid_twice: [...holding.values()].filter((payments) => payments > 1).length
  }
}
export type Totals = ReturnType<typeof readTotals>

const Millis = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: MILLIS_MAX }))
const Rate = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
const field = <S extends Schema.Top>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

const MoodChange = Schema.Struct({
  latency_millis: field(Millis),
  jitter_millis: field(Millis),
  slow_millis: field(Millis),
  timeout_millis: field(Millis),
  failure_rates: field(Schema.Record(Schema.String, Rate)),
  seed: field(Schema.Int),
  replays_500: field(Schema.Boolean),
  dark: field(Schema.Boolean),
  tokens: field(Schema.Record(Schema.String, Schema.String))
})
const decodeMoodChange = Schema.decodeUnknownSync(Schema.fromJsonString(MoodChange), { onExcessProperty: "error" })

/** Changes the mood as a JSON body says; answers the mood, or a sentence about what is wrong with the body. */
export const changeMood = (temper: Temper, body: string): Mood | string => {
  try {
    const change = decodeMoodChange(body)
    const kinds = Object.keys(change.failure_rates ?? {})
    const strange = kinds.find((kind) => !isMishap(kind) && kind !== "decline") ??
      Object.values(change.tokens ?? {}).find((token) => parseToken(token) === undefined)
    if (strange !== undefined) return `"${strange}" is neither a kind of failure nor a token`
    return temper.change({ ...change, failure_rates: change.failure_rates as FailureRates | null | undefined })
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
