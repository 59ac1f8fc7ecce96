import { assert, describe, it } from "@effect/vitest"
import { postgresWire } from "@surety/testkit/link-proxy/postgres-wire"
import { nameOfStatement } from "@surety/testkit/link-proxy/short-names"

const int16 = (value: number) => Buffer.from([value >> 8, value & 255])
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const text = (value: string) => Buffer.from(`${value}\0`)

const message = (type: string, ...body: ReadonlyArray<Buffer>) => {
  const whole = Buffer.concat(body)
  return Buffer.concat([Buffer.from(type), int32(whole.length + 4), whole])
}
const startup = Buffer.concat([int32(4 + 4 + 1), int32(196_608), Buffer.from([0])])
const sslRequest = Buffer.concat([int32(8), int32(80_877_103)])

const parse = (name: string, sql: string, types: ReadonlyArray<number> = []) =>
  message("P", text(name), text(sql), int16(types.length), ...types.map(int32))
interface Parameter {
  readonly binary: boolean
  readonly value: Buffer | null
}
const bind = (statement: string, parameters: ReadonlyArray<Parameter> = []) =>
  message(
    "B",
    text(""),
    text(statement),
    int16(parameters.length),
    ...parameters.map(({ binary }) => int16(binary ? 1 : 0)),
    int16(parameters.length),
    ...parameters.flatMap(({ value }) => value === null ? [int32(-1)] : [int32(value.length), value]),
    int16(0)
  )
const execute = message("E", text(""), int32(0))
const sync = message("S")
const query = (sql: string) => message("Q", text(sql))
const ready = (status: string) => message("Z", Buffer.from(status))

const pieces = (all: Buffer, size: number) =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.subarray(i * size, (i + 1) * size))
const SIZES = [1, 3, 10_000]

describe("PostgreSQL on the wire", () => {
  const insert = "INSERT INTO orders.orders (id, n) VALUES ($1, $2)"
  const first = Buffer.concat([
    parse("s1", insert, [0, 23]),
    bind("s1", [
      { binary: false, value: Buffer.from("o-1") },
      { binary: true, value: int32(42) }
    ]),
    execute,
    sync
  ])
  const again = Buffer.concat([
    bind("s1", [{ binary: false, value: null }, { binary: true, value: int32(-1) }]),
    execute,
    sync
  ])

  it("is cut at each Sync however it is split, and a prepared statement is known by its name", () => {
    for (const size of SIZES) {
      const reader = postgresWire.requests(() => {})
      const found = pieces(
        Buffer.concat([startup, message("p", text("secret")), first, again, query("COMMIT"), sync, message("X")]),
        size
      )
        .flatMap(reader.push)
      assert.deepStrictEqual(found.map(({ kind }) => kind), [
        "part",
        "part",
        "exchange",
        "exchange",
        "exchange",
        "plain",
        "part"
      ])
      const [, , one, two, commit] = found
      assert.deepStrictEqual([one!.what, one!.text, one!.payload], ["INSERT INTO orders.orders", insert, "o-1\n42"])
      assert.deepStrictEqual([two!.what, two!.text, two!.payload], ["INSERT INTO orders.orders", insert, "NULL\n-1"])
      assert.deepStrictEqual([commit!.what, commit!.commits, commit!.writes], ["COMMIT", true, false])
      assert.isTrue(one!.bytes.equals(first))
      assert.isTrue(
        one!.copy!.equals(first.subarray(parse("s1", insert, [0, 23]).length)),
        "a copy parses no name again"
      )
      assert.isUndefined(commit!.copy)
    }
  })

  it("declines encryption itself, so that the log-in which follows can be read", () => {
    const said: Array<string> = []
    const reader = postgresWire.requests((bytes) => void said.push(bytes.toString()))
    const found = pieces(Buffer.concat([sslRequest, startup, query("SELECT 1")]), 1).flatMap(reader.push)
    assert.deepStrictEqual(said, ["N"])
    assert.deepStrictEqual(found.map(({ kind }) => kind), ["part", "exchange"])
  })

  it("ends an answer with ReadyForQuery, whatever is in it, and sees whether a transaction is open", () => {
    const row = message("D", Buffer.from("Z\0\0\0\x05IZ\0\0\0\x05T"))
    for (const size of SIZES) {
      const reader = postgresWire.answers()
      const ends: Array<readonly [number, boolean]> = []
      const all = Buffer.concat([row, ready("T"), row, row, ready("I"), row])
      let before = 0
      for (const piece of pieces(all, size)) {
        for (let rest = piece; rest.length > 0;) {
          const end = reader.push(rest)
          if (end !== undefined) ends.push([before + end, reader.inTransaction()])
          before += end ?? rest.length
          rest = rest.subarray(end ?? rest.length)
        }
      }
      assert.deepStrictEqual(ends, [[row.length + 6, true], [row.length * 3 + 12, false]])
    }
  })

  const names: ReadonlyArray<readonly [sql: string, what: string]> = [
    ["  INSERT INTO a.b (c) SELECT 1", "INSERT INTO a.b"],
    [
      "WITH free AS MATERIALIZED (SELECT id FROM a.b FOR UPDATE SKIP LOCKED) UPDATE ledger.entries AS e SET x = 1",
      "UPDATE ledger.entries"
    ],
    ["INSERT INTO a.b VALUES (1) ON CONFLICT DO UPDATE SET c = 1", "INSERT INTO a.b"],
    ["SELECT 1 FROM a.b WHERE c FOR NO KEY UPDATE OF b", "SELECT FROM a.b"],
    ["-- first\nSELECT (SELECT max(x) FROM c.d), y FROM a.b", "SELECT FROM c.d"],
    ["begin isolation level serializable", "BEGIN"],
    ["ROLLBACK TO SAVEPOINT effect_sql_1", "ROLLBACK TO"],
    ["SELECT   1", "SELECT 1"]
  ]
  for (const [sql, what] of names) {
    it(`calls a statement "${what}"`, () => assert.strictEqual(nameOfStatement(sql), what))
  }
})
