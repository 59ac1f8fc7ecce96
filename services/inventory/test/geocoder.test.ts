import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Option, Schema } from "effect"
import { Geocoder, loadPlaceTable, locateIn, type ShippingAddress } from "../src/geocoder.ts"
import { normaliseName, normalisePostalCode } from "../src/geocoder/place-names.ts"
import { encodePlaceTable, PlaceTable } from "../src/geocoder/place-table.ts"

const EARTH_RADIUS_KM = 6371

function kilometres(a: readonly [number, number], b: readonly [number, number]): number {
  const [latitudeA, longitudeA, latitudeB, longitudeB] = [...a, ...b].map((degrees) => degrees * Math.PI / 180) as [
    number,
    number,
    number,
    number
  ]
  const chord = Math.sin((latitudeB - latitudeA) / 2) ** 2 +
    Math.cos(latitudeA) * Math.cos(latitudeB) * Math.sin((longitudeB - longitudeA) / 2) ** 2
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(chord))
}

const locate = (address: ShippingAddress) => Effect.flatMap(Geocoder, (geocoder) => geocoder.locate(address))

const locateSome = (address: ShippingAddress) =>
  Effect.map(
    locate(address),
    (place) => Option.getOrThrowWith(place, () => new Error(`unknown: ${JSON.stringify(address)}`))
  )

const table = await loadPlaceTable()

const BERLIN = [52.52, 13.405] as const
const PARIS = [48.8566, 2.3522] as const
const PARIS_TEXAS = [33.66, -95.555] as const
const MUNICH = [48.137, 11.575] as const
const SAINT_LOUIS = [38.627, -90.199] as const
const NEW_YORK = [40.713, -74.006] as const
const SAN_FRANCISCO_94103 = [37.773, -122.411] as const

layer(Geocoder.offline)("a place we can know is found", (it) => {
  const cases: ReadonlyArray<readonly [ShippingAddress, readonly [number, number], number, "city" | "postal_code"]> = [
    // [address, where it is, tolerance in kilometres, what must have matched]
    [{ city: "Berlin", postal_code: "10115", country: "DE" }, BERLIN, 5, "city"],
    [{ postal_code: "94103", country: "US" }, SAN_FRANCISCO_94103, 2, "postal_code"],
    [{ postal_code: "94103-1234", country: "us" }, SAN_FRANCISCO_94103, 2, "postal_code"],
    [{ postal_code: " 94103 ", country: "United States of America" }, SAN_FRANCISCO_94103, 2, "postal_code"],
    [{ postal_code: "94119", country: "US" }, SAN_FRANCISCO_94103, 15, "postal_code"], // a PO box: by its area, 941
    [{ postal_code: "00901", country: "PR" }, [18.466, -66.108], 3, "postal_code"],
    [{ postal_code: "00901", country: "US" }, [18.466, -66.108], 3, "postal_code"],
    [{ city: "Paris", country: "FR" }, PARIS, 5, "city"],
    [{ city: "Paris", country: "US" }, PARIS_TEXAS, 5, "city"],
    [{ city: "Paris, TX", country: "US" }, PARIS_TEXAS, 5, "city"],
    [{ city: "Springfield, IL", country: "US" }, [39.802, -89.644], 5, "city"],
    [{ city: "München", country: "DE" }, MUNICH, 5, "city"],
    [{ city: "Munich", country: "DEU" }, MUNICH, 5, "city"],
    [{ city: "MUENCHEN", country: "Deutschland" }, MUNICH, 5, "city"],
    [{ city: "St. Louis", country: "US" }, SAINT_LOUIS, 10, "city"],
    [{ city: "saint louis", country: "USA" }, SAINT_LOUIS, 10, "city"],
    [{ city: "New York", country: "US" }, NEW_YORK, 5, "city"],
    [{ city: "Newcastle", country: "UK" }, [54.973, -1.614], 5, "city"],
    [{ city: "東京", country: "JP" }, [35.69, 139.69], 10, "city"],
    [{ city: "Санкт-Петербург", country: "RU" }, [59.94, 30.31], 10, "city"],
    [{ city: "दिल्ली", country: "IN" }, [28.65, 77.23], 15, "city"]
  ]
  for (const [address, where, toleranceKm, matched] of cases) {
    it.effect(JSON.stringify(address), () =>
      Effect.gen(function*() {
        const place = yield* locateSome(address)
        assert.isBelow(kilometres([place.latitude, place.longitude], where), toleranceKm, place.name)
        assert.strictEqual(place.matched, matched)
      }))
  }
})

