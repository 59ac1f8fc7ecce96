import { PgClient } from "@effect/sql-pg"
import { type Cause, Effect, Redacted, Schedule } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { WatchedConnection } from "./database-connection.ts"

export interface DatabaseSettings {
  readonly url: Redacted.Redacted
  /** The schema's role. The connection takes it on at start-up, so that a service can reach its own schema only. */
  readonly role: string
  readonly application_name: string
  readonly max_connections: number
  /** Adds up tables as a whole, for which joins by key are wrong. */
  readonly reads_whole_tables?: boolean
  /** How long the server may say nothing to a statement before the connection counts as lost. */
  readonly answer_timeout_millis?: number
}

/** Limits of one statement, one lock wait and one forgotten transaction; a service never needs more. */
const STATEMENT_TIMEOUT = "5s"
const LOCK_TIMEOUT = "2s"
const IDLE_IN_TRANSACTION_TIMEOUT = "5s"
/** Longer than any statement may take, so that silence means a server that hangs or an answer that was lost. */
export const ANSWER_TIMEOUT_MILLIS = 8_000

/**
 * A service's statements find their rows by their keys, a set at a time: planned so once for all, whatever the statistics
 * say. Tables that fill and empty within seconds are never as they were when they were last analyzed.
 */
const FIND_BY_KEY = {
  enable_hashjoin: "off",
  enable_mergejoin: "off",
  enable_seqscan: "off",
  plan_cache_mode: "force_generic_plan"
} as const

/** A lazy pool: nothing connects before the first statement, so a database that is down delays work, never a start. */
export const database = (settings: DatabaseSettings) =>
  PgClient.layer({
    url: settings.url,
    applicationName: settings.application_name,
    maxConnections: settings.max_connections,
    connectTimeout: "3 seconds",
    stream: () =>
      new WatchedConnection(Redacted.value(settings.url), settings.answer_timeout_millis ?? ANSWER_TIMEOUT_MILLIS),
    startupParameters: {
      role: settings.role,
      timezone: "UTC",
      // Compiling a statement costs tens of milliseconds; none here runs that long.
      jit: "off",
      ...(settings.reads_whole_tables === true ? {} : FIND_BY_KEY),
      statement_timeout: STATEMENT_TIMEOUT,
      lock_timeout: LOCK_TIMEOUT,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT
    }
  })

/** PostgreSQL's own code of what went wrong, such as `40P01`; empty where it is not the server that speaks. */
export const sqlState = (error: SqlError.SqlError): string => {
  const cause: unknown = error.reason.cause
  return typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : ""
}

/**
 * Whether the database itself, rather than the statement, is the trouble: no connection, or it is starting, stopping or
 * out of resources (SQLSTATE 57P0x, 53xxx).
 */
export const isDatabaseAway = (error: unknown): boolean =>
  SqlError.isSqlError(error) &&
  (error.reason._tag === "ConnectionError" || /^(57P0\d|53[0-9A-Z]{3})$/.test(sqlState(error)))

/** Whether running the same again is right: a deadlock, a serialization failure, a lock or a statement that took too long. */
export const isDatabaseBusy = (error: unknown): boolean =>
  SqlError.isSqlError(error) && error.isRetryable && error.reason._tag !== "ConnectionError"

/** Runs an atomic piece of work again, a few times, when it lost to a deadlock or waited too long for a lock. */
export const retryLocks = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.retry(effect, {
    while: isDatabaseBusy,
    schedule: Schedule.exponential("10 millis").pipe(Schedule.jittered),
    times: 5
  })

const isKeyTaken = (error: unknown): boolean => SqlError.isSqlError(error) && error.reason._tag === "UniqueViolation"

/** Runs an insert that looks first once more, when between its look and its insert somebody else inserted. */
export const retryLostRaces = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.retry(effect, { while: isKeyTaken, times: 3 })

/** One transaction; the rare deadlock or lock time-out is tried again. */
export const inTransaction = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => retryLocks(sql.withTransaction(effect)))

/**
 * A connection lost inside a transaction arrives as a defect; worker loops treat it as what it is, a failure to log and
 * to try again. Other defects stay defects.
 */
export const databaseDefectsAsFailures = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.catchCause(effect, (cause): Effect.Effect<A, E | SqlError.SqlError, R> => {
    const lost = cause.reasons.find((reason) => reason._tag === "Die" && SqlError.isSqlError(reason.defect))
    return lost?._tag === "Die" && SqlError.isSqlError(lost.defect)
      ? Effect.fail(lost.defect)
      : Effect.failCause(cause as Cause.Cause<E>)
  })

/** Succeeds when the database answers. */
export const databaseAnswers = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT 1`).pipe(
  Effect.timeout("2 seconds"),
  Effect.asVoid
)
