const BODY = 1 + 4
const INT8 = 20
const INT4 = 23

/** A statement as it was parsed; the nameless one has the name "". */
export interface Statement {
  readonly name: string
  readonly text: string
  /** The object ids of its parameters' types, as far as the client said them. */
  readonly types: ReadonlyArray<number>
}

/** A text in a message, from `at` to the zero byte behind it. */
export const textAt = (message: Buffer, at: number): string => message.toString("utf8", at, message.indexOf(0, at))

const behindText = (message: Buffer, at: number) => message.indexOf(0, at) + 1

export const parseOf = (message: Buffer): Statement => {
  const textFrom = behindText(message, BODY)
  const countFrom = behindText(message, textFrom)
  const count = message.readInt16BE(countFrom)
  return {
    name: textAt(message, BODY),
    text: textAt(message, textFrom),
    types: Array.from({ length: count }, (_, i) => message.readUInt32BE(countFrom + 2 + i * 4))
  }
}

/** A parameter for people: numbers as numbers, and of what else is binary the text that is in it. */
const asText = (value: Buffer, isBinary: boolean, type: number | undefined): string => {
  if (isBinary && type === INT4 && value.length === 4) return String(value.readInt32BE())
  if (isBinary && type === INT8 && value.length === 8) return String(value.readBigInt64BE())
  const text = value.toString("utf8")
  // oxlint-disable-next-line no-control-regex -- the lengths between the elements of an array
  return isBinary ? text.replace(/[\u0000-\u001f\ufffd]+/g, " ") : text
}

const parameters = (message: Buffer, formatsFrom: number, types: ReadonlyArray<number>) => {
  const formatCount = message.readInt16BE(formatsFrom)
  const formats = Array.from({ length: formatCount }, (_, i) => message.readInt16BE(formatsFrom + 2 + i * 2))
  let at = formatsFrom + 2 + formatCount * 2
  const count = message.readInt16BE(at)
  at += 2
  return Array.from({ length: count }, (_, i) => {
    const length = message.readInt32BE(at)
    const value = message.subarray(at + 4, at + 4 + Math.max(length, 0))
    at += 4 + value.length
    return length < 0 ? "NULL" : asText(value, (formats[formatCount === 1 ? 0 : i] ?? 0) === 1, types[i])
  })
}

export const bindOf = (message: Buffer) => {
  const statementFrom = behindText(message, BODY)
  const formatsFrom = behindText(message, statementFrom)
  return {
    statement: textAt(message, statementFrom),
    /** Its parameters, a line each; read only if somebody asks. */
    payload: (statement: Statement | undefined) => parameters(message, formatsFrom, statement?.types ?? []).join("\n")
  }
}
