import { type ServiceProcess, serviceProcess as start } from "@surety/testkit/service-process"
import { Effect, Redacted } from "effect"
import { compressed, type Stack } from "./stack-for-tests.ts"

export type { ServiceProcess } from "@surety/testkit/service-process"

/** A service as a process of its own beside a running stack, so that it can be killed or paused from outside. */
export const serviceProcess = (
  stack: Stack,
  program: "orchestrator" | "edge-api",
  environment: Readonly<Record<string, string>> = {}
) =>
  start({
    program,
    environment: {
      ...compressed,
      DATABASE_URL: Redacted.value(stack.database),
      ORDERS_URL: stack.urls.orders,
      INVENTORY_URL: stack.urls.inventory,
      PAYMENT_URL: stack.urls.payment,
      ...environment
    }
  })

/** Where a service process listens, from its own log. */
export const listeningAt = (service: ServiceProcess) =>
  Effect.map(service.said("service.listening"), (line) => /http:\/\/127\.0\.0\.1:\d+/.exec(line)![0])
