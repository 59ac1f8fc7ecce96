/**
 * How names become keys. The script that prepares the place table and the geocoder that searches it both write names
 * through these functions; two spellings of a place are the same place exactly when they give the same key.
 */

/** Longest spelling looked at, in UTF-16 code units. GeoNames stops at 200; longer input is not the name of a place. */
export const MAX_NAME_CODE_UNITS = 200

/** Longest postal code looked at, in UTF-16 code units: ten for ZIP+4, the rest for spaces and a "US-" before it. */
export const MAX_POSTAL_CODE_UNITS = 20

/** Letters that carry no separate mark, so that Unicode decomposition leaves them as they are. */
const PLAIN_LETTERS: Readonly<Record<string, string>> = {
  "ß": "ss",
  "æ": "ae",
  "œ": "oe",
  "ø": "o",
  "ł": "l",
  "đ": "d",
  "ð": "d",
  "þ": "th",
  "ı": "i"
}

/** Words that address forms shorten. Long and short become one, in whatever language. */
const PLAIN_WORDS: Readonly<Record<string, string>> = {
  st: "saint",
  ste: "sainte",
  sankt: "saint",
  sint: "saint",
  mt: "mount",
  ft: "fort"
}

const LATIN_MARKS = /[\u0300-\u036f]/g
const APOSTROPHES = /['’‘ʻʼ`´]/g
const NOT_A_WORD = /[^\p{L}\p{N}\p{M}]+/u

/**
 * A name in lower case, without Latin diacritics, punctuation or abbreviations: `"St.-Étienne"` → `"saint etienne"`.
 * Marks of other scripts stay, since in Devanagari or Thai they are vowels. Nothing readable gives `""`.
 */
export function normaliseName(text: string): string {
  if (text.length > MAX_NAME_CODE_UNITS) return ""
  const letters = text.normalize("NFKD").toLowerCase().replace(LATIN_MARKS, "").replace(APOSTROPHES, "")
    .replace(/[ßæœøłđðþı]/g, (letter) => PLAIN_LETTERS[letter] ?? letter).normalize("NFC")
  return letters.split(NOT_A_WORD).filter((word) => word !== "")
    .map((word) => Object.hasOwn(PLAIN_WORDS, word) ? PLAIN_WORDS[word] : word).join(" ")
}

/**
 * A postal code as digits and capitals: `"94103-1234"` → `"94103"`. The table knows codes of five digits only, so a
 * letter prefix (`"US-94103"`) and the four digits of ZIP+4 are dropped. Anything else gives `""`.
 */
export function normalisePostalCode(text: string): string {
  if (text.length > MAX_POSTAL_CODE_UNITS) return ""
  const code = text.normalize("NFKC").toUpperCase().replace(/[^\p{L}\p{N}]+/gu, "")
  return /^[A-Z]{0,2}([0-9]{5})(?:[0-9]{4})?$/.exec(code)?.[1] ?? ""
}

// Names hold only letters, digits, marks and spaces, so the sign between the parts keeps the kinds of key apart.
export const countryKey = (name: string): string => `@${name}`
export const postalKey = (country: string, code: string): string => `${country}#${code}`
export const cityKey = (country: string, name: string): string => `${country}/${name}`

/** A city that needs no country: so much larger than its namesakes that nobody else is meant. */
export const worldCityKey = (name: string): string => `/${name}`
