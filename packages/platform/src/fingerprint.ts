import { createHash } from "node:crypto"

const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).filter(([, inner]) => inner !== undefined).toSorted(([a], [b]) => a < b ? -1 : 1).map(
      ([key, inner]) => [key, canonical(inner)]
    )
  )
}

/** SHA-256 over the canonical JSON (sorted keys) of a decoded request: white space and key order do not matter. */
export const fingerprint = (request: unknown): Buffer =>
  createHash("sha256").update(JSON.stringify(canonical(request))).digest()
