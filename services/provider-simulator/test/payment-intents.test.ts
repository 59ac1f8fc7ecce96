import { assert, it } from "@effect/vitest"
import { Schema } from "effect"
import { cancel, capture, confirm, type Decision, type Intent, refund } from "../src/payment-intents.ts"

const AMOUNT = 1_000
const NOW = 1_800_000_000

const fresh: Intent = {
  id: "pi_1",
  charge_id: "ch_1",
  reference: "order-1",
  metadata: { reference: "order-1" },
  token: "tok_visa_success",
  amount: AMOUNT,
  currency: "eur",
  capture_method: "manual",
  status: "requires_confirmation",
  captured: 0,
  refunded: 0,
  created: NOW,
  canceled_at: null,
  cancellation_reason: null,
  decline: null
}

const Amount = Schema.UndefinedOr(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: AMOUNT + 1 })))
const Verdict = <V extends string>(verdict: V) => Schema.UndefinedOr(Schema.Literal(verdict))
const Wish = Schema.Union([
  Schema.Struct({ do: Schema.Literal("confirm"), verdict: Verdict("decline_generic") }),
  Schema.Struct({ do: Schema.Literal("capture"), amount: Amount, verdict: Verdict("refused") }),
  Schema.Struct({ do: Schema.Literal("cancel") }),
  Schema.Struct({ do: Schema.Literal("refund"), amount: Amount })
])

const decide = (intent: Intent, wish: typeof Wish.Type): Decision => {
  switch (wish.do) {
    case "confirm":
      return confirm(intent, wish.verdict)
    case "capture":
      return capture(intent, wish.amount, wish.verdict, NOW)
    case "cancel":
      return cancel(intent, null, NOW)
    case "refund":
      return refund(intent, { id: "re_1", amount: wish.amount, metadata: {} }, undefined, NOW)
  }
}

it.prop(
  "whatever is asked in whatever order, money is held, taken and let go once, and no more is given back than was taken",
  [Schema.Array(Wish).check(Schema.isMaxLength(12))],
  ([wishes]) => {
    const moved: Record<string, number> = { authorized: 0, captured: 0, canceled: 0, refunded: 0 }
    const times: Record<string, number> = {}
    let intent = fresh
    for (const wish of wishes) {
      const { amount, effect, intent: next, refusal } = decide(intent, wish)
      if (effect === "none") assert.deepStrictEqual(next, intent)
      assert.strictEqual(effect === "none" || effect === "declined", refusal !== undefined)
      moved[effect] = (moved[effect] ?? 0) + amount
      times[effect] = (times[effect] ?? 0) + 1
      intent = next
    }
    for (const effect of ["authorized", "captured", "canceled"]) assert.isAtMost(times[effect] ?? 0, 1)
    assert.isFalse(times["captured"] === 1 && times["canceled"] === 1)
    assert.strictEqual(moved["captured"], intent.captured)
    assert.strictEqual(moved["refunded"], intent.refunded)
    assert.isAtMost(intent.refunded, intent.captured)
    const held = intent.status === "requires_capture" ? AMOUNT : 0
    const closed = times["captured"] === 1 || times["canceled"] === 1
    assert.strictEqual(held, closed ? 0 : moved["authorized"])
  }
)

it("an expired authorization is gone: neither captured nor held", () => {
  const { intent } = confirm(fresh, undefined)
  const { effect, intent: gone, refusal } = capture(intent, undefined, "expired", NOW)
  assert.deepStrictEqual([effect, gone.status, refusal?.code], ["expired", "canceled", "charge_expired_for_capture"])
})
