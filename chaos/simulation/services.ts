import { makeAcceptOrder } from "@surety/edge-api/accept-order"
import { LedgerStore } from "@surety/edge-api/ledger-store"
import { Neighbours as EdgeNeighbours } from "@surety/edge-api/neighbours"
import { resolveAuthorizations } from "@surety/edge-api/resolve-authorizations"
import { fulfilOrder } from "@surety/orchestrator/fulfil-order"
import type { Neighbours as SagaNeighbours } from "@surety/orchestrator/neighbours"
import { cancelOrders } from "@surety/orders/cancel-order"
import { confirmOrders } from "@surety/orders/confirm-order"
import { createOrders } from "@surety/orders/create-order"
import { resultOf } from "@surety/orders/outcome"
import { makeAuthorize } from "@surety/payment/authorize"
import { breakerMemory } from "@surety/payment/breaker-memory"
import { makeChangePayment } from "@surety/payment/change-payment"
import { PaymentStore } from "@surety/payment/payment-store"
import { PaymentProvider } from "@surety/payment/provider"
import { RefundStore } from "@surety/payment/refund-store"
import { drive } from "@surety/saga/drive"
import { Effect, Layer } from "effect"
import { Process } from "./process.ts"
import { providerPort } from "./provider-port.ts"
import { Service } from "./service.ts"
import { storesOf } from "./stores.ts"
import type { Surroundings } from "./surroundings.ts"

/** Time is compressed: a unit of patience is 20 ms instead of 1 s, so that the longest wait is 6 s. */
const RETRY_UNIT_MILLIS = 10
export const SAGA_LEASE_MILLIS = 5_000
const EDGE_LEASE_MILLIS = 4_000
const CALL_TIMEOUT_MILLIS = 2_000

type Results<A> = { readonly results: ReadonlyArray<A> }
const results = <A, E, R>(rows: Effect.Effect<ReadonlyArray<A>, E, R>) =>
  Effect.map(rows, (found): Results<A> => ({ results: found }))

/** The inventory and the orders service: each call a transaction, or the service's own logic over a store. */
const inventoryService = (around: Surroundings) => {
  const process = new Process(around.world, "inventory", around.world.dice.another())
  const { state } = storesOf(around.database, process)
  const { stock } = around
  return new Service(process, () =>
    Effect.succeed({
      prices: (ids: ReadonlyArray<string>) =>
        state("inventory.prices", () => ({
          prices: [...stock.shelves].filter(([id]) => ids.includes(id)).map(([product_id, { price_cents }]) => ({
            product_id,
            price_cents
          }))
        })),
      reserve: (items: Parameters<typeof stock.reserve>[0]) =>
        results(state("inventory.reserve", () => stock.reserve(items))),
      release: (ids: Parameters<typeof stock.release>[0]) =>
        results(state("inventory.release", () => stock.release(ids))),
      commit: (ids: Parameters<typeof stock.commit>[0]) => results(state("inventory.commit", () => stock.commit(ids)))
    }))
}

const ordersService = (around: Surroundings) => {
  const process = new Process(around.world, "orders", around.world.dice.another())
  const store = storesOf(around.database, process).orderStore(around.records)
  return new Service(process, () =>
    Effect.succeed({
      create: (orders: Parameters<typeof createOrders>[1]) =>
        results(
          Effect.map(
            createOrders(store, orders),
            (all) => all.map((one, i) => resultOf(orders[i]!.order_ledger_id, one))
          )
        ),
      confirm: (ids: Parameters<typeof confirmOrders>[1]) =>
        results(Effect.map(confirmOrders(store, ids), (all) => all.map((one, i) => resultOf(ids[i]!, one)))),
      cancel: (asked: Parameters<typeof cancelOrders>[1]) =>
        results(
          Effect.map(cancelOrders(store, asked), (all) => all.map((one, i) => resultOf(asked[i]!.order_ledger_id, one)))
        )
    }))
}

const paymentService = (around: Surroundings) => {
  const process = new Process(around.world, "payment", around.world.dice.another())
  const stores = storesOf(around.database, process)
  const build = Effect.gen(function*() {
    const { authorizeSet } = yield* makeAuthorize
    const payments = yield* makeChangePayment
    return { authorizeSet, ...payments }
  })
  return new Service(process, () =>
    build.pipe(Effect.provide(
      Layer.mergeAll(
        Layer.effect(PaymentStore, stores.paymentStore(around.payments)),
        Layer.succeed(RefundStore, stores.refundStore(around.payments)),
        Layer.effect(PaymentProvider, providerPort(around, process)).pipe(
          Layer.provide(breakerMemory)
        )
      )
    )))
}