layer(Geocoder.offline)("nothing is guessed", (it) => {
  const cases: Readonly<Record<string, ShippingAddress>> = {
    "an empty address": {},
    "blank fields": { line1: " ", city: "  ", postal_code: "", country: " " },
    "a street alone": { line1: "1 Main Street" },
    "a country alone": { country: "DE" },
    "an unknown city": { city: "Nirgendwoburg", country: "DE" },
    "an unknown country, however large the city": { city: "Paris", postal_code: "75001", country: "ZZ" },
    "a city that lies in another country": { city: "München", country: "JP" },
    "a postal code of another country": { postal_code: "94103", country: "PR" },
    "a postal code without a country": { postal_code: "94103" },
    "a city with equals elsewhere, without a country": { city: "Birmingham" },
    "a city with equals in its own country, without a country": { city: "Springfield" },
    "a word that is an airport's code": { city: "the" },
    "the name of something every object has": { city: "constructor", postal_code: "__proto__", country: "toString" },
    "ten thousand characters": {
      line1: "x".repeat(10_000),
      city: "Paris ".repeat(2_000),
      postal_code: "9".repeat(10_000),
      country: "US".repeat(5_000)
    },
    "ten thousand characters in a known country": { city: "ﷺ".repeat(10_000), country: "FR" },
    "half a character, a NUL and an emoji": { city: "\ud800Par\u0000is\u202e🏙️", country: "FR" },
    "coordinates off the globe": { location: { latitude: 91, longitude: Number.NaN } }
  }
  for (const [name, address] of Object.entries(cases)) {
    it.effect(name, () => Effect.map(locate(address), (place) => assert.deepStrictEqual(place, Option.none())))
  }
})

layer(Geocoder.offline)("the more exact part of an address wins", (it) => {
  it.effect("given coordinates, over everything else", () =>
    Effect.gen(function*() {
      const location = { latitude: -33.45, longitude: -70.66 }
      const place = yield* locateSome({ location, city: "Berlin", postal_code: "94103", country: "US" })
      assert.deepStrictEqual(place, { ...location, matched: "location", name: "-33.45, -70.66" })
    }))

  it.effect("the postal code, over the city", () =>
    Effect.gen(function*() {
      const place = yield* locateSome({ city: "Paris", postal_code: "94103", country: "US" })
      assert.strictEqual(place.name, "94103, US")
    }))

  it.effect("the city, when the postal code says nothing", () =>
    Effect.gen(function*() {
      const place = yield* locateSome({ city: "Paris", postal_code: "00000", country: "US" })
      assert.strictEqual(place.name, "Paris, TX, US")
    }))

  it.effect("a great city needs no country", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* locateSome({ city: "paris" })).name, "Paris, FR")
      assert.strictEqual((yield* locateSome({ city: "London", country: "" })).name, "London, GB")
    }))
})

describe("whatever is asked", () => {
  // Half of the letters are odd on purpose: composed, decomposed, right to left, unpaired, ligatures.
  const Text = Schema.Array(
    Schema.Literals(["", "St. ", "Paris", "é", "e\u0301", "ﷺ", "\ud800", "\u202e", "İ", "ß", "94103"])
  )
  it.prop("the answer is the same twice, on the globe, and in the country named", [Text, Text], ([city, code]) => {
    for (const country of ["US", "FR", "DE"]) {
      const address = { city: city.join(""), postal_code: code.join(""), country }
      const place = Option.getOrUndefined(locateIn(table, address))
      assert.deepStrictEqual(Option.getOrUndefined(locateIn(table, address)), place)
      if (place === undefined) continue
      assert.isTrue(place.name.endsWith(`, ${country}`), place.name)
      assert.isTrue(Math.abs(place.latitude) <= 90 && Math.abs(place.longitude) <= 180)
    }
  })
})

describe("spellings", () => {
  it("of one name are one", () => {
    const same = ["Saint-Étienne", "ST. ETIENNE", "saint e\u0301tienne", "  St Étienne\t"]
    assert.deepStrictEqual([...new Set(same.map(normaliseName))], ["saint etienne"])
    assert.strictEqual(normaliseName("Łódź / Weißenfels & Ærø, L'Aquila"), "lodz weissenfels aero laquila")
    assert.strictEqual(normaliseName("İSTANBUL"), "istanbul")
  })

  it("of postal codes are one, and what is no code is none", () => {
    assert.deepStrictEqual(
      ["94103", "94103-1234", "US-94103", "９４１０３"].map(normalisePostalCode),
      Array(4).fill("94103")
    )
    assert.deepStrictEqual(["9410", "K1A 0B1", "94103-12", "", "#94103**"].map(normalisePostalCode), [
      "",
      "",
      "",
      "",
      "94103"
    ])
  })
})

describe("the place table", () => {
  it("says whose data it is", () => {
    assert.match(table.sources.join("\n"), /GeoNames.*CC BY 4\.0[^]*Census Bureau.*public domain/)
  })

  it("reads back what was written, first key to last, and nothing between", () => {
    const places = [{ latitude: -89.5, longitude: 179.9999, name: "Ærø" }, { latitude: 0, longitude: 0, name: "" }]
    const keys = new Map([["z", 1], ["é", 0], ["a", 0], ["@xx", 0]])
    const small = new PlaceTable(encodePlaceTable({ sources: ["s"], countries: ["XX"], places, keys }))
    assert.deepStrictEqual(["z", "é", "a"].map((key) => small.place(key)), [places[1], places[0], places[0]])
    assert.deepStrictEqual(["", "b", "zz", "ê"].map((key) => small.place(key)), Array(4).fill(undefined))
    assert.strictEqual(small.country("@xx"), "XX")
  })

  it("refuses other bytes, and half of its own", () => {
    const whole = encodePlaceTable({ sources: [], countries: [], places: [], keys: new Map([["key", 0]]) })
    assert.throws(() => new PlaceTable(Buffer.from("no table at all")), /not a place table/)
    assert.throws(() => new PlaceTable(whole.subarray(0, -2)), /expected/)
  })
})
