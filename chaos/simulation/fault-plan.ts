import type { Dice } from "./dice.ts"

/** What befalls a request and its answer between two processes. */
export const linkFaults = [
  "delay",
  "refuse",
  "lost_before",
  "lost_after",
  "hang_before",
  "hang_after",
  "duplicate"
] as const
export type LinkFault = (typeof linkFaults)[number]

/** What befalls a statement: not done, done but not answered, or late. */
export const databaseFaults = ["delay", "lost_before", "lost_after"] as const
export type DatabaseFault = (typeof databaseFaults)[number]

/** What befalls a request at the provider itself: a failure that it will repeat to the same key, or a card that is refused. */
export const providerFaults = ["error_before", "error_after", "burnt"] as const
export type ProviderFault = (typeof providerFaults)[number]

/** What befalls a process: it is killed, stands still for longer than its leases, or its clock jumps by up to a day. */
export const processFaults = ["kill", "pause", "clock"] as const
export type ProcessFault = (typeof processFaults)[number]

type Shares<Fault extends string> = ReadonlyArray<readonly [Fault, number]>

/** What one history is like: sizes, and how often what goes wrong. Each leaves most kinds of trouble out, so that those it has come often. */
export interface Plan {
  readonly orders: number
  readonly products: number
  readonly units: number
  readonly edges: number
  readonly orchestrators: number
  readonly set_size: number
  readonly lanes: number
  readonly latency_millis: number
  readonly troubled_millis: number
  readonly link: Shares<LinkFault>
  readonly database: Shares<DatabaseFault>
  readonly provider: Shares<ProviderFault>
  readonly declines: number
  /** The share of customers who do not come back after a request without an answer. */
  readonly leaving: number
  readonly capture_refusals: number
  /** Mean milliseconds between two faults of processes; 0 is never. */
  readonly process_every_millis: number
  readonly database_away: boolean
}

const SHARE_MAX = 0.15
/** What follows a service that cannot be reached for long is rare, so in some histories hardly anything gets through. */
const LONG_SHARE_MAX = 0.8
/** What follows a spent key is rare, so keys are spent often. */
const PROVIDER_SHARE_MAX = 0.3

const shares = <Fault extends string>(faults: ReadonlyArray<Fault>, share_max: number, dice: Dice): Shares<Fault> =>
  faults.flatMap((fault) => dice.happens(0.4) ? [[fault, dice.roll() * share_max] as const] : [])

export const drawPlan = (dice: Dice): Plan => ({
  orders: dice.between(1, 12),
  products: dice.between(1, 3),
  units: dice.between(1, 12),
  edges: dice.between(1, 2),
  orchestrators: dice.between(1, 3),
  set_size: dice.oneOf([1, 2, 4, 64]),
  lanes: dice.between(1, 3),
  latency_millis: dice.between(1, 40),
  troubled_millis: dice.between(2_000, 20_000),
  link: shares(linkFaults, dice.happens(0.1) ? LONG_SHARE_MAX : SHARE_MAX, dice),
  database: shares(databaseFaults, SHARE_MAX, dice),
  provider: shares(providerFaults, PROVIDER_SHARE_MAX, dice),
  declines: dice.happens(0.3) ? 0.3 : 0,
  leaving: dice.happens(0.6) ? 0.7 : 0,
  capture_refusals: dice.happens(0.4) ? 0.4 : 0,
  process_every_millis: dice.happens(0.6) ? dice.between(500, 4_000) : 0,
  database_away: dice.happens(0.15)
})

/** One throw decides among all kinds, so that they exclude one another. */
export const drawFault = <Fault extends string>(from: Shares<Fault>, dice: Dice): Fault | undefined => {
  let left = dice.roll()
  for (const [fault, share] of from) {
    left -= share
    if (left < 0) return fault
  }
  return undefined
}
