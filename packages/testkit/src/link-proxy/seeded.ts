/** Numbers from 0 up to 1, the same again for the same words: mulberry32, begun with the words' FNV-1a hash. */
export const randomFrom = (...words: ReadonlyArray<string | number>) => {
  let state = 0x811c9dc5
  for (const char of words.join("\n")) state = Math.imul(state ^ char.codePointAt(0)!, 0x01000193)
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
