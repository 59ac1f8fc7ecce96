import { Buffer } from "node:buffer"

/**
 * The place table: sorted keys, each pointing at a place or a country, in one block of bytes that is searched as it
 * lies. A `Map` of 800,000 strings would cost several times the memory of their bytes, and a second to build.
 *
 * Layout, little-endian: magic · length of the header · header (JSON) · the sections in the order the header counts
 * them. Keys and names are UTF-8 end to end, their lengths one byte each; keys are sorted by bytes.
 */
export interface PlaceRecord {
  readonly latitude: number
  readonly longitude: number
  readonly name: string
}

export interface TableContent {
  readonly sources: ReadonlyArray<string>
  readonly countries: ReadonlyArray<string>
  readonly places: ReadonlyArray<PlaceRecord>
  /** Key → index into `places`, or into `countries` for a country's key. */
  readonly keys: ReadonlyMap<string, number>
}

const MAGIC = 0x31434c50 // "PLC1"

/** Coordinates are kept as integers of this many to a degree: eleven metres, far finer than a city or a ZIP code is. */
const STEPS_PER_DEGREE = 10_000

/** Longest key or name, in bytes of UTF-8: its length is one byte. */
export const MAX_TEXT_BYTES = 255

interface Header {
  readonly sources: ReadonlyArray<string>
  readonly countries: ReadonlyArray<string>
  readonly sections: Readonly<Record<SectionName, number>>
}

const SECTIONS = ["key_lengths", "key_bytes", "key_values", "place_coordinates", "name_lengths", "name_bytes"] as const
type SectionName = (typeof SECTIONS)[number]

export function encodePlaceTable(content: TableContent): Buffer {
  const keys = [...content.keys].map(([key, value]) => ({ bytes: Buffer.from(key), value }))
    .toSorted((a, b) => a.bytes.compare(b.bytes))
  const names = content.places.map((place) => Buffer.from(place.name))
  for (const text of [...keys.map((key) => key.bytes), ...names]) {
    if (text.length > MAX_TEXT_BYTES) throw new Error(`longer than ${MAX_TEXT_BYTES} bytes: ${text.toString()}`)
  }
  const steps = (degrees: number) => Math.round(degrees * STEPS_PER_DEGREE)
  const coordinates = content.places.flatMap((place) => [steps(place.latitude), steps(place.longitude)])
  const sections: Record<SectionName, Buffer> = {
    key_lengths: Buffer.from(keys.map((key) => key.bytes.length)),
    key_bytes: Buffer.concat(keys.map((key) => key.bytes)),
    key_values: integers(keys.map((key) => key.value)),
    place_coordinates: integers(coordinates),
    name_lengths: Buffer.from(names.map((name) => name.length)),
    name_bytes: Buffer.concat(names)
  }
  const sizes = Object.fromEntries(SECTIONS.map((name) => [name, sections[name].length]))
  const header = Buffer.from(
    JSON.stringify({ sources: content.sources, countries: content.countries, sections: sizes })
  )
  return Buffer.concat([integers([MAGIC, header.length]), header, ...SECTIONS.map((name) => sections[name])])
}

function integers(values: ReadonlyArray<number>): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, index) => bytes.writeInt32LE(value, index * 4))
  return bytes
}

export class PlaceTable {
  readonly sources: ReadonlyArray<string>
  readonly #countries: ReadonlyArray<string>
  readonly #sections: Readonly<Record<SectionName, Buffer>>
  readonly #keyStarts: Uint32Array
  readonly #nameStarts: Uint32Array

  /** Reads what `encodePlaceTable` wrote; throws when the bytes are something else, or not all there. */
  constructor(bytes: Buffer) {
    if (bytes.length < 8 || bytes.readInt32LE(0) !== MAGIC) throw new Error("not a place table")
    const start = 8 + bytes.readInt32LE(4)
    const header = JSON.parse(bytes.toString("utf8", 8, start)) as Header
    let end = start
    const section = (name: SectionName) => bytes.subarray(end, end += header.sections[name])
    this.#sections = {
      key_lengths: section("key_lengths"),
      key_bytes: section("key_bytes"),
      key_values: section("key_values"),
      place_coordinates: section("place_coordinates"),
      name_lengths: section("name_lengths"),
      name_bytes: section("name_bytes")
    }
    if (end !== bytes.length) throw new Error(`place table of ${bytes.length} bytes, ${end} expected`)
    this.sources = header.sources
    this.#countries = header.countries
    this.#keyStarts = startsOf(this.#sections.key_lengths)
    this.#nameStarts = startsOf(this.#sections.name_lengths)
  }

  country(key: string): string | undefined {
    const index = this.#find(key)
    return index === undefined ? undefined : this.#countries[index]
  }

  place(key: string): PlaceRecord | undefined {
    const index = this.#find(key)
    if (index === undefined) return undefined
    const { name_bytes, place_coordinates } = this.#sections
    return {
      latitude: place_coordinates.readInt32LE(index * 8) / STEPS_PER_DEGREE,
      longitude: place_coordinates.readInt32LE(index * 8 + 4) / STEPS_PER_DEGREE,
      name: name_bytes.toString("utf8", this.#nameStarts[index], this.#nameStarts[index + 1])
    }
  }

  #find(key: string): number | undefined {
    const wanted = Buffer.from(key)
    const { key_bytes, key_values } = this.#sections
    let low = 0
    let high = this.#keyStarts.length - 2
    while (low <= high) {
      const middle = (low + high) >>> 1
      const order = wanted.compare(key_bytes, this.#keyStarts[middle], this.#keyStarts[middle + 1])
      if (order === 0) return key_values.readInt32LE(middle * 4)
      if (order > 0) low = middle + 1
      else high = middle - 1
    }
    return undefined
  }
}

function startsOf(lengths: Buffer): Uint32Array {
  const starts = new Uint32Array(lengths.length + 1)
  for (let index = 0, start = 0; index < lengths.length; index += 1) {
    start += lengths[index] ?? 0
    starts[index + 1] = start
  }
  return starts
}
