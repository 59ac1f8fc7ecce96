import type { NameOf } from "./connect-stack.ts"
import type { Ended } from "./follow-order.ts"
import type { Ending, Story } from "./stories.ts"

export const describeEnding = (ends: Ending, nameOf: NameOf): string =>
  ends.status === "COMPLETED" ? `COMPLETED from ${nameOf(ends.from)}` : `${ends.status}: ${ends.reason}`

const actualEnding = ({ order }: Ended, nameOf: NameOf): string =>
  order.status === "COMPLETED" && order.warehouse_id !== undefined
    ? describeEnding({ status: order.status, from: order.warehouse_id }, nameOf)
    : `${order.status}: ${order.reason ?? "no reason given"}`

/** What is not as it should be; nothing, if the order came to its end with every cent and every unit in its place. */
export const complaintsAbout = (story: Story, ended: Ended, nameOf: NameOf): ReadonlyArray<string> => {
  const { answers, order, payment, reservation } = ended
  const complaints: Array<string> = []
  const expect = (holds: boolean, otherwise: string) => holds || complaints.push(otherwise)

  const expected = describeEnding(story.ends, nameOf)
  const actual = actualEnding(ended, nameOf)
  expect(actual === expected, `ended ${actual}`)

  const completed = order.status === "COMPLETED"
  const kept = payment.captured_cents - payment.refunded_cents
  expect(kept === (completed ? order.total_cents : 0), `${kept} of ${order.total_cents} cents were taken`)
  expect(payment.status !== "AUTHORIZED" && payment.status !== "AUTHORIZING", "money is still held")
  expect((reservation?.status === "COMMITTED") === completed, `stock is ${reservation?.status ?? "not reserved"}`)
  expect(reservation?.status !== "HELD", "stock is still held")

  const declined = story.ends.status === "AUTHORIZATION_FAILED"
  const [first, ...again] = answers
  expect(first?.status === (declined ? 402 : 202), `was answered ${first?.status}`)
  for (const answer of again) {
    expect(answer.order_ledger_id === order.order_ledger_id, "became two orders")
    expect(answer.replayed, "a repetition was not answered as one")
  }
  return complaints
}
