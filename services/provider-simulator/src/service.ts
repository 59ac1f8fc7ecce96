import { Context, Effect, Layer, Schema } from "effect"
import type { AddressInfo } from "node:net"
import { Books } from "./books.ts"
import { makeServer } from "./http.ts"
import { memoryJournal, openJournal } from "./journal.ts"
import type { SimulatorSettings } from "./settings.ts"
import { Temper } from "./temper.ts"

/** The port is taken, or the journal cannot be opened or read. */
export class SimulatorCannotStart extends Schema.TaggedError<SimulatorCannotStart>()("SimulatorCannotStart", {
  cause: Schema.Defect()
}) {}

/** A running simulator of the payment provider: where it listens, without a slash at the end of `url`. */
export class ProviderSimulator extends Context.Service<ProviderSimulator, {
  readonly port: number
  readonly url: string
}>()("surety/ProviderSimulator") {}

const attempt = <A>(run: () => Promise<A>) =>
  Effect.tryPromise({ try: run, catch: (cause) => new SimulatorCannotStart({ cause }) })

/** Rebuilds the books from the journal, listens, and on the way down finishes what it is answering. */
export const providerSimulator = (
  settings: SimulatorSettings
): Layer.Layer<ProviderSimulator, SimulatorCannotStart> =>
  Layer.effect(
    ProviderSimulator,
    Effect.gen(function*() {
      const { data_folder, host, port: wanted, ...mood } = settings
      const books = new Books()
      const journal = yield* Effect.acquireRelease(
        attempt(() =>
          data_folder === undefined
            ? Promise.resolve(memoryJournal)
            : openJournal(data_folder, (entry) => books.apply(entry))
        ),
        (open) => Effect.promise(() => open.close())
      )
      const { close, server } = makeServer({ books, journal, temper: new Temper(mood) })
      yield* Effect.acquireRelease(
        attempt(() =>
          new Promise<void>((resolve, reject) => {
            server.once("error", reject)
            server.listen(wanted, host, () => resolve())
          })
        ),
        () => Effect.promise(close)
      )
      const { port } = server.address() as AddressInfo
      yield* Effect.logInfo("the simulated payment provider listens", { host, port, payments: books.intents.length })
      return { port, url: `http://${host}:${port}` }
    })
  )
