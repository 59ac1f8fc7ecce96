import { assert } from "@effect/vitest"
import { makeOrderId } from "@surety/domain/ids"
import { simulatorControl } from "@surety/provider-simulator/control-client"
import { Context, Effect, Layer } from "effect"
import { randomBytes, randomUUID } from "node:crypto"
import { AMOUNT, aProvider, startPayment } from "./payment-under-test.ts"

/** The service before a provider that can be talked to past it. */
export class BooksUnderTest extends Context.Service<BooksUnderTest>()("test/BooksUnderTest", {
  make: Effect.gen(function*() {
    const url = yield* aProvider
    return { ...yield* startPayment(url), url, provider: simulatorControl(url) }
  })
}) {
  static readonly layer = Layer.effect(this, this.make)
}

export const anOrderId = (): string =>
  makeOrderId({ epochMillis: Date.now(), shard: 0, random: new Uint8Array(randomBytes(9)) })

const past = (url: string) => (path: string, fields: Readonly<Record<string, string>> = {}) =>
  Effect.promise(async () => {
    const headers = {
      authorization: "Bearer sk_test",
      "content-type": "application/x-www-form-urlencoded",
      "idempotency-key": randomUUID()
    }
    const response = await fetch(`${url}/v1/${path}`, { method: "POST", headers, body: new URLSearchParams(fields) })
    const answer = await response.json() as { id: string }
    assert.isTrue(response.ok, JSON.stringify(answer))
    return answer.id
  })

/** A line of a listing. */
export interface Line {
  readonly line: string
  readonly agrees?: boolean
  readonly payment?: { readonly reference: string; readonly status: string; readonly created_at: string }
  readonly [field: string]: unknown
}

/** Everything that one order's payment can be asked for, here and past us. */
export const books = Effect.gen(function*() {
  const { call, provider, sql, url } = yield* BooksUnderTest
  const post = past(url)
  const list = (query: string) =>
    Effect.map(
      call("GET", `/at-provider?${query}`),
      ({ text }) => text.trim().split("\n").map((line) => JSON.parse(line) as Line)
    )
  const authorize = (reference: string, token = "tok_visa_success") =>
    call("POST", "/authorize", { reference, amount_cents: AMOUNT, currency: "usd", token })
  const held = Effect.fnUntraced(function*(token?: string) {
    const reference = anOrderId()
    const { body } = yield* authorize(reference, token)
    return { reference, id: body.provider_id as string }
  })
  return {
    call,
    sql,
    post,
    list,
    authorize,
    held,
    hold: (reference?: string) =>
      post("payment_intents", {
        amount: `${AMOUNT}`,
        currency: "usd",
        capture_method: "manual",
        confirm: "true",
        "payment_method_data[card][token]": "tok_visa_success",
        ...(reference === undefined ? {} : { "metadata[reference]": reference })
      }),
    capture: (reference: string) => call("POST", `/capture/${reference}`),
    settle: (id: string) => call("POST", `/at-provider/${id}/settle`),
    agree: (id: string) => call("POST", `/at-provider/${id}/agree`),
    show: (reference: string) => Effect.map(call("GET", `/${reference}`), ({ body }) => body.status as string),
    /** What really happened at the provider, in a word each. */
    effects: (reference: string) =>
      Effect.map(provider.effects(reference), (effects) => effects.map((effect) => effect.split(" ")[0])),
    provider,
    byForce: (statement: string) =>
      sql.withTransaction(
        Effect.andThen(sql.unsafe("SET LOCAL session_replication_role = 'replica'"), sql.unsafe(statement))
      )
  } as const
})
