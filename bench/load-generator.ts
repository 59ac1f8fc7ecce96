// The load generator, a process of its own: it shares the machine with what it measures, so it does as little as it can,
// and tells afterwards what it saw. An answer's time is counted from when its request was due, not from when a connection
// was free for it: a system that stalls makes everyone wait who would have come meanwhile.
import { seededRandom } from "@surety/platform/seeded-random"
import { setTimeout as sleep } from "node:timers/promises"
import { type Dispatcher, Pool } from "undici"
import type { Load, Seen } from "./load.ts"
import { type Workload, workloads } from "./workloads.ts"

/** Connections of an open loop; more requests than these are due only when the system is behind. */
const OPEN_CONNECTIONS = 256
/** Nobody calls again at once when a connection broke. */
const AFTER_TROUBLE_MILLIS = 100
/** A request that is due sooner than this is sent now: timers are not finer. */
const TIMER_MILLIS = 1

const now = () => performance.timeOrigin + performance.now()

class Recorder {
  readonly due: Array<number> = []
  readonly answered: Array<number> = []
  readonly statuses: Array<number> = []
  readonly ids: Array<string> = []
  readonly trouble = new Set<string>()

  take(due: number, status: number, body: string): void {
    this.due.push(due)
    this.answered.push(now())
    this.statuses.push(status)
    this.ids.push(status === 202 ? JSON.parse(body).order_ledger_id : "")
  }
}

class Answer implements Dispatcher.DispatchHandler {
  private status = 0
  private body = ""
  private readonly done: (status: number, body: string) => void
  private readonly broken: (error: Error) => void

  constructor(done: (status: number, body: string) => void, broken: (error: Error) => void) {
    this.done = done
    this.broken = broken
  }
  onRequestStart(): void {}
  onResponseStart(_: Dispatcher.DispatchController, status: number): void {
    this.status = status
  }
  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.body += chunk.toString("latin1")
  }
  onResponseEnd(): void {
    this.done(this.status, this.body)
  }
  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.broken(error)
  }
}

/** Sends the nth order, in as many copies as the workload has it, and resolves when all of them are answered. */
const sender = (load: Load, workload: Workload, pool: Pool, recorder: Recorder) => {
  const random = seededRandom(load.seed)
  return (n: number, due: number): Promise<void> => {
    const body = JSON.stringify(workload.order(n, random))
    const headers = { "content-type": "application/json", "idempotency-key": `${load.run}-${n}` }
    return new Promise((resolve) => {
      let open = workload.copies
      const done = (status: number, text: string) => {
        recorder.take(due, status, text)
        open -= 1
        if (open === 0) resolve()
      }
      const broken = (error: Error) => {
        recorder.trouble.add(`${error.name}: ${error.message}`)
        setTimeout(done, AFTER_TROUBLE_MILLIS, 0, "")
      }
      for (let copy = 0; copy < workload.copies; copy += 1) {
        pool.dispatch({ path: "/orders", method: "POST", headers, body }, new Answer(done, broken))
      }
    })
  }
}

type Send = ReturnType<typeof sender>

/** Always as many requests under way: as fast as the system takes them. */
const closedLoop = async (send: Send, inFlight: number, seconds: number) => {
  const end = now() + seconds * 1000
  let n = 0
  const customer = async () => {
    while (now() < end) await send(n++, now())
  }
  await Promise.all(Array.from({ length: inFlight }, customer))
}

/** Requests come when they come (a Poisson process), whatever the system does. */
const openLoop = async (send: Send, rate: number, seconds: number, random: () => number) => {
  const begin = now()
  const answers: Array<Promise<void>> = []
  let due = begin
  for (let n = 0;; n += 1) {
    due += -Math.log(1 - random()) * 1000 / rate
    if (due > begin + seconds * 1000) break
    const early = due - now()
    if (early >= TIMER_MILLIS) await sleep(early)
    answers.push(send(n, due))
  }
  await Promise.all(answers)
}

/** Everybody at once. */
const burst = async (send: Send, count: number) => {
  const due = now()
  await Promise.all(Array.from({ length: count }, (_, n) => send(n, due)))
}

const run = async (load: Load): Promise<Seen> => {
  const workload = workloads[load.workload]
  const connections = load.loop === "closed" ? load.in_flight * workload.copies : OPEN_CONNECTIONS
  const pool = new Pool(load.url, { connections, pipelining: 1, headersTimeout: 60_000, bodyTimeout: 60_000 })
  const recorder = new Recorder()
  const send = sender(load, workload, pool, recorder)
  const began = now()
  if (load.loop === "closed") await closedLoop(send, load.in_flight, load.seconds)
  if (load.loop === "open") await openLoop(send, load.rate, load.seconds, seededRandom(load.seed + 1))
  if (load.loop === "burst") await burst(send, load.count)
  const ended = now()
  await pool.close()
  const { answered, due, ids, statuses, trouble } = recorder
  return {
    began,
    ended,
    due: Float64Array.from(due),
    answered: Float64Array.from(answered),
    statuses: Uint16Array.from(statuses),
    ids,
    trouble: [...trouble]
  }
}

process.on("message", (load: Load) => {
  void run(load).then((seen) => process.send!(seen))
})
