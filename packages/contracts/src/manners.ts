import { Schema } from "effect"

/** How every API reads what it is sent: unknown fields are refused, and all issues are named at once. */
export const strictly = { onExcessProperty: "error", errors: "all" } as const

/** RFC 7230 visible ASCII, 1 to 255 characters, as Stripe takes them. */
export const IdempotencyKey = Schema.String.check(
  Schema.isPattern(/^[\x21-\x7e]{1,255}$/, { message: "must be 1 to 255 visible ASCII characters" })
).pipe(
  Schema.brand("IdempotencyKey"),
  Schema.annotate({ identifier: "IdempotencyKey", description: "Unique a request; the same key never acts twice" })
)
export type IdempotencyKey = typeof IdempotencyKey.Type

/** UTC, ISO 8601. */
export const Timestamp = Schema.String.annotate({ identifier: "Timestamp", description: "ISO 8601, UTC" })

/** Everything that happened to one order, in every service, has this id in traces and logs. */
export const TraceId = Schema.String.annotate({
  identifier: "TraceId",
  description: "W3C trace id, 32 hexadecimal digits"
})

/** A page's end, to be sent back as `cursor`: the id of its last entry, since ids sort by time. */
export const Cursor = Schema.String.check(
  Schema.isPattern(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, { message: "must be a cursor from an earlier page" })
).annotate({ identifier: "Cursor" })

export const PAGE_MAX = 100
export const PageLimit = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: PAGE_MAX }))

/** The most orders one set call carries. */
export const SET_MAX = 64

/** As long as a W3C `traceparent` of version 00 is. */
const TRACEPARENT_LENGTH = 55
/** What is no `traceparent` is passed over: the orders matter, and nothing depends on these being there. */
export const Traceparents = Schema.Array(Schema.NullOr(Schema.String.check(Schema.isMaxLength(TRACEPARENT_LENGTH))))
  .check(Schema.isMaxLength(SET_MAX))
  .annotate({ description: "The trace context of each item (W3C traceparent), in the order of the items" })
export type Traceparents = typeof Traceparents.Type

/** A request for a whole set: answered in one transaction, one result an item, in the same order. */
export const setOf = <S extends Schema.Constraint>(item: S) =>
  Schema.Struct({
    items: Schema.Array(item).check(Schema.isBetweenLength(1, SET_MAX)),
    traceparents: Schema.optionalKey(Traceparents)
  })

export const setResults = <S extends Schema.Constraint>(result: S) => Schema.Struct({ results: Schema.Array(result) })
