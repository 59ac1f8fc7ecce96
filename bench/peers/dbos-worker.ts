// DBOS: a workflow an order, of four steps, each recorded; so many workflows under way at once.
import { DBOS } from "@dbos-inc/dbos-sdk"
import { Pool } from "pg"
import type { Order } from "./order-steps.ts"
import { authorizedOrders, onTask, stepsOf, withHands } from "./task.ts"

const UNDER_WAY = 32
const POOL = 16

let pool: Pool | undefined

const fulfil = DBOS.registerWorkflow(async (order: Order) => {
  const steps = stepsOf(pool!, order)
  await DBOS.runStep(steps.create, { name: "create" })
  await DBOS.runStep(steps.reserve, { name: "reserve" })
  await DBOS.runStep(steps.capture, { name: "capture" })
  await DBOS.runStep(steps.confirm, { name: "confirm" })
}, { name: "fulfil" })

const start = async (url: string) => {
  DBOS.setConfig({
    name: "bench",
    systemDatabaseUrl: url,
    systemDatabasePoolSize: POOL,
    runAdminServer: false,
    logLevel: "error"
  })
  await DBOS.launch()
  return new Pool({ connectionString: url, max: POOL })
}

onTask(async (task) => {
  const open = pool ??= await start(task.url)
  const orders = await authorizedOrders(open, task.orders)
  const began = performance.now()
  await withHands(UNDER_WAY, orders, fulfil)
  return { seconds: (performance.now() - began) / 1000, ids: orders.map(({ id }) => id) }
})
