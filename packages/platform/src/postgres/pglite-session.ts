import type { PGlite } from "@electric-sql/pglite"
import { closeStatement, failure, query, readyForQuery, sync, takeMessages } from "./wire-messages.ts"

/** One connection, as the session sees it. */
export interface SessionClient {
  /** Its start-up settings in the client's order, `role` among them. */
  readonly settings: ReadonlyArray<readonly [name: string, value: string]>
  /** The names of the statements it has prepared. */
  readonly statements: Set<string>
  readonly send: (bytes: Buffer) => void
  /** Sends, and hangs up. */
  readonly end: (bytes: Buffer) => void
}

/** Something a client wants of the session; answers the transaction status it leaves, undefined amid a batch. */
interface Turn {
  readonly client: SessionClient
  readonly run: () => Promise<string | undefined>
  /** A farewell needs no settings, and must not fail for want of them. */
  readonly bare?: boolean
}

/** A transaction that does nothing for so long, while others wait, loses the session. */
const MAX_IDLE_IN_TRANSACTION_MS = 5_000

/**
 * Lets many clients share PGlite's one session.
 *
 * It changes hands only where PostgreSQL says it is outside a transaction: nobody's messages come between the Parse and
 * the Sync of another, nor between BEGIN and COMMIT. Before a client's turn the session puts on that client's settings,
 * its role among them, unless it already wears them. A statement that runs cannot be stopped: there is one thread.
 */
export class PgliteSession {
  readonly #db: PGlite
  #queue: Array<Turn> = []
  /** Who is inside a transaction or amid a batch. */
  #owner: SessionClient | undefined
  #working = false
  #impatience: NodeJS.Timeout | undefined
  /** Whose settings the session wears, and whether that client may have changed them since. */
  #worn: { readonly settings: string; readonly client: SessionClient; changed: boolean } | undefined

  constructor(db: PGlite) {
    this.#db = db
  }

  /** Tries a new client's settings, then greets it; a bad setting is its end, as with a real server. */
  greet(client: SessionClient, greeting: Buffer): void {
    this.#enqueue({ client, run: async () => (client.send(greeting), "I") })
  }

  /** Runs messages up to a Sync or a simple query (`ends`), or up to a Flush. */
  submit(client: SessionClient, messages: Buffer, ends: boolean): void {
    this.#enqueue({ client, run: () => this.#execute(client, messages, ends) })
  }

  /** Takes back what the client still waits for; what runs, runs to its end. */
  cancel(client: SessionClient): void {
    const waiting = this.#queue.some((turn) => turn.client === client)
    if (!waiting || this.#owner === client) return
    this.#queue = this.#queue.filter((turn) => turn.client !== client)
    client.send(Buffer.concat([failure("ERROR", "57014", "canceling statement on request"), readyForQuery("I")]))
  }

  /** Frees what a client that has gone held in the session. */
  leave(client: SessionClient): void {
    this.#queue = this.#queue.filter((turn) => turn.client !== client)
    const run = async () => {
      if (this.#owner === client) await this.#run(Buffer.concat([sync, query("ROLLBACK")]))
      if (client.statements.size > 0) {
        await this.#run(Buffer.concat([...[...client.statements].map(closeStatement), sync]))
      }
      return "I"
    }
    this.#queue.unshift({ client, run, bare: true })
    void this.#work()
  }

  #enqueue(turn: Turn): void {
    this.#queue.push(turn)
    void this.#work()
  }

  /** Gives turns until none can be taken. What throws here is PGlite's own end: it ends the process, loudly. */
  async #work(): Promise<void> {
    if (!this.#working) {
      this.#working = true
      for (let turn = this.#nextTurn(); turn !== undefined; turn = this.#nextTurn()) await this.#take(turn)
      this.#working = false
    }
    this.#watchOwner()
  }

  #nextTurn(): Turn | undefined {
    const at = this.#owner === undefined ? 0 : this.#queue.findIndex((turn) => turn.client === this.#owner)
    return at < 0 ? undefined : this.#queue.splice(at, 1)[0]
  }

  async #take(turn: Turn): Promise<void> {
    clearTimeout(this.#impatience)
    this.#impatience = undefined
    if (this.#owner === undefined && turn.bare !== true) {
      const refusal = await this.#wear(turn.client)
      if (refusal !== undefined) return turn.client.end(refusal)
    }
    const status = await turn.run()
    this.#owner = status === "I" ? undefined : turn.client
  }

  /** Puts on a client's settings; answers the error where PostgreSQL refuses one. */
  async #wear(client: SessionClient): Promise<Buffer | undefined> {
    const settings = JSON.stringify(client.settings)
    const worn = this.#worn
    const fits = worn !== undefined && worn.settings === settings && (!worn.changed || worn.client === client)
    if (fits) {
      this.#worn = { settings, client, changed: worn.changed }
      return undefined
    }
    this.#worn = undefined
    const calls = client.settings.map(([name, value]) => `set_config(${literal(name)}, ${literal(value)}, false)`)
    const { refusal } = await this.#run(
      query(["RESET ROLE", "RESET ALL", ...calls.map((call) => `SELECT ${call}`)].join("; "))
    )
    if (refusal === undefined) this.#worn = { settings, client, changed: false }
    return refusal
  }

  async #execute(client: SessionClient, messages: Buffer, ends: boolean): Promise<string | undefined> {
    const { answer, changed, ready, status } = await this.#run(messages)
    if (changed && this.#worn !== undefined) this.#worn.changed = true
    client.send(ends && ready !== undefined ? Buffer.concat([answer, ready]) : answer)
    return ends ? status : undefined
  }

  /**
   * Runs messages and sorts the answer. PGlite 0.5.8 says twice that it is ready after an error in the extended protocol;
   * a client must hear it once, or it takes the second for the answer to its next batch.
   */
  async #run(messages: Buffer) {
    const chunks: Array<Buffer> = []
    await this.#db.runExclusive(() =>
      this.#db.execProtocolRawStream(messages, { onRawData: (chunk) => void chunks.push(Buffer.from(chunk)) })
    )
    const all = takeMessages(Buffer.concat(chunks), Number.POSITIVE_INFINITY).messages
    const ready = all.findLast(({ type }) => type === "Z")?.bytes
    return {
      answer: Buffer.concat(all.filter(({ type }) => type !== "Z").map(({ bytes }) => bytes)),
      ready,
      status: ready?.toString("latin1", 5, 6),
      refusal: all.find(({ type }) => type === "E")?.bytes,
      changed: all.some(({ bytes, type }) => type === "C" && /^(SET|RESET|DISCARD)/.test(bytes.toString("latin1", 5)))
    }
  }

  #watchOwner(): void {
    const owner = this.#owner
    if (this.#working || owner === undefined || this.#queue.length === 0) return
    this.#impatience ??= setTimeout(() => {
      this.#impatience = undefined
      if (this.#owner !== owner || this.#working) return
      owner.end(failure("FATAL", "25P03", "idle in transaction while others wait for PGlite's one session"))
    }, MAX_IDLE_IN_TRANSACTION_MS)
  }
}

const literal = (value: string) => `'${value.replaceAll("'", "''")}'`
