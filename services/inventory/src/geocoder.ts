import { Context, Effect, Layer, Option } from "effect"
import { readFile } from "node:fs/promises"
import { promisify } from "node:util"
import { brotliDecompress } from "node:zlib"
import {
  cityKey,
  countryKey,
  normaliseName,
  normalisePostalCode,
  postalKey,
  worldCityKey
} from "./geocoder/place-names.ts"
import { type PlaceRecord, PlaceTable } from "./geocoder/place-table.ts"

/** Where an order goes. `country` is ISO 3166 alpha-2; alpha-3 codes and names of countries are understood too. */
export interface ShippingAddress {
  readonly line1?: string | undefined
  readonly city?: string | undefined
  readonly postal_code?: string | undefined
  readonly country?: string | undefined
  readonly location?: { readonly latitude: number; readonly longitude: number } | undefined
}

/** A point on earth (WGS84 degrees), what of the address led to it, and what is there. */
export interface Place {
  readonly latitude: number
  readonly longitude: number
  readonly matched: "location" | "postal_code" | "city"
  readonly name: string
}

/**
 * Turns an address into a point, good enough to say which warehouse is nearest: a city's centre, not a doorstep.
 * An address it cannot place gives `None`, which sends the order to the default warehouse. That is cheaper than a guess:
 * a place taken from the wrong country ships a parcel across an ocean.
 */
export class Geocoder extends Context.Service<Geocoder, {
  locate(address: ShippingAddress): Effect.Effect<Option.Option<Place>>
}>()("surety/inventory/Geocoder") {
  /**
   * Searches the place table beside this file and asks nobody: no network, no key, the same answer every time. The table
   * starts loading with the layer, off the event loop, so that start-up does not wait for it; a lookup does, once.
   */
  static readonly offline: Layer.Layer<Geocoder> = Layer.effect(
    Geocoder,
    Effect.sync(() => {
      // Started by hand and kept as a promise: a caller that is interrupted while it waits must not take the table along.
      const loading = loadPlaceTable()
      loading.catch(() => undefined) // reported, as a defect, to everyone who asks below
      const table = Effect.promise(() => loading)
      return Geocoder.of({
        locate: (address) => {
          const given = explicitPlace(address)
          return given ? Effect.succeedSome(given) : Effect.map(table, (places) => locateIn(places, address))
        }
      })
    })
  )
}

/** The table is 21 MB unpacked; a file that unpacks to more than this is not ours. */
const MAX_TABLE_BYTES = 64 * 1024 * 1024

/** Few large steps instead of zlib's own of 16 KiB: 190 ms instead of 300 until the table is there. */
const UNPACK_STEP_BYTES = 4 * 1024 * 1024

export async function loadPlaceTable(): Promise<PlaceTable> {
  const packed = await readFile(new URL("geocoder/places.bin.br", import.meta.url))
  return new PlaceTable(
    await promisify(brotliDecompress)(packed, { chunkSize: UNPACK_STEP_BYTES, maxOutputLength: MAX_TABLE_BYTES })
  )
}

/** The order of trust: coordinates as given, then the postal code, its area, then the city. Never another country. */
export function locateIn(table: PlaceTable, address: ShippingAddress): Option.Option<Place> {
  const given = explicitPlace(address)
  if (given) return Option.some(given)
  const city = normaliseName(address.city ?? "")
  const countryText = address.country?.trim() ?? ""
  if (countryText === "") return found("city", city === "" ? undefined : table.place(worldCityKey(city)))
  const country = table.country(countryKey(normaliseName(countryText)))
  if (country === undefined) return Option.none()
  const code = normalisePostalCode(address.postal_code ?? "")
  return Option.orElse(
    found("postal_code", code === "" ? undefined : placeByPostalCode(table, country, code)),
    () => found("city", city === "" ? undefined : table.place(cityKey(country, city)))
  )
}

/** PO boxes and new codes are not in the table, yet their first three digits name the sorting office they belong to. */
function placeByPostalCode(table: PlaceTable, country: string, code: string): PlaceRecord | undefined {
  return table.place(postalKey(country, code)) ?? table.place(postalKey(country, `${code.slice(0, 3)}**`))
}

function explicitPlace({ location }: ShippingAddress): Place | undefined {
  if (location === undefined) return undefined
  const { latitude, longitude } = location
  // Written so that NaN fails too. Points off the globe are refused by the contract; here they are simply no point.
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) return undefined
  return { latitude, longitude, matched: "location", name: `${latitude}, ${longitude}` }
}

function found(matched: Place["matched"], place: PlaceRecord | undefined): Option.Option<Place> {
  return Option.map(Option.fromUndefinedOr(place), (record) => ({ ...record, matched }))
}
