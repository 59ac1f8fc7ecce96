import type { RoutingDecision } from "@surety/contracts/inventory-api"
import type { NameOf } from "./connect-stack.ts"

type Candidate = RoutingDecision["candidates"][number]

const SHOWN_MAX = 2

const why = { chosen: "", insufficient_stock: "too few", not_stocked: "not stocked" } as const

const kilometres = ({ distance_meters = 0 }: Candidate) =>
  distance_meters < 1_000 ?
    "less than 1 km" :
    `${Math.round(distance_meters / 1_000).toLocaleString("en")} km`

/** `from Rotterdam, 614 km`; empty when no warehouse could send it. */
export const tellChosen = ({ candidates, fallback }: RoutingDecision, nameOf: NameOf): string => {
  const chosen = candidates.find(({ verdict }) => verdict === "chosen")
  if (chosen === undefined) return ""
  return `from ${nameOf(chosen.warehouse_id)}, ${fallback === undefined ? kilometres(chosen) : "the default warehouse"}`
}

/** `passed over Nairobi (1 km, not stocked)`: the nearer warehouses, and why it was none of them; undefined without any. */
export const tellPassedOver = ({ candidates }: RoutingDecision, nameOf: NameOf): string | undefined => {
  const others = candidates.filter(({ verdict }) => verdict !== "chosen")
  if (others.length === 0) return undefined
  const shown = others.slice(0, SHOWN_MAX).map((candidate) =>
    `${nameOf(candidate.warehouse_id)} (${kilometres(candidate)}, ${why[candidate.verdict]})`
  )
  const more = others.length > SHOWN_MAX ? ` and ${others.length - SHOWN_MAX} more` : ""
  return `passed over ${shown.join(", ")}${more}`
}
