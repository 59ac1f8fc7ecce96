import { OrderId } from "@surety/domain/ids"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { setOf, setResults, Timestamp } from "./manners.ts"
import { PaymentNotFound, PaymentOutcomeUnknown, StateConflict } from "./problems.ts"

/** The provider's own name of a payment. */
export const ProviderId = Schema.String.check(
  Schema.isPattern(/^[\x21-\x7e]{1,255}$/, { message: "must be 1 to 255 visible ASCII characters" })
).annotate({ identifier: "ProviderId" })

/** A payment of ours as the provider has it, in minor units. What is `canceled`, `expired` or `declined` holds nothing. */
export const AtProvider = Schema.Struct({
  provider_id: ProviderId,
  reference: OrderId,
  status: Schema.Literals(["held", "captured", "canceled", "expired", "declined", "unfinished"]),
  amount_cents: Schema.Int,
  held_cents: Schema.Int,
  captured_cents: Schema.Int,
  refunded_cents: Schema.Int,
  currency: Schema.String,
  created_at: Timestamp
}).annotate({ identifier: "AtProvider" })
export type AtProvider = typeof AtProvider.Type

/**
 * A line of the provider's books. `payment`: one of ours, and whether our record says the same. `missing`: our record counts
 * on a payment that the provider does not have. `end`: all that were created from `complete_from` on have been told;
 * `foreign` are payments of others on the same account. `broken`: the provider stopped answering. A stream with neither of
 * these two at its end was cut off.
 */
export const ProviderBooksLine = Schema.Union([
  Schema.Struct({ line: Schema.Literals(["payment"]), agrees: Schema.Boolean, payment: AtProvider }),
  Schema.Struct({ line: Schema.Literals(["missing"]), reference: OrderId, provider_id: ProviderId }),
  Schema.Struct({
    line: Schema.Literals(["end"]),
    complete_from: Timestamp,
    ours: Schema.Int,
    foreign: Schema.Int
  }),
  Schema.Struct({ line: Schema.Literals(["broken"]), detail: Schema.String })
])
export type ProviderBooksLine = typeof ProviderBooksLine.Type

/** The most payments one listing tells. */
export const LISTED_MAX = 50_000
/** The most of the provider's payments that one order is asked about. */
export const PROVIDER_IDS_MAX = 16

const Moment = Schema.String.check(
  Schema.makeFilter((text) => !Number.isNaN(Date.parse(text)) || "must be a time, ISO 8601")
).annotate({ identifier: "Moment", description: "ISO 8601; the provider counts whole seconds" })

const AskedAbout = Schema.Struct({
  reference: OrderId,
  provider_ids: Schema.Array(ProviderId).check(Schema.isMaxLength(PROVIDER_IDS_MAX))
})

/** What the provider has of an order: of the ids asked about and the one on record. `unknown`: it does not answer now. */
export const HeldAtProvider = Schema.Union([
  Schema.Struct({ reference: OrderId, outcome: Schema.Literals(["done"]), payments: Schema.Array(AtProvider) }),
  Schema.Struct({ reference: OrderId, outcome: Schema.Literals(["unknown"]), detail: Schema.String })
])
export type HeldAtProvider = typeof HeldAtProvider.Type

const onPayment = {
  params: { provider_id: ProviderId },
  success: AtProvider,
  error: [PaymentNotFound, StateConflict, PaymentOutcomeUnknown] as const
}

/** The provider's books beside our own, and what may be done about payments that only the provider knows. */
export class ProviderBooksGroup extends HttpApiGroup.make("provider_books")
  .add(
    HttpApiEndpoint.get("list", "/payments/at-provider", {
      query: {
        created_after: Moment,
        created_before: Schema.optionalKey(Moment),
        differing: Schema.optionalKey(Schema.Literals(["true", "false"])),
        limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: LISTED_MAX })))
      },
      success: HttpApiSchema.StreamNdjson({ schema: ProviderBooksLine })
    }).annotateMerge(OpenApi.annotations({
      summary:
        "What the provider has, newest first, a line a payment; with `differing=true` only where our record differs"
    })),
    HttpApiEndpoint.post("ofSet", "/payments/at-provider/batch", {
      payload: setOf(AskedAbout),
      success: setResults(HeldAtProvider)
    }),
    HttpApiEndpoint.post("settle", "/payments/at-provider/:provider_id/settle", onPayment).annotateMerge(
      OpenApi.annotations({
        summary: "Let go or give back a payment that no record of ours counts on",
        description: "Refused while the record of its reference is being authorized, or counts on this very payment."
      })
    ),
    HttpApiEndpoint.post("agree", "/payments/at-provider/:provider_id/agree", onPayment).annotateMerge(
      OpenApi.annotations({
        summary: "Make our record and the provider say the same, where only one of them can be right",
        description:
          "A capture we did not hear of is recorded; a capture or a refund on record that the provider does not have is " +
          "asked for again under its own key. Anything else is refused."
      })
    )
  )
{}
