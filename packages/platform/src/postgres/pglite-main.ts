/**
 * A PGlite server as a process of its own. `pglite-process.ts` starts it and sends it what to serve; it ends when the
 * channel to its parent closes, however that came about.
 */
import { PGlite } from "@electric-sql/pglite"
import { postgis } from "@electric-sql/pglite-postgis"
import { Effect, Scope } from "effect"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { awaitFolder } from "./data-folder-lock.ts"
import { serveSession } from "./pglite-listener.ts"
import { PgliteSession } from "./pglite-session.ts"

/** What the parent orders. The answer is "ready". */
export interface PgliteOrder {
  /** Holds the folder `data`, which is made if it is not there. */
  readonly folder: string
  /** Where templates and fresh databases are; clients can ask for it as the setting `surety.home`. */
  readonly home: string
  readonly port: number
  readonly password: string
  /** Remove the folder at the end. */
  readonly throwAway: boolean
}

/** How long the server of an earlier, killed parent may take to let go of the folder. */
const PREDECESSOR_LIMIT = { seconds: 20 }

/** PGlite itself does not notice a second process on its folder, which destroys the data. The lock ends with the process. */
const processScope = Scope.makeUnsafe()

const serve = async ({ folder, home, password, port }: PgliteOrder): Promise<PGlite> => {
  await Effect.runPromise(Scope.provide(awaitFolder(folder, PREDECESSOR_LIMIT), processScope))
  const db = await PGlite.create({
    dataDir: join(folder, "data"),
    extensions: { postgis },
    startParams: [...PGlite.defaultStartParams, "-c", `surety.home=${home}`, "-c", "timezone=UTC"]
  })
  await db.exec("CREATE EXTENSION IF NOT EXISTS postgis")
  const { rows: [row] } = await db.query<{ server_version: string }>("SHOW server_version")
  await serveSession({ session: new PgliteSession(db), port, password, serverVersion: row?.server_version ?? "" })
  return db
}

process.once("message", (order: PgliteOrder) => {
  const serving = serve(order)
  void serving.then(() => process.send?.("ready"), (cause) => {
    process.stderr.write(`${String(cause)}\n`)
    process.exit(1)
  })
  process.once("disconnect", () =>
    void serving.then((db) => db.close()).finally(() => {
      if (order.throwAway) rmSync(order.folder, { recursive: true, force: true, maxRetries: 5 })
      process.exit()
    }))
})
