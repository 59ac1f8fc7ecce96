/**
 * The token grammar: a payment token says how the provider treats its payment, separately for every operation.
 *
 *   token    = "tok_visa_success" | "tok_" part *("__" part)                    at most MAX_PARTS parts
 *   part     = operation "_" manner ["_x" times] | decline ["_x" times]
 *   operation= "authorize" | "capture" | "cancel" | "refund"
 *   manner   = mishap | a verdict of that operation
 *   times    = 1..999 | "all"          default: a mishap happens once, a verdict for ever
 *
 * A verdict is what the provider decides; a mishap is what happens to the conversation about it. They are independent:
 * `tok_authorize_timeout_after__decline_generic` declines, loses that answer, and tells it to whoever asks again.
 */
export const OPERATIONS = ["authorize", "capture", "cancel", "refund"] as const
export type Operation = (typeof OPERATIONS)[number]

/** `before`: nothing happened and nothing is remembered; `after`: it happened, is remembered, and the answer is lost. */
export const MISHAPS = [
  "slow",
  "timeout_before",
  "timeout_after",
  "reset_before",
  "reset_after",
  "500_before",
  "500_after",
  "garbage_before",
  "garbage_after",
  "burnt"
] as const
export type Mishap = (typeof MISHAPS)[number]

export const VERDICTS = {
  authorize: ["decline_insufficient", "decline_expired", "decline_generic"],
  capture: ["expired", "refused"],
  cancel: [],
  refund: ["refused"]
} as const satisfies Record<Operation, ReadonlyArray<string>>
export type Verdict = (typeof VERDICTS)[Operation][number]
export type Decline = (typeof VERDICTS)["authorize"][number]

/** A manner and how often it shows before the next one has its turn; `Infinity` is for ever. */
export interface Habit<Manner> {
  readonly manner: Manner
  readonly times: number
}

export interface Conduct {
  readonly mishaps: ReadonlyArray<Habit<Mishap>>
  readonly verdict: Habit<Verdict> | undefined
}

export type Behaviour = { readonly [operation in Operation]: Conduct }

export const MAX_PARTS = 8
export const MAX_TIMES = 999

const good: Conduct = { mishaps: [], verdict: undefined }
export const wellBehaved: Behaviour = { authorize: good, capture: good, cancel: good, refund: good }

/** Stripe's own test names for what the grammar can say, so that its examples work here unchanged. */
const aliases: ReadonlyMap<string, string> = new Map([
  ["tok_visa", "tok_visa_success"],
  ["pm_card_visa", "tok_visa_success"],
  ["tok_chargeDeclined", "tok_decline_generic"],
  ["tok_chargeDeclinedInsufficientFunds", "tok_decline_insufficient"],
  ["tok_chargeDeclinedExpiredCard", "tok_decline_expired"],
  ["pm_card_chargeDeclined", "tok_decline_generic"],
  ["pm_card_chargeDeclinedInsufficientFunds", "tok_decline_insufficient"],
  ["pm_card_chargeDeclinedExpiredCard", "tok_decline_expired"]
])

const partForm = /^(?:(authorize|capture|cancel|refund)_)?([a-z0-9_]+?)(?:_x([1-9]\d{0,2}|all))?$/

const isOneOf = <A extends string>(words: ReadonlyArray<A>, word: string): word is A =>
  (words as ReadonlyArray<string>).includes(word)

export const isMishap = (word: string): word is Mishap => isOneOf(MISHAPS, word)

export const isDecline = (word: string): word is Decline => isOneOf(VERDICTS.authorize, word)

/** What a token asks for; `undefined` when it is not a token of this grammar. */
export const parseToken = (token: string): Behaviour | undefined => {
  const name = aliases.get(token) ?? token
  if (name === "tok_visa_success") return wellBehaved
  if (!name.startsWith("tok_")) return undefined
  const parts = name.slice("tok_".length).split("__")
  if (parts.length > MAX_PARTS) return undefined
  let behaviour: Behaviour | undefined = wellBehaved
  for (const part of parts) behaviour = behaviour && withPart(behaviour, part)
  return behaviour
}

const withPart = (behaviour: Behaviour, part: string): Behaviour | undefined => {
  const found = partForm.exec(part)
  if (found === null) return undefined
  const [, named, manner = "", count] = found
  if (named === undefined && !isDecline(manner)) return undefined
  const operation = (named ?? "authorize") as Operation
  const conduct = behaviour[operation]
  const times = (byDefault: number) => count === undefined ? byDefault : count === "all" ? Infinity : Number(count)
  if (isMishap(manner)) {
    return { ...behaviour, [operation]: { ...conduct, mishaps: [...conduct.mishaps, { manner, times: times(1) }] } }
  }
  if (isOneOf<Verdict>(VERDICTS[operation], manner) && conduct.verdict === undefined) {
    return { ...behaviour, [operation]: { ...conduct, verdict: { manner, times: times(Infinity) } } }
  }
  return undefined
}

/** The canonical token of a behaviour: `parseToken(formatToken(b))` equals `b`. */
export const formatToken = (behaviour: Behaviour): string => {
  const parts = OPERATIONS.flatMap((operation) => {
    const { mishaps, verdict } = behaviour[operation]
    const name = (habit: Habit<string>, byDefault: number) =>
      `${isDecline(habit.manner) ? "" : `${operation}_`}${habit.manner}${suffix(habit.times, byDefault)}`
    return [...mishaps.map((habit) => name(habit, 1)), ...(verdict === undefined ? [] : [name(verdict, Infinity)])]
  })
  return parts.length === 0 ? "tok_visa_success" : `tok_${parts.join("__")}`
}

const suffix = (times: number, byDefault: number) =>
  times === byDefault ? "" : times === Infinity ? "_xall" : `_x${times}`

/** The mishap that befalls a conversation, given how many of this payment's have already gone wrong. */
export const mishapAfter = (conduct: Conduct, misbehaved: number): Mishap | undefined => {
  let before = 0
  for (const { manner, times } of conduct.mishaps) {
    before += times
    if (misbehaved < before) return manner
  }
  return undefined
}

/** The verdict on an execution, given how many verdicts this payment has already been given. */
export const verdictAfter = (conduct: Conduct, given: number): Verdict | undefined =>
  conduct.verdict !== undefined && given < conduct.verdict.times ? conduct.verdict.manner : undefined
