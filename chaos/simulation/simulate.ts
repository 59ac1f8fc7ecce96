import { ProductId } from "@surety/domain/ids"
import { isTerminal } from "@surety/domain/order-status"
import { type Customer, sendCustomers } from "./customers.ts"
import { Database } from "./database.ts"
import { drawPlan, type Plan, processFaults } from "./fault-plan.ts"
import { Hits } from "./hits.ts"
import { LedgerModel } from "./ledger-model.ts"
import { Network } from "./network.ts"
import { judgeAlways, judgeAtRest, judgeEnd } from "./oracle.ts"
import { PaymentModel } from "./payment-model.ts"
import { Process } from "./process.ts"
import { ProviderModel } from "./provider-model.ts"
import { RecordsModel } from "./records-model.ts"
import { type Service } from "./service.ts"
import { edgeService, neighbourhood, orchestratorService, SAGA_LEASE_MILLIS } from "./services.ts"
import { StockModel } from "./stock-model.ts"
import type { Surroundings } from "./surroundings.ts"
import { World } from "./world.ts"

export interface History {
  readonly seed: number
  readonly plan: Plan
  readonly trace_hash: string
  /** What was broken; none in a good history. */
  readonly violations: ReadonlyArray<string>
  readonly last_lines: ReadonlyArray<string>
  readonly hits: Hits
  readonly ends: Readonly<Record<string, number>>
  readonly fenced: number
  /** From the moment nothing went wrong any more until all was at rest. */
  readonly rest_millis: number
}

/** All that was acknowledged has ended this long after everything is well again. */
const REST_MAX_MILLIS = 30_000
const DAY_MILLIS = 86_400_000
/** Mostly a process is back at once; sometimes others lose their patience with it. */
const RESTART_MILLIS = [500, 2_000, 15_000] as const
const PAUSE_MAX_MILLIS = 3 * SAGA_LEASE_MILLIS
const AWAY_MAX_MILLIS = 6_000
const LINES_TOLD = 400

/** Kills, pauses and misleads processes at random moments, until the trouble is over. */
const disturb = (around: Surroundings, services: ReadonlyArray<Service<any>>) => {
  const { database, hits, plan, world } = around
  const dice = world.dice.another()
  const once = () => {
    if (!database.troubled) return
    const { process, start } = dice.oneOf(services)
    const fault = dice.oneOf(processFaults)
    hits.count(process.name.replace(/-\d$/, ""), fault)
    world.tell(process.name, fault)
    if (fault === "clock") process.skew_millis = dice.between(-DAY_MILLIS, DAY_MILLIS)
    if (fault === "pause") {
      process.pause()
      world.after(dice.between(100, PAUSE_MAX_MILLIS), process.resume)
    }
    if (fault === "kill" && process.alive) {
      process.kill()
      world.after(dice.between(50, dice.oneOf(RESTART_MILLIS)), start)
    }
    world.after(dice.roll() * 2 * plan.process_every_millis, once)
  }
  if (plan.process_every_millis > 0) world.after(dice.roll() * plan.process_every_millis, once)
  if (!plan.database_away) return
  world.after(dice.roll() * plan.troubled_millis, () => {
    database.away = database.troubled
    hits.count("database", "away")
    world.after(dice.between(100, AWAY_MAX_MILLIS), () => void (database.away = false))
  })
}

const judgeCustomers = (customers: ReadonlyArray<Customer>): ReadonlyArray<string> =>
  customers.flatMap(({ answers, complaints, key, leaves }) => [
    ...complaints.map((complaint) => `${key} was told ${complaint}`),
    ...(answers.length === 0 && !leaves ? [`${key} never had an answer`] : []),
    ...(new Set(answers.map(({ body, status }) => `${status} ${body}`)).size > 1
      ? [`${key} had different answers: ${answers.map(({ body }) => body).join()}`]
      : [])
  ])

/** One history from a seed: a time of troubles, in which nothing bad may happen, then peace, in which everything must end well. */
export const simulate = (seed: number): History => {
  const world = new World(seed)
  const plan = drawPlan(world.dice.another())
  const hits = new Hits()
  const violations: Array<string> = []
  let fenced = 0
  const now = () => world.now
  const ledger = new LedgerModel(now, (entry, from) => {
    world.tell("ledger", `${entry.order.id} ${from ?? ""} > ${entry.status}`)
    violations.push(...judgeAlways(around), ...(isTerminal(entry.status) ? judgeEnd(around, entry) : []))
  })
  const around: Surroundings = {
    world,
    plan,
    hits,
    network: new Network(world, plan, hits),
    database: new Database(world, plan, hits),
    ledger,
    payments: new PaymentModel(now),
    records: new RecordsModel(),
    stock: new StockModel(),
    books: new ProviderModel(now),
    provider: new Process(world, "provider", world.dice.another()),
    mannerOf: (token) => token === "declined" || token === "capture_refused" ? token : "good",
    fenced: () => void fenced++
  }
  const products = Array.from(
    { length: plan.products },
    (_, i) => ProductId.make(`00000000-0000-7000-8000-00000000000${i}`)
  )
  for (const id of products) around.stock.shelves.set(id, { price_cents: 100, on_hand: plan.units, reserved: 0 })

  const neighbours = neighbourhood(around)
  const edges = Array.from({ length: plan.edges }, (_, i) => edgeService(around, neighbours, `edge-${i}`))
  const orchestrators = Array.from(
    { length: plan.orchestrators },
    (_, i) => orchestratorService(around, neighbours, `orchestrator-${i}`)
  )
  const services: ReadonlyArray<Service<any>> = [
    neighbours.inventory,
    neighbours.orders,
    neighbours.payment,
    ...edges,
    ...orchestrators
  ]
  const customers = sendCustomers(around, edges, products)
  const atRest = () =>
    customers.every(({ answers, leaves }) => leaves || answers.length > 0) &&
    [...ledger.entries.values()].every(({ status }) => isTerminal(status))

  let rest_millis = 0
  try {
    for (const service of services) service.start()
    disturb(around, services)
    world.goOn(() => false, plan.troubled_millis)
    around.network.troubled = around.database.troubled = around.database.away = false
    for (const { process, start } of services) {
      process.resume()
      if (!process.alive) start()
    }
    const healed = world.now
    world.goOn(atRest, REST_MAX_MILLIS)
    rest_millis = world.now - healed
    // What is still on its way may not change anything any more.
    world.goOn(() => false, 10_000)
    violations.push(...judgeAtRest(around), ...judgeCustomers(customers))
  } catch (error) {
    violations.push(error instanceof Error ? error.stack ?? error.message : String(error))
  }
  const ends: Record<string, number> = {}
  for (const { status } of ledger.entries.values()) ends[status] = (ends[status] ?? 0) + 1
  return {
    seed,
    plan,
    trace_hash: world.traceHash(),
    violations: [...new Set(violations)],
    last_lines: world.lastLines(LINES_TOLD),
    hits,
    ends,
    fenced,
    rest_millis
  }
}
