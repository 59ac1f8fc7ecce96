import { assert, describe, it } from "@effect/vitest"
import { OrderId } from "@surety/domain/ids"
import { answerTo } from "../src/answer.ts"

describe("the usual answer", () => {
  it("is worded as it was when orders were first accepted, for it is not stored with them", () => {
    const id = OrderId.make("01900000-0000-7000-8000-000000000001")
    assert.deepStrictEqual(answerTo(id, { _tag: "Authorized" }), {
      status: 202,
      body:
        "{\"order_ledger_id\":\"01900000-0000-7000-8000-000000000001\",\"status\":\"AUTHORIZED\",\"message\":\"Order received, processing\"}"
    })
  })
})
