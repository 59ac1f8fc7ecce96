import { type Fault, faults } from "@surety/testkit/link-proxy"
import { type LinkName, linkNames, wireOf } from "../cluster/links.ts"
import type { Scale } from "./storm.ts"

/** What is asked for on the links that speak HTTP, by the names their proxies have for it. */
const often: Partial<Record<LinkName, ReadonlyArray<string>>> = {
  "client->edge-api": ["POST /orders"],
  "edge-api->inventory": ["POST /products/prices"],
  "edge-api->payment": ["POST /payments/authorizations/batch"],
  "orchestrator->orders": [
    "POST /orders/batch",
    "POST /orders/confirmations/batch",
    "POST /orders/cancellations/batch"
  ],
  "orchestrator->inventory": [
    "POST /reservations/batch",
    "POST /reservations/commitments/batch",
    "POST /reservations/releases/batch"
  ],
  "orchestrator->payment": ["POST /payments/captures/batch", "POST /payments/voids/batch"],
  "payment->provider": [
    "POST /v1/payment_intents",
    "POST /v1/payment_intents/:id/capture",
    "POST /v1/payment_intents/:id/cancel"
  ]
}

/** What is asked for only when something else has gone wrong before; the long form waits for it. */
const rarely: Partial<Record<LinkName, ReadonlyArray<string>>> = {
  "edge-api->payment": ["GET /payments/by-reference/:id"],
  "payment->provider": ["GET /v1/payment_intents/search", "GET /v1/payment_intents/:id"]
}

/** Asked for so rarely that no storm of seconds waits for it, and where it is under fire instead. */
export const elsewhere = [
  "edge-api->payment POST /payments/voids/batch: past the budget of an authorization only; provider-dark leads there",
  "orchestrator->payment POST /payments/refunds/batch: at an operator's word only; unknown-outcomes leads there",
  "payment->provider POST /v1/refunds, GET /v1/refunds: the same"
]

/** Any request at all: the steps of a link to PostgreSQL are its statements, too many to name. */
export const ANY = "*"

/** A fault at a step of a link. */
export interface Cell {
  readonly link: LinkName
  readonly fault: Fault
  readonly step: string
}

export const keyOf = ({ fault, link, step }: Cell): string => `${link} ${fault} ${step}`

/** Why there can be no such cell, where there can be none. */
export const missing = ({ fault, link, step }: Cell): string | undefined => {
  if (wireOf(link) === "http" && fault === "refuse" && step !== ANY) {
    return "a connection is refused before anybody can say what for"
  }
  return fault === "swallow" && step.startsWith("GET ") ? "a GET commits nothing" : undefined
}

/** The steps of a link at which a fault can happen: for all of them together, where it befalls connections. */
const stepsOf = (link: LinkName, scale: Scale): ReadonlyArray<string> => [
  ANY,
  ...often[link] ?? [],
  ...(scale === "full" ? rarely[link] ?? [] : [])
]

/** Every cell of a link for a fault, those among them that there cannot be. */
export const cellsOf = (link: LinkName, fault: Fault, scale: Scale): ReadonlyArray<Cell> =>
  stepsOf(link, scale).map((step) => ({ link, fault, step }))

export const allCells = (scale: Scale): ReadonlyArray<Cell> =>
  linkNames.flatMap((link) => faults.flatMap((fault) => cellsOf(link, fault, scale)))
