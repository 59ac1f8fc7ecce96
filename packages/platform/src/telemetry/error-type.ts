import { Cause } from "effect"
import { HttpClientError } from "effect/http"
import { SqlError } from "effect/sql"
import { sqlState } from "../database.ts"

/** Names of errors are written in code; what looks otherwise came from outside and says nothing. */
const NAME = /^[\w./-]{1,60}$/

const typeOfDatabaseError = (error: SqlError.SqlError): string =>
  error.reason._tag === "ConnectionError" ? "connection" : sqlState(error) || error.reason._tag

const typeOfCallError = ({ reason }: HttpClientError.HttpClientError): string => {
  if (reason._tag === "StatusCodeError") return String(reason.response.status)
  return reason._tag === "TransportError" ? "connection" : reason._tag
}

const nameOf = (error: unknown): string => {
  if (typeof error !== "object" || error === null) return typeof error
  const name = "_tag" in error ? error._tag : "name" in error ? error.name : undefined
  return typeof name === "string" && NAME.test(name) ? name : "other"
}

/** `error.type` of one error: an SQLSTATE, a status, `connection`, `timeout`, or else the name of its class. */
export const errorTypeOf = (error: unknown): string => {
  if (SqlError.isSqlError(error)) return typeOfDatabaseError(error)
  if (HttpClientError.isHttpClientError(error)) return typeOfCallError(error)
  return Cause.isTimeoutError(error) ? "timeout" : nameOf(error)
}

/** `error.type` of whatever ended an effect; an interruption alone is `interrupted`, by a time limit or by a stop. */
export const errorTypeOfCause = (cause: Cause.Cause<unknown>): string => {
  for (const reason of cause.reasons) {
    if (reason._tag === "Fail") return errorTypeOf(reason.error)
    if (reason._tag === "Die") return errorTypeOf(reason.defect)
  }
  return "interrupted"
}
