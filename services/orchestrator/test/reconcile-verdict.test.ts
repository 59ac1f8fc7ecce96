import { assert, describe, it } from "@effect/vitest"
import type { OrderFacts } from "../src/reconcile-facts.ts"
import { isAboutMoney, type Verdict, verdictsOn } from "../src/reconcile-verdict.ts"
import { allFacts, paymentAt, recordOf, type Standing, TOTAL } from "./facts-under-test.ts"

const judge = (facts: OrderFacts) => verdictsOn(facts, "let_go")
const each = (look: (facts: OrderFacts, verdicts: ReadonlyArray<Verdict>) => void) => {
  for (const facts of allFacts) look(facts, judge(facts))
}
/** Told only when it fails: there are many thousands of them. */
const must = (holds: boolean, facts: OrderFacts, verdict?: Verdict) => {
  if (!holds) assert.fail(JSON.stringify({ facts, verdict }))
}
const isNone = (remedies: ReadonlyArray<Verdict["remedy"]>, { remedy }: Verdict) => !remedies.includes(remedy)

/** The payment at the provider as it is after something was done to it. */
const withPayment = (facts: OrderFacts, id: string, standing: Standing): OrderFacts => ({
  ...facts,
  at_provider: facts.at_provider!.map((one) => one.provider_id === id ? paymentAt(id, standing) : one)
})
const ownOf = ({ at_provider, payment }: OrderFacts) =>
  at_provider?.find(({ provider_id }) => provider_id === payment?.provider_id)
const afterLettingGo = (facts: OrderFacts, id: string) => {
  const held = facts.at_provider?.find(({ provider_id }) => provider_id === id)
  return held === undefined ? facts : withPayment(facts, id, held.captured_cents > 0 ? "refunded" : "canceled")
}

/** The books as each remedy leaves them, when it works. */
const remedied = (facts: OrderFacts, { provider_id, remedy }: Verdict): OrderFacts => {
  switch (remedy) {
    case "settle":
      return afterLettingGo(facts, provider_id)
    case "agree": {
      const own = ownOf(facts)!
      if (facts.payment!.status === "REFUNDED") {
        return withPayment(facts, provider_id, own.captured_cents > 0 ? "refunded" : "captured")
      }
      return withPayment({ ...facts, payment: recordOf("CAPTURED") }, provider_id, "captured")
    }
    case "capture":
      return withPayment({ ...facts, payment: recordOf("CAPTURED") }, provider_id, "captured")
    case "void": {
      const isKept = (ownOf(facts)?.captured_cents ?? 0) > 0
      return afterLettingGo({ ...facts, payment: recordOf(isKept ? "REFUNDED" : "VOIDED") }, "pi_own")
    }
    case "refund":
      return afterLettingGo({ ...facts, payment: recordOf("REFUNDED") }, "pi_own")
    case "release":
    case "commit":
      return { ...facts, reservation: { status: remedy === "commit" ? "COMMITTED" : "RELEASED", expires: false } }
    case "confirm":
    case "cancel":
      return { ...facts, order: { status: remedy === "confirm" ? "CONFIRMED" : "CANCELLED", total_cents: TOTAL } }
    case null:
      return facts
  }
}

describe("a verdict", () => {
  it("is never passed on an order that is not at rest", () => {
    for (const facts of allFacts) must(judge({ ...facts, rests: false }).length === 0, facts)
  })

  it("is not passed on an order that came to a good end, whichever", () => {
    const good = allFacts.filter(({ at_provider, entry, order, payment, reservation }) => {
      const strays = at_provider!.filter(({ provider_id }) => provider_id !== payment?.provider_id)
      const own = at_provider!.find(({ provider_id }) => provider_id === payment?.provider_id)
      if (strays.some((one) => one.held_cents > 0 || one.captured_cents > one.refunded_cents)) return false
      if (entry?.status === "COMPLETED") {
        return payment?.status === "CAPTURED" && own?.captured_cents === TOTAL && own.refunded_cents === 0 &&
          order?.status === "CONFIRMED" && reservation?.status === "COMMITTED"
      }
      const isUndone = (payment?.status === "VOIDED" && own?.status === "canceled") || payment === null ||
        (payment.status === "REFUNDED" && own?.refunded_cents === TOTAL)
      return isUndone && (order === null || order.status === "CANCELLED") &&
        (reservation === null || reservation.status === "RELEASED")
    })
    assert.isAbove(good.length, 30)
    for (const facts of good) must(judge(facts).length === 0, facts)
  })

  it("on an order that was fulfilled never gives back what was paid for it, nor its stock", () => {
    each((facts, verdicts) => {
      if (facts.entry?.status !== "COMPLETED") return
      for (const verdict of verdicts) {
        must(isNone(["void", "refund", "release", "cancel"], verdict), facts, verdict)
        if (verdict.remedy !== "settle") continue
        must(verdict.provider_id === "pi_stray" && ownOf(facts)?.captured_cents === TOTAL, facts, verdict)
      }
    })
  })

  it("on an order that failed never takes money, and on none takes or gives what somebody asked us for", () => {
    each((facts, verdicts) => {
      if (facts.entry?.status === "COMPLETED") return
      for (const verdict of verdicts) {
        must(isNone(["capture", "commit", "confirm"], verdict), facts, verdict)
        if (facts.entry !== null) continue
        must(isNone(["void", "refund", "release", "cancel"], verdict), facts, verdict)
        const counts = facts.payment?.status === "AUTHORIZED" || facts.payment?.status === "CAPTURED"
        must(!counts || verdict.remedy !== "settle" || verdict.provider_id !== "pi_own", facts, verdict)
      }
    })
  })

  it("never touches one of several payments while it is open which of them is the order's", () => {
    each((facts, verdicts) => {
      if (facts.payment?.status !== "AUTHORIZING") return
      must(verdicts.every(({ provider_id }) => provider_id !== "pi_stray"), facts)
    })
  })

  it("says nothing about money while the provider does not answer", () => {
    for (const facts of allFacts) {
      must(judge({ ...facts, at_provider: undefined }).every((verdict) => !isAboutMoney(verdict)), facts)
    }
  })

  it("finds money that is where it should not be, however it came there", () => {
    each((facts, verdicts) => {
      const held = facts.at_provider!.reduce((sum, one) => sum + one.held_cents, 0)
      const kept = facts.at_provider!.reduce((sum, one) => sum + one.captured_cents - one.refunded_cents, 0)
      const due = facts.entry?.status === "COMPLETED" ? TOTAL : 0
      const isGivenBack = facts.payment?.status === "REFUNDED" && due > 0
      if ((held === 0 && kept === due) || isGivenBack || facts.payment?.status === "AUTHORIZING") return
      must(verdicts.some(isAboutMoney), facts)
    })
  })

  it("has a remedy after which nothing of it is found any more", () => {
    let remedies = 0
    each((facts, verdicts) => {
      for (const verdict of verdicts.filter(({ remedy }) => remedy !== null)) {
        remedies += 1
        const after = judge(remedied(facts, verdict))
        const { kind, provider_id } = verdict
        must(!after.some((one) => one.kind === kind && one.provider_id === provider_id), facts, verdict)
      }
    })
    assert.isAbove(remedies, 1_000)
  })
})
