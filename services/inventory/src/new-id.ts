import { SecureRandom } from "effect/crypto"

/** A UUIDv7: sorts by the time it was made. */
export const newId = SecureRandom.SecureRandom.use((random) => random.uuidV7())
