import type { Location } from "@surety/domain/order"

/**
 * A location as PostGIS reads it, and always the same text for the same place: -180 degrees is 180, and a pole has one
 * longitude. The distance index needs that: it sees places that are spelt in two ways a nanometre apart, finds that they
 * are not, and fails the whole query with "index returned tuples in wrong order".
 */
export const pointText = ({ latitude, longitude }: Location): string => {
  const only = Math.abs(latitude) === 90 ? 0 : longitude === -180 ? 180 : longitude
  return `SRID=4326;POINT(${only} ${latitude})`
}
