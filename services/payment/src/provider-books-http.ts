import { PaymentApi } from "@surety/contracts/payment-api"
import { LISTED_MAX } from "@surety/contracts/provider-books-api"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { makeReadProviderBooks } from "./read-provider-books.ts"
import { makeSettleAtProvider } from "./settle-at-provider.ts"

/** The provider's books beside our own, a line an endpoint. */
export const providerBooksHandlers = HttpApiBuilder.group(
  PaymentApi,
  "provider_books",
  Effect.fn(function*(handlers) {
    const books = yield* makeReadProviderBooks
    const { agree, settle } = yield* makeSettleAtProvider
    return handlers.handleAll({
      list: ({ query }) =>
        Effect.succeed(books.list({
          created_after: new Date(query.created_after),
          created_before: query.created_before === undefined ? undefined : new Date(query.created_before),
          limit: query.limit ?? LISTED_MAX,
          differing: query.differing === "true"
        })),
      ofSet: ({ payload }) => Effect.map(books.ofSet(payload.items), (results) => ({ results })),
      settle: ({ params }) => settle(params.provider_id),
      agree: ({ params }) => agree(params.provider_id)
    })
  })
)
