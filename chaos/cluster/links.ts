import type { Wire } from "@surety/testkit/link-proxy"

/** The services that are under fire, each a process of its own. */
export const serviceNames = ["payment", "inventory", "orders", "edge-api", "orchestrator"] as const
export type ServiceName = (typeof serviceNames)[number]

/** Who calls, the name of the link, and who is called. */
export type LinkEnd = ServiceName | "client" | "provider" | "postgres"

/** Every connection there is between two processes. */
export const linkNames = [
  "client->edge-api",
  "edge-api->inventory",
  "edge-api->payment",
  "orchestrator->orders",
  "orchestrator->inventory",
  "orchestrator->payment",
  "payment->provider",
  "payment->postgres",
  "inventory->postgres",
  "orders->postgres",
  "edge-api->postgres",
  "orchestrator->postgres"
] as const
export type LinkName = (typeof linkNames)[number]

/** `["edge-api", "payment"]` of `edge-api->payment`. */
export const endsOf = (link: LinkName) => link.split("->") as [from: LinkEnd, to: LinkEnd]

export const wireOf = (link: LinkName): Wire => endsOf(link)[1] === "postgres" ? "postgres" : "http"
