import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import {
  type Behaviour,
  formatToken,
  MAX_TIMES,
  mishapAfter,
  MISHAPS,
  OPERATIONS,
  parseToken,
  verdictAfter,
  VERDICTS,
  wellBehaved
} from "../src/behaviour.ts"
import { parseFailureRates, randomMishap, seededDice } from "../src/failure-rates.ts"

/** What is above `MAX_TIMES` stands for ever. */
const Times = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_200 }))
const forEver = <H extends { readonly times: number }>(habit: H): H => ({
  ...habit,
  times: habit.times > MAX_TIMES ? Infinity : habit.times
})
const habitOf = <S extends Schema.Top>(manner: S) => Schema.Struct({ manner, times: Times })
const Mishaps = Schema.Array(habitOf(Schema.Literals(MISHAPS))).check(Schema.isMaxLength(1))
const conductOf = <V extends ReadonlyArray<string>>(verdicts: V) =>
  Schema.Struct({ mishaps: Mishaps, verdict: Schema.UndefinedOr(habitOf(Schema.Literals(verdicts))) })
const AnyBehaviour = Schema.Struct({
  authorize: conductOf(VERDICTS.authorize),
  capture: conductOf(VERDICTS.capture),
  cancel: Schema.Struct({ mishaps: Mishaps, verdict: Schema.Undefined }),
  refund: conductOf(VERDICTS.refund)
})

describe("the token grammar", () => {
  it.prop("every behaviour has a token, and the token means that behaviour", [AnyBehaviour], ([drawn]) => {
    const behaviour = Object.fromEntries(OPERATIONS.map((operation) => {
      const { mishaps, verdict } = drawn[operation]
      return [operation, {
        mishaps: mishaps.map(forEver),
        verdict: verdict === undefined ? undefined : forEver(verdict)
      }]
    })) as unknown as Behaviour
    assert.deepStrictEqual(parseToken(formatToken(behaviour)), behaviour)
  })

  it("plain tokens say what they say", () => {
    assert.deepStrictEqual(parseToken("tok_visa_success"), wellBehaved)
    assert.deepStrictEqual(parseToken("tok_visa"), wellBehaved)
    const declined = parseToken("tok_decline_insufficient")
    assert.deepStrictEqual(declined?.authorize.verdict, { manner: "decline_insufficient", times: Infinity })
    assert.deepStrictEqual(parseToken("tok_authorize_decline_insufficient"), declined)
  })

  it("parts join, in order, with how often each happens", () => {
    const behaviour = parseToken("tok_authorize_slow__capture_timeout_after_x2__capture_500_before__capture_refused_x1")
    assert.deepStrictEqual(behaviour?.authorize.mishaps, [{ manner: "slow", times: 1 }])
    const capture = behaviour!.capture
    const turns = [0, 1, 2, 3].map((misbehaved) => mishapAfter(capture, misbehaved))
    assert.deepStrictEqual(turns, ["timeout_after", "timeout_after", "500_before", undefined])
    assert.deepStrictEqual([0, 1].map((given) => verdictAfter(capture, given)), ["refused", undefined])
    assert.strictEqual(mishapAfter(parseToken("tok_cancel_reset_before_xall")!.cancel, 1_000_000), "reset_before")
  })

  it.each([
    "",
    "tok_",
    "tok_nonsense",
    "visa_success",
    "tok_capture_decline_generic",
    "tok_authorize_expired",
    "tok_cancel_refused",
    "tok_timeout_after",
    "tok_capture_timeout",
    "tok_capture_slow_x0",
    "tok_capture_slow_x1000",
    "tok_capture_slow__",
    "tok_capture_slow_capture_slow",
    "tok_capture_refused__capture_expired",
    `tok_${Array(9).fill("capture_slow").join("__")}`
  ])("%s is no token", (token) => {
    assert.isUndefined(parseToken(token))
  })
})

describe("failure rates", () => {
  it("are read as they are written, and nonsense is refused", () => {
    assert.deepStrictEqual(parseFailureRates("timeout_after=0.01, decline=0.2"), { timeout_after: 0.01, decline: 0.2 })
    assert.deepStrictEqual(parseFailureRates(""), {})
    for (const nonsense of ["timeout=0.1", "slow=2", "slow", "slow=0.6,burnt=0.6"]) {
      assert.isString(parseFailureRates(nonsense))
    }
  })

  it("make the same trouble with the same seed, and as much of it as was asked for", () => {
    const rates = { timeout_after: 0.1, "500_before": 0.2 }
    const trouble = (seed: number) => {
      const dice = seededDice(seed)
      return Array.from({ length: 20_000 }, () => randomMishap(rates, dice))
    }
    assert.deepStrictEqual(trouble(7), trouble(7))
    assert.notDeepEqual(trouble(7), trouble(8))
    const shareOf = (kind: string) => trouble(7).filter((mishap) => mishap === kind).length / 20_000
    assert.closeTo(shareOf("timeout_after"), 0.1, 0.01)
    assert.closeTo(shareOf("500_before"), 0.2, 0.01)
  })
})
