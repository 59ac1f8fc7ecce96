/** What a client sends, cut where it begins to wait for an answer. */
export interface Request {
  /**
   * An exchange has one answer whose end can be seen, and may suffer. A plain one has such an answer too, but says nothing
   * worth suffering for. A part is passed on as it is, and so is whatever comes back: log-in, flushes, good-byes.
   */
  readonly kind: "exchange" | "plain" | "part"
  readonly bytes: Buffer
  readonly what: string
  readonly text: string
  readonly payload: string
  /** It may change something. */
  readonly writes: boolean
  /** It ends a transaction by making it hold. */
  readonly commits: boolean
  /** What to send for the same to be done again; undefined where that has no meaning. */
  readonly copy: Buffer | undefined
}

export interface RequestReader {
  /** The requests that this chunk completes. */
  readonly push: (chunk: Buffer) => ReadonlyArray<Request>
}

export interface AnswerReader {
  /** A request is under way: what comes now answers it. */
  readonly begin: (request: Request) => void
  /** Where in this chunk an answer ends, as an offset behind its last byte; what is behind it must be pushed again. */
  readonly push: (chunk: Buffer) => number | undefined
  /** Whether a transaction is open: that is so in databases, after some answers. */
  readonly inTransaction: () => boolean
}

/** What must be known of a protocol to stand between its two sides. */
export interface WireReaders {
  readonly requests: (replyToClient: (bytes: Buffer) => void) => RequestReader
  readonly answers: () => AnswerReader
  /** Where an answer is best cut, so that its receiver has a part of it in hand. */
  readonly partOf: (answer: Buffer) => number
  /** Whether a copy needs a connection of its own. */
  readonly copies_apart: boolean
}
