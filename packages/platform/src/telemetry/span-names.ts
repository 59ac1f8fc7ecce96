import type { ExportedSpan } from "./exported-span.ts"

/** A segment of a path with a digit in it, longer than a version's, is somebody's id. */
const identifier = /\/(?=[^/]*\d)[^/]{4,}/g

/** `/orders/{id}` for `/orders/0193…`: of so few kinds that it can be a label. */
export const urlTemplate = (path: string): string => path.replace(identifier, "/{id}")

/** `/orders/{order_ledger_id}` for `/orders/:order_ledger_id`, as the conventions write routes. */
export const routeTemplate = (route: string): string => route.replace(/:([a-z_]\w*)\??/gi, "{$1}")

/** `POST /orders`, `INSERT ledger.entries`, or the name that the span was given. */
export const spanName = (span: ExportedSpan): string => {
  const { "db.query.summary": summary, "http.request.method": method, "http.route": route, "url.template": template } =
    span.values
  if (typeof summary === "string") return summary
  if (typeof method !== "string") return span.name
  const path = span.kind === "server" ? route : template
  return typeof path === "string" ? `${method} ${path}` : method
}
