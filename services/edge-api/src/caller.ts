import { Effect } from "effect"
import type { HttpServerRequest } from "effect/http"

/** Who is asking. Until credentials exist everyone is `public`; this is the one place that will know better. */
export const resolveCaller = (_request: HttpServerRequest.HttpServerRequest): Effect.Effect<string> =>
  Effect.succeed("public")
