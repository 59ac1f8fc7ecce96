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
 * A decision in short hand, since one is written with every order: about 50 bytes for the ordinary one, where the first
 * warehouse looked at is the one taken. That one needs no entry in `seen`: the row names it, and `m` its distance. The
 * others stand by their codes, which are as lasting as their ids and shorter.
 */
export interface StoredDecision {
  readonly to?: readonly [latitude: number, longitude: number, matched: MatchInitial, name: string]
  readonly why?: NonNullable<RoutingDecision["fallback"]>
  readonly seen?: ReadonlyArray<readonly [code: string, meters: number, verdict: VerdictInitial]>
  readonly m?: number
  readonly short?: ReadonlyArray<readonly [ProductId, requested: number, available: number]>
}

const verdicts = { c: "chosen", i: "insufficient_stock", n: "not_stocked" } as const satisfies Record<
  string,
  CandidateVerdict
>
const matches = { c: "city", l: "location", p: "postal_code" } as const satisfies Record<string, Place["matched"]>
type VerdictInitial = keyof typeof verdicts
type MatchInitial = keyof typeof matches
const verdictInitial = (verdict: CandidateVerdict) => verdict.slice(0, 1) as VerdictInitial
const matchInitial = (matched: Place["matched"]) => matched.slice(0, 1) as MatchInitial

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
    ...(seen.length > 0 &&
      { seen: seen.map((v) => [v.code, Math.round(v.meters), verdictInitial(v.verdict)] as const) }),
    ...(only && { m: Math.round(only.meters) }),
    ...(shortages.length > 0 && { short: shortages.map((s) => [s.product_id, s.requested, s.available] as const) })
  }
}

const shortPlace = ({ latitude, longitude, matched, name }: Place) =>
  [round(latitude), round(longitude), matchInitial(matched), matched === "location" ? "" : name] as const

/** The decision as the contract tells it. `ids` are those of the warehouses it names, and of the chosen one, by code. */
export const readDecision = (
  stored: StoredDecision,
  chosen: WarehouseId | null,
  ids: Readonly<Record<string, WarehouseId>>
): RoutingDecision => {
  const only = Object.keys(ids).find((code) => ids[code] === chosen)
  const last = only === undefined || stored.m === undefined ? [] : [[only, stored.m, "c"] as const]
  const [latitude, longitude, matched, name] = stored.to ?? []
  return {
    ...(latitude !== undefined && longitude !== undefined && matched !== undefined &&
      { destination: { latitude, longitude, matched: matches[matched], name: name || `${latitude}, ${longitude}` } }),
    ...(stored.why && { fallback: stored.why }),
    candidates: [...(stored.seen ?? []), ...last].map(([code, distance_meters, initial]) => ({
      warehouse_id: ids[code]!,
      code,
      distance_meters,
      verdict: verdicts[initial]
    }))
  }
}

export const readShortages = ({ short = [] }: StoredDecision): ReadonlyArray<Shortage> =>
  short.map(([product_id, requested, available]) => ({ product_id, requested, available }))
