import { assert, layer } from "@effect/vitest"
import type { Answer } from "@surety/testkit/http-call"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import { anOrderId, books, BooksUnderTest, type Line } from "./books-under-test.ts"
import { AMOUNT } from "./payment-under-test.ts"

const summary = ({ body, status }: Answer) => [status, body.error ?? body.status]
const conflict = [409, "state_conflict"]
const isAbout = (references: ReadonlyArray<string>) => ({ payment }: Line) =>
  payment !== undefined && references.includes(payment.reference)

layer(BooksUnderTest.layer, { excludeTestServices: true })("the provider's books", (it) => {
  it.effect("are told newest first, only ours, and each with whether our record agrees", () =>
    Effect.gen(function*() {
      const { call, capture, held, hold, list } = yield* books
      const taken = yield* held()
      yield* capture(taken.reference)
      const declined = yield* held("tok_decline_expired")
      const waiting = yield* held()
      yield* hold()
      yield* hold("invoice-1")
      yield* hold(randomUUID())
      const stray = anOrderId()
      yield* hold(stray)
      const all = [stray, waiting.reference, declined.reference, taken.reference]
      const lines = yield* list("created_after=2020-01-01")
      const end = lines.at(-1)
      assert.deepInclude(end, { line: "end", complete_from: "2020-01-01T00:00:00.000Z" })
      assert.isAtLeast(end?.["foreign"] as number, 3)
      assert.strictEqual(lines.length - 1, end?.["ours"])
      const told = lines.filter(isAbout(all)).map((
        { agrees, payment }
      ) => [payment!.reference, payment!.status, agrees])
      assert.deepStrictEqual(told, [
        [stray, "held", false],
        [waiting.reference, "held", true],
        [declined.reference, "declined", true],
        [taken.reference, "captured", true]
      ])
      const differing = yield* list("created_after=2020-01-01&differing=true")
      assert.deepStrictEqual(differing.filter(isAbout(all)).map(({ payment }) => payment!.reference), [stray])
      const [older] = yield* list("created_after=2020-01-01&created_before=2020-01-02&limit=1")
      assert.deepInclude(older, { line: "end", ours: 0, complete_from: "2020-01-01T00:00:00.000Z" })
      const [newest, ended] = yield* list("created_after=2020-01-01&limit=1")
      assert.strictEqual(newest?.payment?.reference, stray)
      assert.strictEqual(ended?.["complete_from"], newest?.payment?.created_at)
      assert.strictEqual((yield* call("GET", "/at-provider?created_after=now")).status, 400)
    }))

  it.effect("are held against every record that counts on them", () =>
    Effect.gen(function*() {
      const { byForce, held, list } = yield* books
      const { reference } = yield* held()
      yield* byForce(`UPDATE payment.payments SET provider_id = 'pi_nowhere' WHERE reference = '${reference}'`)
      const lines = yield* list("created_after=2020-01-01&created_before=2999-01-01&differing=true")
      const missing = lines.filter(({ line }) => line === "missing")
      assert.deepStrictEqual(missing, [{ line: "missing", reference, provider_id: "pi_nowhere" }])
    }))

  it.effect("are told to be broken where the provider does not answer", () =>
    Effect.gen(function*() {
      const { held, list, provider } = yield* books
      yield* held()
      yield* provider.behave({ dark: true })
      const lines = yield* list("created_after=2020-01-01")
      yield* provider.behave({ dark: null })
      assert.deepStrictEqual(lines.map(({ line }) => line), ["broken"])
    }))

  it.effect("differ in every way in which one can take or hold what the other does not know of", () =>
    Effect.gen(function*() {
      const { byForce, capture, held, list, post } = yield* books
      const differing = Effect.map(
        list("created_after=2020-01-01&differing=true"),
        (lines) => lines.flatMap(({ payment }) => payment?.reference ?? [])
      )
      const change = (reference: string, to: string) =>
        byForce(`UPDATE payment.payments SET ${to} WHERE reference = '${reference}'`)
      const ways: ReadonlyArray<(one: { reference: string; id: string }) => Effect.Effect<unknown, unknown>> = [
        ({ id }) => post(`payment_intents/${id}/capture`),
        ({ id }) => post(`payment_intents/${id}/cancel`),
        ({ reference }) => change(reference, "status = 'VOIDED'"),
        ({ reference }) => change(reference, "amount_cents = amount_cents + 1"),
        ({ reference }) => change(reference, "status = 'CAPTURED', captured_cents = amount_cents"),
        ({ id, reference }) => Effect.andThen(capture(reference), post("refunds", { payment_intent: id, amount: "1" })),
        ({ reference }) => Effect.andThen(capture(reference), change(reference, "refunded_cents = 1")),
        ({ reference }) => Effect.andThen(capture(reference), change(reference, "amount_cents = amount_cents + 1"))
      ]
      for (const [n, way] of ways.entries()) {
        const one = yield* held()
        assert.notInclude(yield* differing, one.reference, `${n}`)
        yield* way(one)
        assert.include(yield* differing, one.reference, `${n}`)
      }
    }))
})

