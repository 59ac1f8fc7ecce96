import { seededRandom } from "@surety/platform/seeded-random"

/** Numbers from 0 up to 1, the same again for the same words, whose FNV-1a hash is the seed. */
export const randomFrom = (...words: ReadonlyArray<string | number>) => {
  let hash = 0x811c9dc5
  for (const char of words.join("\n")) hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193)
  return seededRandom(hash)
}
