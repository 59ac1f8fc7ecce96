// pg-boss: a job an order, in which the four steps are done, or a job a step, with a queue each; fetched, added and completed
// in batches.
import { Pool } from "pg"
import { PgBoss } from "pg-boss"
import type { Order } from "./order-steps.ts"
import { allSteps, authorizedOrders, countdown, nextStep, onTask, type StepName, stepNames, stepsOf } from "./task.ts"

const BATCH = 32
const POOL = 16
/** The shortest that it takes. */
const POLL_SECONDS = 0.5

let started: { readonly pool: Pool; readonly boss: PgBoss } | undefined
let done = () => {}

const start = async (url: string, singly: boolean) => {
  const pool = new Pool({ connectionString: url, max: POOL })
  const boss = new PgBoss({ connectionString: url, max: 4, supervise: false, schedule: false })
  boss.on("error", console.error)
  await boss.start()
  const work = async (
    queue: string,
    localConcurrency: number,
    handle: (orders: ReadonlyArray<Order>) => Promise<void>
  ) => {
    await boss.createQueue(queue)
    const fetching = { batchSize: BATCH, pollingIntervalSeconds: POLL_SECONDS, burstWhenBatchFull: true }
    await boss.work<Order>(queue, { ...fetching, localConcurrency }, (jobs) => handle(jobs.map(({ data }) => data)))
  }
  const oneStep = (name: StepName) => async (orders: ReadonlyArray<Order>) => {
    const next = nextStep(name)
    await Promise.all(orders.map((order) => stepsOf(pool, order)[name]()))
    if (next === undefined) orders.forEach(() => done())
    else await boss.insert(next, orders.map((data) => ({ data })))
  }
  if (singly) { for (const name of stepNames) await work(name, 1, oneStep(name)) }
  else {
    await work("order", 2, async (orders) => {
      await Promise.all(orders.map((order) => allSteps(pool, order)))
      orders.forEach(() => done())
    })
  }
  return { pool, boss }
}

onTask(async (task) => {
  const { boss, pool } = started ??= await start(task.url, task.singly)
  const orders = await authorizedOrders(pool, task.orders)
  const { ended, one } = countdown(orders.length)
  done = one
  const began = performance.now()
  await boss.insert(task.singly ? stepNames[0] : "order", orders.map((data) => ({ data })))
  await ended
  return { seconds: (performance.now() - began) / 1000, ids: orders.map(({ id }) => id) }
})
