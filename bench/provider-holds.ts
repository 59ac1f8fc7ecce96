import { Effect } from "effect"
import { Pool } from "undici"

/** Requests to the provider under way at once. */
const UNDER_WAY = 32

/** Makes the provider hold an amount for each reference, as the payment service would; answers the provider's ids in order. */
export const holdAtProvider = (simulator: string, references: ReadonlyArray<string>, cents: number) =>
  Effect.promise(async () => {
    const pool = new Pool(simulator, { connections: UNDER_WAY, pipelining: 1 })
    const ids: Array<string> = Array.from(references, () => "")
    const headers = { authorization: "Bearer sk_test", "content-type": "application/x-www-form-urlencoded" }
    const hold = async (i: number) => {
      const body = new URLSearchParams({
        amount: `${cents}`,
        currency: "usd",
        capture_method: "manual",
        confirm: "true",
        "payment_method_data[type]": "card",
        "payment_method_data[card][token]": "tok_visa_success",
        "metadata[reference]": references[i]!
      }).toString()
      const request = { path: "/v1/payment_intents", method: "POST", body } as const
      const key = { ...headers, "idempotency-key": `${references[i]}:authorize` }
      const answer = await pool.request({ ...request, headers: key })
      const text = await answer.body.text()
      if (answer.statusCode !== 200) throw new Error(`the provider answered ${answer.statusCode}: ${text}`)
      ids[i] = JSON.parse(text).id
    }
    let next = 0
    const hand = async () => {
      while (next < references.length) await hold(next++)
    }
    await Promise.all(Array.from({ length: UNDER_WAY }, hand))
    await pool.close()
    return ids
  })