layer(BooksUnderTest.layer, { excludeTestServices: true })("a payment that no record counts on", (it) => {
  it.effect("is let go, once, and its reference is closed for good", () =>
    Effect.gen(function*() {
      const { authorize, effects, hold, settle } = yield* books
      const reference = anOrderId()
      const id = yield* hold(reference)
      const answers = yield* Effect.all([settle(id), settle(id)], { concurrency: 2 })
      assert.deepStrictEqual(answers.map(summary), [[200, "canceled"], [200, "canceled"]])
      assert.deepStrictEqual(yield* effects(reference), ["authorized", "canceled"])
      assert.deepStrictEqual(summary(yield* authorize(reference)), conflict)
    }))

  it.effect("is given back, once, if it was taken", () =>
    Effect.gen(function*() {
      const { effects, hold, post, settle } = yield* books
      const reference = anOrderId()
      const id = yield* hold(reference)
      yield* post(`payment_intents/${id}/capture`)
      const answers = yield* Effect.all([settle(id), settle(id)], { concurrency: 2 })
      assert.deepStrictEqual(answers.map(({ body }) => body.refunded_cents), [AMOUNT, AMOUNT])
      assert.deepStrictEqual(yield* effects(reference), ["authorized", "captured", "refunded"])
    }))

  it.effect("is left alone if it is a stranger's, counted on, or may be the one that is being authorized", () =>
    Effect.gen(function*() {
      const { authorize, capture, held, hold, settle } = yield* books
      assert.deepStrictEqual(summary(yield* settle(yield* hold())), conflict)
      assert.deepStrictEqual(summary(yield* settle("pi_nowhere")), [404, "payment_not_found"])
      const own = yield* held()
      assert.deepStrictEqual(summary(yield* settle(own.id)), conflict)
      yield* capture(own.reference)
      assert.deepStrictEqual(summary(yield* settle(own.id)), conflict)
      const open = anOrderId()
      yield* authorize(open, "tok_authorize_timeout_before_xall")
      assert.deepStrictEqual(summary(yield* settle(yield* hold(open))), conflict)
    }))

  it.effect("is let go beside the one that is counted on, which stays", () =>
    Effect.gen(function*() {
      const { effects, held, hold, settle, show } = yield* books
      const { reference } = yield* held()
      assert.deepStrictEqual(summary(yield* settle(yield* hold(reference))), [200, "canceled"])
      assert.strictEqual(yield* show(reference), "AUTHORIZED")
      assert.deepStrictEqual(yield* effects(reference), ["authorized", "authorized", "canceled"])
    }))
})

layer(BooksUnderTest.layer, { excludeTestServices: true })("record and provider are made to agree", (it) => {
  it.effect("by what the provider did and we did not hear of", () =>
    Effect.gen(function*() {
      const { agree, held, post, show } = yield* books
      const { id, reference } = yield* held()
      yield* post(`payment_intents/${id}/capture`)
      assert.deepStrictEqual(summary(yield* agree(id)), [200, "captured"])
      assert.strictEqual(yield* show(reference), "CAPTURED")
    }))

  it.effect("by asking again, under its own key, for what is on record", () =>
    Effect.gen(function*() {
      const { agree, byForce, call, capture, effects, held, sql } = yield* books
      const { id, reference } = yield* held()
      yield* byForce(`
        UPDATE payment.payments SET status = 'CAPTURED', captured_cents = amount_cents WHERE reference = '${reference}'`)
      assert.deepStrictEqual(summary(yield* agree(id)), [200, "captured"])
      assert.deepStrictEqual(summary(yield* capture(reference)), [200, "CAPTURED"])
      yield* call("POST", `/refund/${reference}`, { amount_cents: 200 }, { "idempotency-key": "a" })
      yield* sql`
        INSERT INTO payment.refunds (reference, key, amount_cents, status)
        VALUES (${reference}::uuid, 'undo', ${AMOUNT - 200}::bigint, 'DONE')`
      yield* byForce(`
        UPDATE payment.payments SET status = 'REFUNDED', refunded_cents = amount_cents WHERE reference = '${reference}'`)
      assert.strictEqual((yield* agree(id)).body.refunded_cents, AMOUNT)
      assert.strictEqual((yield* agree(id)).body.refunded_cents, AMOUNT)
      assert.deepStrictEqual(yield* effects(reference), ["authorized", "captured", "refunded", "refunded"])
    }))

  it.effect("only where one of them can be right, and does nothing where it does not help", () =>
    Effect.gen(function*() {
      const { agree, byForce, call, capture, effects, held, hold, post, show } = yield* books
      const gone = yield* held()
      yield* post(`payment_intents/${gone.id}/cancel`)
      assert.deepStrictEqual(summary(yield* agree(gone.id)), conflict)
      const less = yield* held()
      yield* post(`payment_intents/${less.id}/capture`, { amount_to_capture: "1" })
      assert.deepStrictEqual(summary(yield* agree(less.id)), conflict)
      assert.strictEqual(yield* show(less.reference), "AUTHORIZED")
      const never = yield* held()
      yield* byForce(`
        UPDATE payment.payments SET status = 'REFUNDED', captured_cents = amount_cents, refunded_cents = amount_cents
        WHERE reference = '${never.reference}'`)
      assert.deepStrictEqual(summary(yield* agree(never.id)), conflict)
      const more = yield* held()
      yield* capture(more.reference)
      yield* call("POST", `/refund/${more.reference}`, { amount_cents: 200 }, { "idempotency-key": "a" })
      yield* byForce(`UPDATE payment.payments SET refunded_cents = 201 WHERE reference = '${more.reference}'`)
      assert.deepStrictEqual(summary(yield* agree(more.id)), conflict)
      assert.deepStrictEqual(yield* effects(more.reference), ["authorized", "captured", "refunded"])
      assert.deepStrictEqual(summary(yield* agree(yield* hold(anOrderId()))), [404, "payment_not_found"])
      assert.deepStrictEqual(yield* effects(never.reference), ["authorized"])
    }))
})
