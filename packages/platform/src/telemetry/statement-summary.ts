/** More texts than this are not of a program whose statements are fixed; they are summed up anew each time. */
const CACHED_MAX = 500

const summaries = new Map<string, string>()

/** Every table here has its schema before it, so what has none is a name of the statement's own, as of a WITH. */
const change = /\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO)\s+([a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*)/i
const read = /\b(?:FROM|JOIN)\s+(?:ONLY\s+|LATERAL\s+)?([a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*)/i

const summarize = (statement: string): string => {
  const changed = change.exec(statement)
  if (changed !== null) return `${changed[1]!.split(/\s/)[0]!.toUpperCase()} ${changed[2]!.toLowerCase()}`
  const from = read.exec(statement)
  if (from !== null) return `SELECT ${from[1]!.toLowerCase()}`
  return /^\s*([a-z]+)/i.exec(statement)?.[1]?.toUpperCase() ?? "SQL"
}

/**
 * What a statement does, in words of few kinds: `INSERT ledger.entries`, `SELECT inventory.stock`, `COMMIT`. What it changes
 * counts, wherever that stands in it, before what it reads. Says nothing of values.
 */
export const statementSummary = (statement: string): string => {
  const known = summaries.get(statement)
  if (known !== undefined) return known
  const summary = summarize(statement)
  if (summaries.size < CACHED_MAX) summaries.set(statement, summary)
  return summary
}
