import { Effect, Redacted } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { compressed, type Stack } from "./stack-for-tests.ts"

export interface ServiceProcess {
  readonly child: ChildProcess
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  /** Waits for a log line with this text, from now or from before. */
  readonly said: (text: string) => Effect.Effect<string>
  readonly exited: Effect.Effect<number | NodeJS.Signals>
}

/** A service as a process of its own beside a running stack, so that it can be killed or paused from outside. */
export const serviceProcess = (
  stack: Stack,
  service: "orchestrator" | "edge-api",
  environment: Readonly<Record<string, string>> = {}
) =>
  Effect.acquireRelease(
    Effect.sync((): ServiceProcess => {
      const child = spawn(process.execPath, [`services/${service}/src/main.ts`], {
        stdio: ["ignore", "pipe", "inherit"],
        env: {
          PATH: process.env["PATH"],
          ...compressed,
          DATABASE_URL: Redacted.value(stack.database),
          ORDERS_URL: stack.urls.orders,
          INVENTORY_URL: stack.urls.inventory,
          PAYMENT_URL: stack.urls.payment,
          ...environment
        }
      })
      const lines: Array<string> = []
      const waiting = new Set<() => void>()
      createInterface({ input: child.stdout! }).on("line", (line) => {
        lines.push(line)
        for (const look of waiting) look()
      })
      const said = (text: string) =>
        Effect.callback<string>((resume) => {
          const look = () => {
            const found = lines.find((line) => line.includes(text))
            if (found === undefined) return
            waiting.delete(look)
            resume(Effect.succeed(found))
          }
          waiting.add(look)
          look()
        }).pipe(Effect.timeoutOrElse({
          duration: "20 seconds",
          orElse: () => Effect.die(new Error(`${service} never said "${text}":\n${lines.slice(-10).join("\n")}`))
        }))
      const exited = Effect.callback<number | NodeJS.Signals>((resume) => {
        const done = () => resume(Effect.succeed(child.exitCode ?? child.signalCode ?? -1))
        if (child.exitCode !== null || child.signalCode !== null) done()
        else child.once("exit", done)
      })
      return { child, said, exited, signal: (signal) => Effect.sync(() => void child.kill(signal)) }
    }),
    ({ child, exited }) => Effect.andThen(Effect.sync(() => child.kill("SIGKILL")), exited)
  )

/** Where a service process listens, from its own log. */
export const listeningAt = (service: ServiceProcess) =>
  Effect.map(service.said("service.listening"), (line) => /http:\/\/127\.0\.0\.1:\d+/.exec(line)![0])
