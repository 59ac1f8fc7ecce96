// graphile-worker: a job an order, in which the four steps are done, or a job a step that adds the next; tuned by its
// documentation on performance: jobs are fetched and completed in batches.
import { type Helpers, Logger, makeWorkerUtils, run } from "graphile-worker"
import { Pool } from "pg"
import type { Order } from "./order-steps.ts"
import { allSteps, authorizedOrders, countdown, nextStep, onTask, type StepName, stepNames, stepsOf } from "./task.ts"

const CONCURRENCY = 24
const POOL = 20

type Started = Awaited<ReturnType<typeof start>>
let started: Started | undefined
let done = () => {}

const start = async (url: string) => {
  const pool = new Pool({ connectionString: url, max: POOL })
  pool.on("error", console.error)
  pool.on("connect", () => {})
  const logger = new Logger(() => (level, message) => {
    if (level === "error") console.error(message)
  })
  const oneStep = (name: StepName) => async (payload: unknown, helpers: Helpers) => {
    const order = payload as Order
    const next = nextStep(name)
    await stepsOf(pool, order)[name]()
    if (next === undefined) done()
    else await helpers.addJob(next, order)
  }
  await run({
    pgPool: pool,
    concurrency: CONCURRENCY,
    noHandleSignals: true,
    logger,
    preset: { worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    taskList: {
      order: async (order) => {
        await allSteps(pool, order as Order)
        done()
      },
      ...Object.fromEntries(stepNames.map((name) => [name, oneStep(name)]))
    }
  })
  return { pool, utils: await makeWorkerUtils({ pgPool: pool, logger }) }
}

onTask(async (task) => {
  const { pool, utils } = started ??= await start(task.url)
  const orders = await authorizedOrders(pool, task.orders)
  const { ended, one } = countdown(orders.length)
  done = one
  const identifier = task.singly ? stepNames[0] : "order"
  const began = performance.now()
  await utils.addJobs(orders.map((payload) => ({ identifier, payload })))
  await ended
  return { seconds: (performance.now() - began) / 1000, ids: orders.map(({ id }) => id) }
})
