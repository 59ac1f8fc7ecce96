import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { cpuSecondsOf, cpuSecondsOfFamily, cpuSecondsOfMachine } from "./process-cpu.ts"

/** Counters of the database at one moment. */
interface Reading {
  readonly lsn: string
  readonly commits: number
  /** Undefined where the server has nothing that counts them. */
  readonly statements: number | undefined
  readonly updates: Readonly<Record<string, { readonly all: number; readonly hot: number }>>
}

/** What happened between two readings. */
export interface Bill {
  readonly statements: number | undefined
  /** Transactions that ended well, reads too. */
  readonly commits: number
  /** Those among them that wrote something, and so waited for the disk. */
  readonly commits_written: number | undefined
  /** WAL without its full-page images, in bytes, and those images: they depend on when the last checkpoint was. */
  readonly wal_bytes: number
  readonly fpi_bytes: number | undefined
  /** Of all updates of a table, the share (0 to 1) that touched no index. */
  readonly hot_share: Readonly<Record<string, number>>
}

/** Counters of a session reach the view within a second or when it goes idle. */
const COUNTERS_ARRIVE = "1500 millis"

const hasExtension = Effect.fnUntraced(function*(name: string) {
  const sql = yield* SqlClient.SqlClient
  return (yield* sql`SELECT FROM pg_extension WHERE extname = ${name}`).length > 0
})

const statementsSoFar = Effect.fnUntraced(function*(role: Consumers["role"]) {
  const sql = yield* SqlClient.SqlClient
  if (!(yield* hasExtension("pg_stat_statements"))) return undefined
  const [row] = yield* sql<{ calls: number }>`
    SELECT coalesce(sum(calls), 0)::float8 AS calls FROM pg_stat_statements
    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND userid IN (SELECT oid FROM pg_roles WHERE rolname LIKE ${role})`
  return row!.calls
})

const readMeter = Effect.fnUntraced(function*(role: Consumers["role"]) {
  const sql = yield* SqlClient.SqlClient
  yield* Effect.sleep(COUNTERS_ARRIVE)
  const [row] = yield* sql<{ lsn: string; commits: number }>`
    SELECT pg_current_wal_flush_lsn()::text AS lsn,
      (SELECT xact_commit::float8 FROM pg_stat_database WHERE datname = current_database()) AS commits`
  const tables = yield* sql<{ name: string; all: number; hot: number }>`
    SELECT schemaname || '.' || relname AS name, n_tup_upd::float8 AS "all", n_tup_hot_upd::float8 AS hot
    FROM pg_stat_user_tables`
  return {
    ...row!,
    statements: yield* statementsSoFar(role),
    updates: Object.fromEntries(tables.map(({ all, hot, name }) => [name, { all, hot }]))
  } satisfies Reading
})

/** What the WAL between two places is made of, where `pg_walinspect` can tell. */
const readWal = Effect.fnUntraced(function*(from: string, to: string) {
  const sql = yield* SqlClient.SqlClient
  const [distance] = yield* sql<{ bytes: number }>`
    SELECT pg_wal_lsn_diff(${to}::pg_lsn, ${from}::pg_lsn)::float8 AS bytes`
  const whole = { wal_bytes: distance!.bytes, fpi_bytes: undefined, commits_written: undefined }
  if (!(yield* hasExtension("pg_walinspect"))) return whole
  const [row] = yield* sql<{ fpi_bytes: number; commits_written: number }>`
    SELECT sum(fpi_size)::float8 AS fpi_bytes,
      coalesce(sum(count) FILTER (WHERE "resource_manager/record_type" = 'Transaction/COMMIT'), 0)::float8
        AS commits_written
    FROM pg_get_wal_stats(${from}::pg_lsn, ${to}::pg_lsn, true)`
  return { ...row!, wal_bytes: distance!.bytes - row!.fpi_bytes }
})

/** What it cost from one reading to the next. */
const billBetween = Effect.fnUntraced(function*(before: Reading, after: Reading) {
  const hot_share: Record<string, number> = {}
  for (const [table, { all, hot }] of Object.entries(after.updates)) {
    const earlier = before.updates[table] ?? { all: 0, hot: 0 }
    if (all > earlier.all) hot_share[table] = (hot - earlier.hot) / (all - earlier.all)
  }
  return {
    ...(yield* readWal(before.lsn, after.lsn)),
    commits: after.commits - before.commits,
    statements: before.statements === undefined || after.statements === undefined
      ? undefined
      : after.statements - before.statements,
    hot_share
  } satisfies Bill
})

