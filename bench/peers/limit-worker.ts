// The limit: the same rows as Surety writes, by hand-tuned SQL in sets over a few connections. No HTTP, no provider, no
// retries, no compensation, no framework; the intent still stands before the authorization, and each step is recorded.
import { setTimeout as sleep } from "node:timers/promises"
import { Pool } from "pg"
import {
  accept,
  captureAndRecord,
  claimAndCreate,
  confirmAndRecord,
  reserveAndRecord,
  settle
} from "./limit-statements.ts"
import type { Order } from "./order-steps.ts"
import { onTask, someOrders, withHands } from "./task.ts"

const SET_SIZE = 64
const LANES = 4
/** A lane that found less than half a set lets more come in. */
const GATHER_MILLIS = 50
/** Requests under way at once, each with a connection, where orders are taken in singly. */
const CUSTOMERS = 16

/**
 * Tables that fill within seconds are never as they were when they were analyzed, and a plan that reads all of one is
 * dear for as long as it is kept. So a plan costs what rows it visits, and nothing else counts.
 */
const PLANS = [
  "enable_seqscan=off",
  "seq_page_cost=0",
  "random_page_cost=0",
  "cpu_operator_cost=0.0001",
  "cpu_index_tuple_cost=1",
  "cpu_tuple_cost=1",
  "jit=off"
].map((setting) => `-c ${setting}`).join(" ")

let pool: Pool | undefined

const ask = async (name: string, text: string, values: ReadonlyArray<unknown>) =>
  (await pool!.query<Order>({ name, text, values })).rows

const idsOf = (orders: ReadonlyArray<Order>) => orders.map(({ id }) => id)

const takeIn = async (orders: ReadonlyArray<Order>, owner: string) => {
  await ask("accept", accept, [JSON.stringify(orders), owner])
  await ask("settle", settle, [idsOf(orders), owner])
}

/** Drives what is due, a set at most, to its end; answers how many that were. */
const drive = async (owner: string): Promise<number> => {
  const claimed = await ask("claim", claimAndCreate, [SET_SIZE, owner])
  if (claimed.length === 0) return 0
  const ids = idsOf(claimed)
  await ask("reserve", reserveAndRecord, [JSON.stringify(claimed), owner])
  await ask("capture", captureAndRecord, [ids, owner])
  await ask("confirm", confirmAndRecord, [ids, owner])
  return claimed.length
}

const setsOf = (orders: ReadonlyArray<Order>) =>
  Array.from({ length: Math.ceil(orders.length / SET_SIZE) }, (_, i) => orders.slice(i * SET_SIZE, (i + 1) * SET_SIZE))

/** Each lane takes in a set and drives one. */
const inSets = async (orders: ReadonlyArray<Order>) => {
  let turn = 0
  await withHands(LANES, setsOf(orders), async (set) => {
    const owner = `lane ${turn++}`
    await takeIn(set, owner)
    await drive(owner)
  })
  // A claim may have met fewer than a set, where another lane was first.
  while (await drive("the last") > 0) continue
}

/** Lanes drive what is there while orders come in one by one. */
const singly = async (orders: ReadonlyArray<Order>) => {
  let left = orders.length
  const lane = async (owner: string) => {
    while (left > 0) {
      const driven = await drive(owner)
      left -= driven
      if (driven < SET_SIZE / 2) await sleep(GATHER_MILLIS)
    }
  }
  await Promise.all([
    withHands(CUSTOMERS, orders, (order) => takeIn([order], order.id)),
    ...Array.from({ length: LANES }, (_, i) => lane(`lane ${i}`))
  ])
}

onTask(async (task) => {
  pool ??= new Pool({ connectionString: task.url, max: LANES + CUSTOMERS, options: PLANS })
  const orders = someOrders(task.orders)
  const began = performance.now()
  await (task.singly ? singly : inSets)(orders)
  return { seconds: (performance.now() - began) / 1000, ids: orders.map(({ id }) => id) }
})
