/** Distances by formulas of their own, to hold PostGIS's against. */

export interface Point {
  readonly latitude: number
  readonly longitude: number
}

const A = 6_378_137
const F = 1 / 298.257223563
const B = A * (1 - F)
const radians = (degrees: number) => degrees * Math.PI / 180

/** Vincenty's inverse formula on WGS 84, in metres, exact to a millimetre; undefined near the antipode, where it fails. */
export const vincenty = (from: Point, to: Point): number | undefined => {
  const L = radians(to.longitude - from.longitude)
  const u1 = Math.atan((1 - F) * Math.tan(radians(from.latitude)))
  const u2 = Math.atan((1 - F) * Math.tan(radians(to.latitude)))
  const [sinU1, cosU1, sinU2, cosU2] = [Math.sin(u1), Math.cos(u1), Math.sin(u2), Math.cos(u2)]
  let lambda = L
  for (let turn = 0; turn < 200; turn++) {
    const [sin, cos] = [Math.sin(lambda), Math.cos(lambda)]
    const sinSigma = Math.hypot(cosU2 * sin, cosU1 * sinU2 - sinU1 * cosU2 * cos)
    if (sinSigma === 0) return 0
    const cosSigma = sinU1 * sinU2 + cosU1 * cosU2 * cos
    const sigma = Math.atan2(sinSigma, cosSigma)
    const sinAlpha = cosU1 * cosU2 * sin / sinSigma
    const cos2Alpha = 1 - sinAlpha ** 2
    const cos2Middle = cos2Alpha === 0 ? 0 : cosSigma - 2 * sinU1 * sinU2 / cos2Alpha
    const C = F / 16 * cos2Alpha * (4 + F * (4 - 3 * cos2Alpha))
    const before = lambda
    lambda = L + (1 - C) * F * sinAlpha *
        (sigma + C * sinSigma * (cos2Middle + C * cosSigma * (2 * cos2Middle ** 2 - 1)))
    if (Math.abs(lambda - before) > 1e-12) continue
    const u = cos2Alpha * (A ** 2 - B ** 2) / B ** 2
    const k1 = 1 + u / 16384 * (4096 + u * (-768 + u * (320 - 175 * u)))
    const k2 = u / 1024 * (256 + u * (-128 + u * (74 - 47 * u)))
    const deltaSigma = k2 * sinSigma * (cos2Middle + k2 / 4 * (cosSigma * (2 * cos2Middle ** 2 - 1) -
          k2 / 6 * cos2Middle * (4 * sinSigma ** 2 - 3) * (4 * cos2Middle ** 2 - 3)))
    return B * k1 * (sigma - deltaSigma)
  }
  return undefined
}

/** A point anywhere on earth, evenly by area. */
export const anywhere = (random: () => number): Point => ({
  latitude: Math.asin(2 * random() - 1) * 180 / Math.PI,
  longitude: random() * 360 - 180
})
