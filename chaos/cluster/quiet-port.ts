import { freePort } from "@surety/platform/postgres/free-port"
import { Effect } from "effect"

/** Below the ports that systems give to outgoing connections (32768 and up on Linux, 49152 elsewhere). */
const FIRST = 18_000
const LAST = 32_000
const taken = new Set<number>()

/**
 * A free port that stays free while its service is down: one from the system's own choice could go to an outgoing
 * connection meanwhile, and the service could not come back.
 */
export const quietPort: Effect.Effect<number> = Effect.gen(function*() {
  while (true) {
    const wanted = FIRST + Math.floor(Math.random() * (LAST - FIRST))
    if (taken.has(wanted)) continue
    const port = yield* Effect.orDie(freePort(wanted))
    if (port !== wanted) continue
    taken.add(port)
    return port
  }
})
