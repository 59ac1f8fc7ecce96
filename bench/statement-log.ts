/** A statement as PostgreSQL logs it with its duration. */
export interface LoggedStatement {
  /** When it had ended, in milliseconds since 1970. */
  readonly at: number
  readonly millis: number
  readonly text: string
}

/** A line that begins an entry: the time, as this server writes it (UTC), and the process. */
const ENTRY = /^(?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC \[)/m
const STATEMENT = /^(\S+) (\S+) UTC \[\d+\] LOG:  duration: (\d+\.\d+) ms  (?:execute [^:\n]*|statement): ([\s\S]*)$/

/** The executed statements of a server's log, oldest first; what was only parsed or bound does not count. */
export const statementsIn = (log: string): ReadonlyArray<LoggedStatement> =>
  log.split(ENTRY).flatMap((entry) => {
    const [, day, time, millis, text] = STATEMENT.exec(entry) ?? []
    return text === undefined ? [] : [{ at: Date.parse(`${day}T${time}Z`), millis: Number(millis), text: text.trim() }]
  })
