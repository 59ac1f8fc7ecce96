import {
  type AtProvider,
  type HeldAtProvider,
  LISTED_MAX,
  type ProviderBooksLine
} from "@surety/contracts/provider-books-api"
import type { OrderId } from "@surety/domain/ids"
import { withoutTracing } from "@surety/platform/telemetry/trace-context"
import { Effect, Option, References, Stream } from "effect"
import { agrees, atProviderView, isMadeHere, isReferenced, type Referenced } from "./agrees.ts"
import { type Claim, ClaimsStore } from "./claims-store.ts"
import { PaymentStore } from "./payment-store.ts"
import type { ProviderPayment } from "./provider-words.ts"
import { PaymentProvider } from "./provider.ts"

/** So many are compared with our records at once. */
const PAGE = 100
/** An order is a little older than its payment. By so much the listing goes beyond what is asked for, before one is missed. */
const LATER_MILLIS = 2_000
/** Records that the listing has not shown are asked about one by one; so many at most, or a list that is empty floods us. */
const MISSED_MAX = 200
const SIDE_BY_SIDE = 8

interface Listing {
  readonly created_after: Date
  readonly created_before: Date | undefined
  readonly limit: number
  readonly differing: boolean
}

/** Reads the provider's books beside our own. Nothing is changed by it. */
export const makeReadProviderBooks = Effect.gen(function*() {
  const provider = yield* PaymentProvider
  const payments = yield* PaymentStore
  const claims = yield* ClaimsStore

  /** Those of ours with whether our record agrees: ours are those we have a record of, and whatever has an order's id. */
  const compared = Effect.fnUntraced(function*(page: ReadonlyArray<ProviderPayment>) {
    const referenced = page.filter(isReferenced)
    const records = yield* payments.byReferences(referenced.map(({ reference }) => reference))
    return referenced.flatMap((payment) => {
      const record = records.get(payment.reference)
      return record === undefined && !isMadeHere(payment.reference)
        ? []
        : [{ line: "payment" as const, agrees: agrees(record, payment), payment: atProviderView(payment) }]
    })
  })

  /** A claim that the listing has not shown: the payment was made later than its order, or is not there at all. */
  const askAbout = Effect.fnUntraced(function*({ provider_id, reference }: Claim) {
    const found = Option.getOrUndefined(yield* provider.retrieve({ provider_id }))
    const lines: ReadonlyArray<ProviderBooksLine> = found === undefined
      ? [{ line: "missing", reference, provider_id }]
      : (yield* compared([found])).filter((line) => !line.agrees)
    return lines
  })

  const list = ({ created_after, created_before, differing, limit }: Listing): Stream.Stream<ProviderBooksLine> =>
    Stream.suspend(() => {
      const seen = new Set<string>()
      const count = { listed: 0, asked: 0, ours: 0 }
      let oldest = created_after
      const isAsked = (created_at: Date) => created_before === undefined || created_at < created_before
      const isTold = (line: { readonly agrees: boolean; readonly payment: AtProvider }) =>
        // What has not the looks of an order's id is found by no other look than this one.
        isAsked(new Date(line.payment.created_at)) &&
        (!differing || !line.agrees || !isMadeHere(line.payment.reference))

      const told = provider.list({
        created_after,
        ...(created_before === undefined ? {} : { created_before: new Date(created_before.getTime() + LATER_MILLIS) })
      }).pipe(
        Stream.take(limit),
        Stream.grouped(PAGE),
        Stream.mapEffect(Effect.fnUntraced(function*(page) {
          const lines = yield* compared(page)
          for (const { provider_id } of page) seen.add(provider_id)
          count.listed += page.length
          count.asked += page.filter(({ created_at }) => isAsked(created_at)).length
          count.ours += lines.filter(({ payment }) => isAsked(new Date(payment.created_at))).length
          oldest = page.at(-1)?.created_at ?? oldest
          return lines.filter(isTold)
        })),
        Stream.flattenIterable
      )
      const completeFrom = () => count.listed === limit ? oldest : created_after

      const missed = Stream.unwrap(Effect.gen(function*() {
        if (created_before === undefined) return Stream.empty
        const all = yield* claims.between(completeFrom(), created_before, LISTED_MAX)
        const unseen = all.filter(({ provider_id }) => !seen.has(provider_id)).slice(0, MISSED_MAX)
        return Stream.fromIterable(unseen).pipe(
          Stream.mapEffect(askAbout, { concurrency: SIDE_BY_SIDE }),
          Stream.flattenIterable
        )
      }))

      const end = Stream.sync((): ProviderBooksLine => ({
        line: "end",
        complete_from: completeFrom().toISOString(),
        ours: count.ours,
        foreign: count.asked - count.ours
      }))

      return told.pipe(
        Stream.concat(missed),
        Stream.concat(end),
        Stream.catch((error) => Stream.succeed<ProviderBooksLine>({ line: "broken", detail: error.message })),
        // It is read every few seconds and tells no order's story.
        Stream.provideService(References.TracerEnabled, false)
      )
    })

  const retrieveAll = (reference: OrderId, ids: ReadonlyArray<string>) =>
    Effect.forEach(ids, (provider_id) => provider.retrieve({ provider_id }), { concurrency: SIDE_BY_SIDE }).pipe(
      Effect.map((found): HeldAtProvider => ({
        reference,
        outcome: "done",
        payments: found.flatMap((one) =>
          Option.isSome(one) && isReferenced(one.value) && one.value.reference === reference
            ? [atProviderView(one.value satisfies Referenced)]
            : []
        )
      })),
      Effect.catch((error) => Effect.succeed<HeldAtProvider>({ reference, outcome: "unknown", detail: error.message }))
    )

  /** What the provider has of each order, by the ids asked about and the one on record: asked now, and so certain. */
  const ofSet = Effect.fnUntraced(function*(
    items: ReadonlyArray<{ readonly reference: OrderId; readonly provider_ids: ReadonlyArray<string> }>
  ) {
    const records = yield* payments.byReferences(items.map(({ reference }) => reference))
    return yield* Effect.forEach(items, ({ provider_ids, reference }) => {
      const onRecord = records.get(reference)?.provider_id ?? []
      return retrieveAll(reference, [...new Set(provider_ids.concat(onRecord))])
    }, { concurrency: SIDE_BY_SIDE })
  }, withoutTracing)

  return { list, ofSet } as const
})
