import { makeOrderId } from "@surety/domain/ids"
import { seededRandom } from "@surety/platform/seeded-random"
import { randomBytes } from "node:crypto"
import type { Pool } from "pg"
import { catalogue, coordinates } from "../catalogue.ts"
import { alone, capture, confirm, create, type Order, reserve } from "./order-steps.ts"

/** So many orders are to be driven to their end. */
export interface Task {
  readonly url: string
  readonly orders: number
  /** The limit: orders are taken in each by itself, as they come over HTTP. Job queues: each step is a job of its own. */
  readonly singly: boolean
}

/** How long it took, from the first thing written to the last. */
export interface Done {
  readonly seconds: number
  readonly ids: ReadonlyArray<string>
}

/** Orders as the workload `uniform` has them. */
export const someOrders = (count: number): ReadonlyArray<Order> => {
  const random = seededRandom(count)
  const pick = <A>(of: ReadonlyArray<A>): A => of[Math.floor(random() * of.length)]!
  return Array.from({ length: count }, (_, n) => ({
    id: makeOrderId({ epochMillis: Date.now(), shard: 0, random: randomBytes(9) }),
    user_id: `user_${n % 5000}`,
    email: `user_${n % 5000}@example.com`,
    product_id: pick(catalogue.uniform),
    cents: 1999,
    ...pick(coordinates)
  }))
}

/** Works off a list with so many hands. */
export const withHands = async <A>(hands: number, list: ReadonlyArray<A>, work: (item: A) => Promise<unknown>) => {
  let next = 0
  const hand = async () => {
    while (next < list.length) await work(list[next++]!)
  }
  await Promise.all(Array.from({ length: hands }, hand))
}

/** Does each task that comes, and answers what it came to. */
export const onTask = (run: (task: Task) => Promise<Done>): void => {
  process.on("message", (task: Task) => {
    run(task).then(
      (done) => process.send!(done),
      (error) => {
        console.error(error)
        process.exit(1)
      }
    )
  })
}

/** Orders whose payment is authorized already, so that the four steps are all there is to do. */
export const authorizedOrders = async (pool: Pool, count: number): Promise<ReadonlyArray<Order>> => {
  const orders = someOrders(count)
  await pool.query({
    name: "authorize",
    text: `
      INSERT INTO payment.payments (reference, amount_cents, currency, status, provider_id)
      SELECT id, cents, 'usd', 'AUTHORIZED', 'pi_' || md5(id::text)
      FROM jsonb_to_recordset($1::text::jsonb) AS o (id uuid, cents bigint)`,
    values: [JSON.stringify(orders)]
  })
  return orders
}

/** The four steps for one order, each a statement of its own. */
export const stepsOf = (pool: Pool, order: Order) => {
  const orders = JSON.stringify([order])
  const ids = [order.id]
  const ask = (name: string, text: string, value: unknown) => async () => {
    await pool.query({ name, text, values: [value] })
  }
  return {
    create: ask("create", alone(create), orders),
    reserve: ask("reserve", alone(reserve), orders),
    capture: ask("capture", alone(capture), ids),
    confirm: ask("confirm", alone(confirm), ids)
  }
}

export const stepNames = ["create", "reserve", "capture", "confirm"] as const
export type StepName = (typeof stepNames)[number]

export const allSteps = async (pool: Pool, order: Order): Promise<void> => {
  const steps = stepsOf(pool, order)
  for (const name of stepNames) await steps[name]()
}

/** Which step comes after this one. */
export const nextStep = (name: StepName): StepName | undefined => stepNames[stepNames.indexOf(name) + 1]

/** Resolves when it was called so many times. */
export const countdown = (from: number) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  let left = from
  return {
    ended: promise,
    one: () => {
      left -= 1
      if (left === 0) resolve()
    }
  }
}
