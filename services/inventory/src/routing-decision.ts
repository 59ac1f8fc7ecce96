import type { RoutingDecision } from "@surety/contracts/inventory-api"
import type { ProductId, WarehouseId } from "@surety/domain/ids"
import type { CandidateVerdict } from "@surety/domain/stock"
import type { Place } from "./geocoder.ts"
import type { Verdict } from "./routing.ts"

export interface Shortage {
  readonly product_id: ProductId
  readonly requested: number
  readonly available: number
}

/** Where an order goes: a place on the map, or why there is none and the default warehouse stands in for it. */
export type Destination =
  | { readonly place: Place }
  | { readonly fallback: NonNullable<RoutingDecision["fallback"]> }

/**
 * A decision in short hand, since one is written with every order: about 100 bytes for the ordinary one, where the first
 * warehouse looked at is the one taken. That one needs no entry in `seen`: the row names it, and `m` its distance.
 */
export interface StoredDecision {
  readonly to?: readonly [latitude: number, longitude: number, matched: string, name: string]
  readonly why?: NonNullable<RoutingDecision["fallback"]>
  readonly seen?: ReadonlyArray<readonly [WarehouseId, meters: number, CandidateVerdict]>
  readonly m?: number
  readonly short?: ReadonlyArray<readonly [ProductId, requested: number, available: number]>
}

/** A tenth of a metre: nobody's address is more exact. */
const round = (degrees: number) => Math.round(degrees * 1e6) / 1e6

export const storeDecision = (
  destination: Destination,
  looked: ReadonlyArray<Verdict>,
  shortages: ReadonlyArray<Shortage> = []
): StoredDecision => {
  const chosen = looked.filter(({ verdict }) => verdict === "chosen")
  const only = chosen.length === 1 ? chosen[0] : undefined
  const seen = looked.filter((verdict) => verdict !== only)
  return {
    ...("place" in destination ? { to: shortPlace(destination.place) } : { why: destination.fallback }),
    ...(seen.length > 0 && { seen: seen.map((v) => [v.warehouse_id, Math.round(v.meters), v.verdict] as const) }),
    ...(only && { m: Math.round(only.meters) }),
    ...(shortages.length > 0 && { short: shortages.map((s) => [s.product_id, s.requested, s.available] as const) })
  }
}

const shortPlace = ({ latitude, longitude, matched, name }: Place) =>
  [round(latitude), round(longitude), matched, matched === "location" ? "" : name] as const

/** The decision as the contract tells it. `codes` names the warehouses. */
export const readDecision = (
  stored: StoredDecision,
  chosen: WarehouseId | null,
  codes: Readonly<Record<string, string>>
): RoutingDecision => {
  const only = chosen === null || stored.m === undefined ? [] : [[chosen, stored.m, "chosen"] as const]
  const [latitude, longitude, matched, name] = stored.to ?? []
  return {
    ...(latitude !== undefined && longitude !== undefined && matched !== undefined &&
      { destination: { latitude, longitude, matched, name: name || `${latitude}, ${longitude}` } }),
    ...(stored.why && { fallback: stored.why }),
    candidates: [...(stored.seen ?? []), ...only].map(([warehouse_id, distance_meters, verdict]) => ({
      warehouse_id,
      code: codes[warehouse_id] ?? "",
      distance_meters,
      verdict
    }))
  }
}

export const readShortages = ({ short = [] }: StoredDecision): ReadonlyArray<Shortage> =>
  short.map(([product_id, requested, available]) => ({ product_id, requested, available }))
