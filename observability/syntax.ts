import { parser as logql } from "@grafana/lezer-logql"
import { parser as traceql } from "@grafana/lezer-traceql"
import type { SyntaxNode } from "@lezer/common"
import { parser as promql } from "@prometheus-io/lezer-promql"

export type Language = "promql" | "logql" | "traceql"

const parsers = { promql, logql, traceql } as const

/** A part of a query: what the grammar calls it, what stands there, and what it is made of. */
export interface Part {
  readonly is: string
  readonly text: string
  readonly parts: ReadonlyArray<Part>
}

/** What Grafana writes into a query before it asks. */
export const filledIn = (query: string): string =>
  query
    .replaceAll("$__rate_interval", "1m")
    .replaceAll("$__interval", "15s")
    .replaceAll("$__range", "15m")
    .replaceAll(/\$\{(\w+)(?::\w+)?\}|\$(service|order)\b/g, "anything")

const partOf = (node: SyntaxNode, query: string): Part => {
  const parts: Array<Part> = []
  for (let child = node.firstChild; child !== null; child = child.nextSibling) parts.push(partOf(child, query))
  return { is: node.type.isError ? "error" : node.name, text: query.slice(node.from, node.to), parts }
}

/** A query as its grammar sees it; what the grammar does not understand is an `error` part. */
export const parse = (language: Language, query: string): Part => partOf(parsers[language].parse(query).topNode, query)

/** All parts of a kind, also within others, in the order in which they stand. */
export const all = (part: Part, is: string): ReadonlyArray<Part> => [
  ...(part.is === is ? [part] : []),
  ...part.parts.flatMap((inner) => all(inner, is))
]

/** The text of the first part of a kind. */
export const first = (part: Part, is: string): string | undefined => all(part, is)[0]?.text

/** A string's content without its quotes. */
export const unquoted = (text: string): string => text.slice(1, -1).replaceAll("\\\\", "\\")