/** Who takes CPU time: processes by name, and the database server with all its own. */
export interface Consumers {
  readonly processes: ReadonlyArray<{ readonly name: string; readonly pid: number }>
  readonly postmaster: number
  /** Whose statements count. Services take on roles of their own; the benchmark's own few are an administrator's. */
  readonly role: "surety%" | "postgres"
}

/** CPU seconds so far of each, by name, and of the machine. */
const readCpu = ({ postmaster, processes }: Consumers) => ({
  at: performance.now(),
  machine: cpuSecondsOfMachine(),
  own: process.cpuUsage(),
  by: {
    ...Object.fromEntries(processes.map(({ name, pid }) => [name, cpuSecondsOf(pid)])),
    postgresql: cpuSecondsOfFamily(postmaster)
  }
})
type Cpu = ReturnType<typeof readCpu>

/** CPU seconds of each, and how many cores were busy with what is none of ours: with too many the figures mean little. */
const cpuBetween = (before: Cpu, after: Cpu) => {
  const earlier: Readonly<Record<string, number>> = before.by
  const seconds = Object.fromEntries(Object.entries(after.by).map(([name, at]) => [name, at - (earlier[name] ?? 0)]))
  const own = (after.own.user + after.own.system - before.own.user - before.own.system) / 1e6
  const ours = Object.values(seconds).reduce((sum, n) => sum + n, own)
  return { seconds, foreign_cores: (after.machine - before.machine - ours) * 1000 / (after.at - before.at) }
}

/** What a piece of work cost: CPU seconds by process, and the database's bill. */
export interface Cost {
  readonly cpu_seconds: Readonly<Record<string, number>>
  /** Cores that were busy with what is none of ours; the figures of a busy machine mean little. */
  readonly foreign_cores: number
  readonly bill: Bill
}

/** Does a piece of work and tells what it cost. */
export const measure = Effect.fnUntraced(function*<A, E, R>(consumers: Consumers, work: Effect.Effect<A, E, R>) {
  const sql = yield* SqlClient.SqlClient
  // Full-page images are written once a page after a checkpoint: so that every run starts alike, each starts with one.
  yield* sql`CHECKPOINT`
  const before = yield* readMeter(consumers.role)
  const cpuBefore = readCpu(consumers)
  const result = yield* work
  const cpu = cpuBetween(cpuBefore, readCpu(consumers))
  const bill = yield* billBetween(before, yield* readMeter(consumers.role))
  return { result, cost: { cpu_seconds: cpu.seconds, foreign_cores: cpu.foreign_cores, bill } satisfies Cost }
})

/** CPU seconds of all of them together. */
export const cpuOf = ({ cpu_seconds }: Cost): number =>
  Object.values(cpu_seconds).reduce((sum, seconds) => sum + seconds, 0)

/** The same by order; what is a share or a state of the machine stays as it is. */
export const costOfEach = ({ bill, cpu_seconds, foreign_cores }: Cost, orders: number): Cost => ({
  cpu_seconds: Object.fromEntries(Object.entries(cpu_seconds).map(([name, seconds]) => [name, seconds / orders])),
  foreign_cores,
  bill: {
    commits: bill.commits / orders,
    commits_written: bill.commits_written && bill.commits_written / orders,
    statements: bill.statements && bill.statements / orders,
    wal_bytes: bill.wal_bytes / orders,
    fpi_bytes: bill.fpi_bytes && bill.fpi_bytes / orders,
    hot_share: bill.hot_share
  }
})

export interface StatementTime {
  readonly calls: number
  readonly millis: number
  readonly text: string
}

const DEAREST = 16

/** The statements that took the server's time since the last `forgetStatements`, dearest first. */
export const dearestStatements = (role: Consumers["role"]) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    if (!(yield* hasExtension("pg_stat_statements"))) return []
    return yield* sql<StatementTime>`
      SELECT calls::float8 AS calls, total_exec_time AS millis, regexp_replace(query, '\\s+', ' ', 'g') AS text
      FROM pg_stat_statements WHERE userid IN (SELECT oid FROM pg_roles WHERE rolname LIKE ${role})
      ORDER BY total_exec_time DESC LIMIT ${DEAREST}`
  })

export const forgetStatements = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  if (yield* hasExtension("pg_stat_statements")) yield* sql`SELECT pg_stat_statements_reset()`
})
