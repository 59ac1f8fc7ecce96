/** Ways from one page of Grafana to the next, as relative addresses, so that they hold wherever Grafana is. */

export interface Link {
  readonly title: string
  readonly url: string
  readonly targetBlank?: boolean
}

/** Grafana replaces these in a link with the time range that is looked at. */
const RANGE = { from: "${__from}", to: "${__to}" }

/** Explore with a query in it, over the time range that is looked at. */
export const explore = (source: "prometheus" | "loki" | "tempo", query: string): string => {
  const asked = source === "tempo" ? { queryType: "traceql", query, limit: 20 } : { expr: query }
  const pane = { datasource: source, queries: [{ refId: "A", datasource: { type: source, uid: source }, ...asked }] }
  // Variables stay readable in the address; the braces of the JSON around them do not.
  const text = JSON.stringify({ a: { ...pane, range: RANGE } })
  return `/explore?schemaVersion=1&orgId=1&panes=${variablesKept(text)}`
}

const variablesKept = (text: string) =>
  text.split(/(\$\{\w+(?::\w+)?\})/).map((part) => part.startsWith("${") ? part : encodeURIComponent(part)).join("")

/** One of our dashboards, with the time range that is looked at. */
export const dashboard = (uid: string, query = ""): string =>
  `/d/${uid}?\${__url_time_range}${query === "" ? "" : `&${query}`}`

/** The operations API, as the compose file and `npm start` publish it. */
export const OPERATIONS_API = "http://localhost:3004"
export const EDGE_API = "http://localhost:3000"
