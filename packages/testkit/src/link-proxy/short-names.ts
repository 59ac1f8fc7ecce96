const WHAT_MAX_LENGTH = 60

/** A verb that writes, where it is one: not the UPDATE of a lock or of a conflict. */
const WRITES = /(?<!\b(?:FOR|KEY|DO|ON)\s+)\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO)\s+(?:ONLY\s+)?([\w."]+)/i
const READS = /\bFROM\s+(?:ONLY\s+)?([a-z_][\w."]*)/i
const CONTROLS = /^(BEGIN|START|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|SET|SHOW|LISTEN|DISCARD)\b/i

export const isControl = (sql: string): boolean => CONTROLS.test(sql.trimStart())
export const isCommit = (sql: string): boolean => /^(COMMIT|END)\b/i.test(sql.trimStart())
export const isWrite = (sql: string): boolean => WRITES.test(sql)

/** What a statement does first: the first thing it writes, else the first it reads, else its first words. */
export const nameOfStatement = (sql: string): string => {
  const words = sql.replace(/--[^\n]*|\/\*.*?\*\//gs, " ").trim()
  const control = CONTROLS.exec(words)?.[1]
  if (control !== undefined) return /^ROLLBACK\s+TO/i.test(words) ? "ROLLBACK TO" : control.toUpperCase()
  const [, verb, table] = WRITES.exec(words) ?? []
  if (verb !== undefined) return `${verb.toUpperCase().replace(/\s+/g, " ")} ${table}`
  const read = READS.exec(words)?.[1]
  if (read !== undefined) return `SELECT FROM ${read}`
  return words.replace(/\s+/g, " ").slice(0, WHAT_MAX_LENGTH)
}

const isId = (segment: string) => /^\d+$/.test(segment) || (segment.length >= 8 && /\d/.test(segment))

/** Method and path, with what differs from request to request taken out. */
export const nameOfRequest = (method: string, target: string): string => {
  const path = target.replace(/[?#].*$/s, "")
  return `${method} ${path.split("/").map((segment) => isId(segment) ? ":id" : segment).join("/")}`
}
