import { counter, gauge, type Scenario } from "./scenario.ts"

/** Windows of an hour are played by the minute, windows of six hours by five: their tests would take minutes otherwise. */
interface Pace {
  /** Minutes. */
  readonly step: number
  readonly long: number
  readonly short: number
  readonly for: number
}
const fast: Pace = { step: 1, long: 60, short: 5, for: 2 }
const slow: Pace = { step: 5, long: 360, short: 30, for: 15 }

const minutes = (value: number) => `${value}m`
const parked = `saga_ledger_parked{saga_parked_reason="no_answer"}`
const ended = `saga_orders_completed_total{saga_outcome="completed", saga_failure_reason="none"}`
const answered = (status: number) =>
  `http_server_request_duration_seconds_count{service_name="edge-api", http_response_status_code="${status}"}`
const timed = (part: string) => `saga_order_duration_seconds_${part}, saga_outcome="completed"}`

/** Good and bad events, each in phases of so many a step for so many steps, as the series of an objective. */
type Phases = ReadonlyArray<readonly [perStep: number, steps: number]>
type Played = (good: Phases, bad: Phases) => Readonly<Record<string, string>>

const sum = (a: Phases, b: Phases): Phases => a.map(([value, length], i) => [value + b[i]![0], length])

const availability: Played = (good, bad) => ({
  [answered(202)]: counter(...good),
  [answered(503)]: counter(...bad),
  // Another service's errors are not the edge's.
  [`http_server_request_duration_seconds_count{service_name="payment", http_response_status_code="503"}`]: counter([
    9,
    480
  ])
})
const latency: Played = (good, bad) => ({
  [timed(`bucket{le="30"`)]: counter(...good),
  [timed(`bucket{le="60"`)]: counter(...sum(good, bad)),
  [timed(`bucket{le="+Inf"`)]: counter(...sum(good, bad)),
  [timed(`count{service_name="orchestrator"`)]: counter(...sum(good, bad))
})

interface Shares extends Pace {
  readonly alert: string
  readonly played: Played
  /** Bad events of 1000 that are a little too many, and that are just few enough. */
  readonly above: number
  readonly below: number
}

const ofThousand = (...phases: Phases): readonly [Phases, Phases] => [
  phases.map(([bad, length]) => [1000 - bad, length] as const),
  phases
]

const shares = ({ above, alert, below, for: pending, long, played, short, step }: Shares): ReadonlyArray<Scenario> => {
  const end = minutes(long + short + step)
  const steps = (long + short) / step + 1
  const [before, last] = [long / step, short / step + 1]
  const firing = (value: number) => ({ [end]: value })
  return [
    {
      alert,
      name: `${above / 10} % bad in both windows`,
      input: played(...ofThousand([above, steps])),
      firing: { [minutes(pending)]: 0, [minutes(pending + step)]: 1, [end]: 1 }
    },
    {
      alert,
      name: `over in the short window, which has ${below / 10} %`,
      input: played(...ofThousand([above * 2, before], [below, last])),
      firing: firing(0)
    },
    {
      alert,
      name: `only the short window has ${above / 10} %, the long one less`,
      input: played(...ofThousand([below, before], [above, last])),
      firing: firing(0)
    },
    {
      alert,
      name: "102 events in the long window, all bad",
      input: played([[0, steps]], [[(102 / long) * step, steps]]),
      firing: firing(1)
    },
    {
      alert,
      name: "98 events in the long window are too few",
      input: played([[0, steps]], [[(98 / long) * step, steps]]),
      firing: firing(0)
    }
  ]
}

/** Orders parked early in the long window, and then at its end, beside 100 orders a minute that end. */
type Parkings = readonly [early: number, then: number]

interface Parking extends Pace {
  readonly alert: string
  readonly both: Parkings
  readonly longOnly: Parkings
  readonly shortOnly: Parkings
}

const EARLY_MINUTES = 15

const parkings = (
  { alert, both, for: pending, long, longOnly, short, shortOnly, step }: Parking
): ReadonlyArray<Scenario> => {
  const play = (perMinute: number, ...orders: ReadonlyArray<readonly [orders: number, minutes: number]>) => ({
    [ended]: counter([perMinute * step, (long + short) / step]),
    [parked]: gauge(...orders.map(([value, length]) => [value, length / step] as const))
  })
  const inTwo = ([early, then]: Parkings) =>
    play(100, [0, long - short - EARLY_MINUTES], [early, short + EARLY_MINUTES], [then, short])
  const alone = (orders: number) => play(0, [0, long], [orders, short])
  const handled = play(100, [0, long - short - EARLY_MINUTES], [500, EARLY_MINUTES], [0, short * 2])
  const fires = minutes(long + pending)
  const before = minutes(long + pending - step)
  return [
    { alert, name: "too many parked in both windows", input: inTwo(both), firing: { [before]: 0, [fires]: 1 } },
    { alert, name: "too many in the long window only", input: inTwo(longOnly), firing: { [fires]: 0 } },
    { alert, name: "too many in the short window only", input: inTwo(shortOnly), firing: { [fires]: 0 } },
    { alert, name: "102 orders, all parked", input: alone(102), firing: { [fires]: 1 } },
    { alert, name: "98 orders, all parked, are too few", input: alone(98), firing: { [fires]: 0 } },
    { alert, name: "parked and brought to an end by a person", input: handled, firing: { [fires]: 0 } }
  ]
}

export const fastBurnScenarios: ReadonlyArray<Scenario> = [
  ...parkings({ ...fast, alert: "FailureBudgetBurnFast", both: [83, 91], longOnly: [84, 91], shortOnly: [77, 85] }),
  ...shares({ ...fast, alert: "LatencyBurnFast", played: latency, above: 150, below: 140 }),
  ...shares({ ...fast, alert: "AvailabilityBurnFast", played: availability, above: 15, below: 14 })
]

export const slowBurnScenarios: ReadonlyArray<Scenario> = [
  ...parkings({
    ...slow,
    alert: "FailureBudgetBurnSlow",
    both: [209, 228],
    longOnly: [211, 228],
    shortOnly: [187, 206]
  }),
  ...shares({ ...slow, alert: "LatencyBurnSlow", played: latency, above: 63, below: 57 }),
  ...shares({ ...slow, alert: "AvailabilityBurnSlow", played: availability, above: 6.3, below: 5.7 })
]
