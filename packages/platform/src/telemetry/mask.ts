/** Longer values are cut: what needs more room than this belongs in a database. */
const VALUE_MAX_LENGTH = 1000
/** Numbers from here to `CARD_MAX` have as many digits as card numbers do. */
const CARD_MIN = 1e12
const CARD_MAX = 1e19

/**
 * What never leaves a process, and first of all (unmasked, as the first group) what only looks like it: ids, a UUID or a
 * trace id in forty having thirteen decimal digits in a row.
 */
const secrets = new RegExp(
  [
    "(?<id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<![0-9a-z])[0-9a-f]{32}(?![0-9a-z]))",
    "(?<number>(?<![0-9a-z])\\d(?:[ -]?\\d){12,18}(?![0-9a-z]))",
    "(?<email>[a-z0-9._%+'-]{1,64}@[a-z0-9-]+(?:\\.[a-z0-9-]+)+)",
    "(?<token>(?<![a-z0-9])(?:tok|pm|sk|rk|pk|whsec)_[a-z0-9_]{4,})",
    "(?<bearer>\\bbearer\\s+[^\\s\"]+)"
  ].join("|"),
  "gi"
)

/** Most values have none of these, and looking costs less than replacing. */
const suspect = /\d(?:[ -]?\d){3}|@|(?:tok|pm|sk|rk|pk|whsec)_|bearer/i
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * A text without card-like numbers (13–19 digits, blanks and dashes between them or not), e-mail addresses and tokens, and
 * no longer than `maxLength` characters. UUIDs and trace ids stay.
 */
export const mask = (text: string, maxLength = VALUE_MAX_LENGTH): string => {
  if (text.length === 36 && uuid.test(text)) return text
  const short = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text
  return suspect.test(short)
    ? short.replace(
      secrets,
      (found, id: string | undefined, number, email) =>
        id !== undefined ? found : number !== undefined ? "[number]" : email !== undefined ? "[email]" : "[token]"
    )
    : short
}

/** What an attribute may be: primitives and lists of them, masked; anything else as its masked JSON. */
export type Attribute = string | number | boolean | ReadonlyArray<string>

export const maskValue = (value: unknown): Attribute | undefined => {
  switch (typeof value) {
    case "string":
      return mask(value)
    case "number":
      return Number.isInteger(value) && value >= CARD_MIN && value < CARD_MAX ? "[number]" : value
    case "boolean":
      return value
    case "bigint":
      return mask(String(value))
    case "object":
      if (value === null) return undefined
      return Array.isArray(value) ? value.map((item) => mask(String(item))) : mask(jsonOf(value))
    default:
      return undefined
  }
}

const jsonOf = (value: object): string => {
  try {
    return JSON.stringify(value) ?? ""
  } catch {
    return "[object]"
  }
}
