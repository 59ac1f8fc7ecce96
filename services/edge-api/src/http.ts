import { EdgeApi } from "@surety/contracts/edge-api"
import { PROBLEM_CONTENT_TYPE } from "@surety/platform/problem"
import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { type AcceptSettings, type Answer, makeAcceptOrder } from "./accept-order.ts"
import { resolveCaller } from "./caller.ts"
import { OrderReader } from "./read-orders.ts"

const PAGE_USUAL = 20

const respond = (answer: Answer) =>
  HttpServerResponse.text(answer.body, {
    status: answer.status,
    contentType: answer.status < 400 ? "application/json" : PROBLEM_CONTENT_TYPE,
    headers: answer.replayed ? { "idempotent-replayed": "true" } : {}
  })

/** A line an endpoint: the use cases decide. */
export const edgeHandlers = (settings: AcceptSettings) =>
  HttpApiBuilder.group(
    EdgeApi,
    "orders",
    Effect.fn(function*(handlers) {
      const acceptOrder = yield* makeAcceptOrder(settings)
      const orders = yield* OrderReader
      return handlers.handleAll({
        place: ({ headers, payload, request }) =>
          resolveCaller(request).pipe(
            Effect.flatMap((caller) => acceptOrder(caller, headers["idempotency-key"], payload)),
            Effect.map(respond)
          ),
        byId: ({ params }) => orders.byId(params.order_ledger_id),
        list: ({ query }) =>
          orders.list({
            user_id: query.user_id,
            status: query.status,
            before: query.cursor,
            limit: query.limit ?? PAGE_USUAL
          })
      })
    })
  )