/** What the others can be asked for, over the network. */
export const neighbourhood = (around: Surroundings) => {
  const { network } = around
  const inventory = inventoryService(around)
  const orders = ordersService(around)
  const payment = paymentService(around)

  const edgeNeighbours = (from: Process) =>
    ({
      inventory: {
        catalogue: {
          prices: ({ payload }: { readonly payload: { readonly product_ids: ReadonlyArray<string> } }) =>
            network.call(from, inventory.process, "edge.prices", () =>
              inventory.serve((i) =>
                i.prices(payload.product_ids)
              ))
        }
      },
      payment: {
        payments: {
          authorizeSet: ({ payload }: { readonly payload: { readonly items: any } }) =>
            network.stream(from, payment.process, "edge.authorize", () =>
              payment.current()!.authorizeSet(payload.items)),
          byReference: ({ params }: { readonly params: { readonly reference: any } }) =>
            network.call(
              from,
              payment.process,
              "edge.ask",
              () => payment.serve((p) => p.byReference(params.reference))
            ),
          voidSet: ({ payload }: { readonly payload: { readonly items: any } }) =>
            network.call(
              from,
              payment.process,
              "edge.void",
              () => payment.serve((p) => results(p.voidSet(payload.items)))
            )
        }
      }
    }) as unknown as EdgeNeighbours["Service"]

  const sagaNeighbours = (from: Process) => {
    type Set = { readonly payload: { readonly items: any } }
    const to =
      <H, A, E>(service: Service<H>, what: string, ask: (handlers: H, items: any) => Effect.Effect<A, E>) =>
      ({ payload }: Set) =>
        network.call(
          from,
          service.process,
          `saga.${what}`,
          () => service.serve((handlers) => ask(handlers, payload.items))
        )
    return {
      orders: {
        orders: {
          createSet: to(orders, "create", (o, items) => o.create(items)),
          confirmSet: to(orders, "confirm", (o, items) => o.confirm(items)),
          cancelSet: to(orders, "cancel", (o, items) => o.cancel(items))
        }
      },
      inventory: {
        reservations: {
          reserveSet: to(inventory, "reserve", (i, items) => i.reserve(items)),
          releaseSet: to(inventory, "release", (i, items) => i.release(items)),
          commitSet: to(inventory, "commit", (i, items) => i.commit(items))
        }
      },
      payment: {
        payments: {
          captureSet: to(payment, "capture", (p, items) => results(p.captureSet(items))),
          voidSet: to(payment, "void", (p, items) => results(p.voidSet(items))),
          refundSet: to(payment, "refund", (p, items) => results(p.refundSet(items)))
        }
      }
    } as unknown as SagaNeighbours["Service"]
  }

  return { inventory, orders, payment, edgeNeighbours, sagaNeighbours } as const
}

type Neighbourhood = ReturnType<typeof neighbourhood>

/** An edge: its acceptance of orders, and its resolver. */
export const edgeService = (around: Surroundings, neighbours: Neighbourhood, name: string) => {
  const process = new Process(around.world, name, around.world.dice.another())
  const stores = storesOf(around.database, process)
  return new Service(process, (life) => {
    const ledger = stores.ledgerStore(around.ledger, { owner: `${name}-${life}`, millis: EDGE_LEASE_MILLIS })
    const resolver = resolveAuthorizations({
      every_millis: 200,
      retry_unit_millis: RETRY_UNIT_MILLIS,
      call_timeout_millis: CALL_TIMEOUT_MILLIS
    })
    const given = Layer.mergeAll(
      Layer.effect(LedgerStore, ledger),
      Layer.succeed(EdgeNeighbours, neighbours.edgeNeighbours(process))
    )
    return Effect.gen(function*() {
      const services = yield* Layer.build(Layer.provideMerge(resolver, given))
      return yield* Effect.provide(
        makeAcceptOrder({ currency: "usd", call_timeout_millis: CALL_TIMEOUT_MILLIS }),
        services
      )
    })
  })
}

/** An orchestrator: the engine itself, on a journal and neighbours of the simulation. */
export const orchestratorService = (around: Surroundings, neighbours: Neighbourhood, name: string) => {
  const process = new Process(around.world, name, around.world.dice.another())
  const stores = storesOf(around.database, process)
  const { lanes, set_size } = around.plan
  return new Service(process, (life) => {
    const journal = stores.journal(around.ledger, { owner: `${name}-${life}`, millis: SAGA_LEASE_MILLIS })
    const saga = fulfilOrder(neighbours.sagaNeighbours(process), RETRY_UNIT_MILLIS)
    const settings = { set_size, lanes, act_timeout_millis: CALL_TIMEOUT_MILLIS, idle_millis: 1_000, gather_millis: 5 }
    return drive(saga, journal, settings, {
      report: (told) =>
        Effect.sync(() => {
          if (told._tag === "Fenced") around.fenced()
        }),
      claimed: (rows, work) => work(rows),
      acting: (_, rows, act) => act(rows)
    })
  })
}
