import { httpCall } from "@surety/testkit/http-call"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"

/** One request to the provider by somebody who has its password but is none of our services, under a key of its own. */
export const askProvider = <Body = any>(
  simulator: string,
  path: string,
  fields: Readonly<Record<string, string>>
): Effect.Effect<Body> =>
  httpCall<Body>("POST", `${simulator}/v1/${path}`, new URLSearchParams(fields).toString(), {
    authorization: "Bearer sk_test_by_hand",
    "content-type": "application/x-www-form-urlencoded",
    "idempotency-key": randomUUID()
  }).pipe(
    Effect.flatMap(({ body, status, text }) =>
      status === 200 ? Effect.succeed(body) : Effect.die(new Error(`the provider answered ${status}: ${text}`))
    )
  )
