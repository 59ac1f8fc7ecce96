/** The reading half of Stripe's API: one payment or refund, lists in pages, and search by our reference. */
import type { Books } from "./books.ts"
import type { Intent, Refund, Refusal } from "./payment-intents.ts"
import { intentJson, listJson, refundJson, searchJson } from "./stripe-json.ts"
import { noSuch, type Params } from "./wishes.ts"

export const PAGE_LIMIT = 100
const PAGE_LIMIT_BY_DEFAULT = 10

/** The body of an answer, or a refusal; `undefined` when no such endpoint exists. */
export const readPayments = (
  path: ReadonlyArray<string>,
  params: Params,
  books: Books
): object | Refusal | undefined => {
  const [, resource, id] = path
  if (path.length > 3) return undefined
  if (resource === "payment_intents") {
    if (id === undefined) return listIntents(params, books)
    if (id === "search") return searchIntents(params, books)
    const intent = books.intent(id)
    return intent === undefined ? noSuch("payment_intent", id, 404, "intent") : intentJson(intent, expands(params))
  }
  if (resource === "refunds") {
    if (id === undefined) return listRefunds(params, books)
    const refund = books.refund(id)
    return refund === undefined ? noSuch("refund", id, 404, "id") : refundJson(refund)
  }
  return undefined
}

const expands = (params: Params) =>
  [...params].some(([name, value]) => name.startsWith("expand[") && /^(data\.)?latest_charge$/.test(value))

const listIntents = (params: Params, books: Books): object | Refusal => {
  const expandCharge = expands(params)
  const found = pageOf(books.intents, (id) => books.intentPosition(id), params, wasCreatedIn(params))
  if ("type" in found) return found
  return listJson("/v1/payment_intents", found.items.map((intent) => intentJson(intent, expandCharge)), found.has_more)
}

const listRefunds = (params: Params, books: Books): object | Refusal => {
  const of = params.get("payment_intent")
  const inTime = wasCreatedIn(params)
  const refunds = of === undefined ? books.refunds : books.refundsOf(of)
  const position = (id: string) =>
    of === undefined ? books.refundPosition(id) : indexOrNone(refunds.findIndex((refund) => refund.id === id))
  const found = pageOf<Refund>(refunds, position, params, inTime)
  if ("type" in found) return found
  return listJson("/v1/refunds", found.items.map(refundJson), found.has_more)
}

const indexOrNone = (index: number) => index < 0 ? undefined : index

/** Understands the one query we send: `metadata['reference']:'…'`. Unlike Stripe's, this index is never behind. */
const searchIntents = (params: Params, books: Books): object | Refusal => {
  const query = params.get("query") ?? ""
  const reference = /^metadata\[["']reference["']\]:["']([^"']*)["']$/.exec(query.trim())?.[1]
  if (reference === undefined) {
    const message = "We were unable to parse your search query."
    return { status: 400, type: "invalid_request_error", param: "query", message } satisfies Refusal
  }
  const found = books.withReference(reference).map((intent) => intentJson(intent, expands(params)))
  return searchJson("/v1/payment_intents/search", found.toReversed().slice(0, PAGE_LIMIT))
}

const wasCreatedIn = (params: Params) => {
  const bound = (name: string, otherwise: number) => Number(params.get(name) ?? otherwise)
  const from = Math.max(bound("created[gte]", -Infinity), bound("created[gt]", -Infinity) + 1)
  const to = Math.min(bound("created[lte]", Infinity), bound("created[lt]", Infinity) - 1)
  const exactly = params.get("created")
  return ({ created }: Pick<Intent, "created">) =>
    exactly === undefined ? created >= from && created <= to : created === Number(exactly)
}

interface Page<A> {
  readonly items: ReadonlyArray<A>
  readonly has_more: boolean
}

/** Newest first; `starting_after` goes on to older ones, `ending_before` back to newer ones. */
const pageOf = <A>(
  all: ReadonlyArray<A>,
  positionOf: (id: string) => number | undefined,
  params: Params,
  matches: (item: A) => boolean
): Page<A> | Refusal => {
  const limit = Math.min(Math.max(1, Number(params.get("limit")) || PAGE_LIMIT_BY_DEFAULT), PAGE_LIMIT)
  const backwards = params.get("ending_before")
  const cursor = backwards ?? params.get("starting_after")
  const at = cursor === undefined ? all.length : positionOf(cursor)
  if (at === undefined) {
    return noSuch("object", cursor ?? "", 400, backwards === undefined ? "starting_after" : "ending_before")
  }
  const step = backwards === undefined ? -1 : 1
  const items: Array<A> = []
  for (let index = at + step; index >= 0 && index < all.length; index += step) {
    const item = all[index]
    if (item === undefined || !matches(item)) continue
    if (items.length === limit) return { items: step < 0 ? items : items.toReversed(), has_more: true }
    items.push(item)
  }
  return { items: step < 0 ? items : items.toReversed(), has_more: false }
}
