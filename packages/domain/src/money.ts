import { Schema } from "effect"

/** The largest amount one order or price may have, in minor units: eight digits, the card networks' and Stripe's limit. */
export const AMOUNT_MAX_CENTS = 99_999_999n

/** An amount in minor units (cents) as it stands on the wire and in rows: an integer, never a fraction. */
export const Cents = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: Number(AMOUNT_MAX_CENTS) })).pipe(
  Schema.annotate({ identifier: "Cents", description: "Amount in minor units, 0 to 99999999" })
)
export type Cents = typeof Cents.Type

/** ISO 4217. One currency a deployment until prices carry one. */
export const Currency = Schema.Literals(["usd", "eur", "gbp"]).annotate({ identifier: "Currency" })
export type Currency = typeof Currency.Type

/** The exact sum of price times quantity. A bigint, so that no input can round it; compare with {@link AMOUNT_MAX_CENTS}. */
export const totalOf = (
  lines: ReadonlyArray<{ readonly unit_price_cents: number; readonly quantity: number }>
): bigint => lines.reduce((sum, line) => sum + BigInt(line.unit_price_cents) * BigInt(line.quantity), 0n)
