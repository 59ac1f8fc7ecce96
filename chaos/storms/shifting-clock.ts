// Loaded into a process before its own code (`node --import`): its clock jumps a day ahead, back again, a day behind, and so
// on. The clock of everybody else, the database's above all, stays. Timers are not touched: they never look at the date.
const DAY_MILLIS = 86_400_000
const JUMPS = [DAY_MILLIS, 0, -DAY_MILLIS, 0]
const every = Number(process.env["CLOCK_JUMPS_EVERY_MILLIS"] ?? 1_000)

const TrueDate = Date
const trueNow = TrueDate.now.bind(TrueDate)
const trueOrigin = performance.timeOrigin
let shift = 0
let jumps = 0

class ShiftingDate extends TrueDate {
  constructor(...given: ReadonlyArray<unknown>) {
    super(...((given.length === 0 ? [trueNow() + shift] : given) as [number]))
  }
  static override now(): number {
    return trueNow() + shift
  }
}
globalThis.Date = ShiftingDate as DateConstructor
// What adds up `performance.now()` and its origin to a date gets the same date.
Object.defineProperty(performance, "timeOrigin", { get: () => trueOrigin + shift })

setInterval(() => {
  shift = JUMPS[jumps % JUMPS.length]!
  jumps += 1
  process.stderr.write(`clock.jumped ${shift / DAY_MILLIS} d\n`)
}, every).unref()
