import type { OrderView } from "@surety/contracts/edge-api"
import type { OrderStatus } from "@surety/domain/order-status"
import { styleText } from "node:util"
import type { NameOf } from "./connect-stack.ts"
import type { Answer, Ended, Sighting } from "./follow-order.ts"
import { describeEnding } from "./judge-end.ts"
import type { Story } from "./stories.ts"
import { tellChosen, tellPassedOver } from "./tell-routing.ts"

type Colour = Parameters<typeof styleText>[0]

/** Compensation and where it leads have a colour of their own. */
const colours: Readonly<Record<OrderStatus, Colour>> = {
  AWAITING_AUTHORIZATION: "cyan",
  AUTHORIZED: "cyan",
  ORDER_CREATED: "cyan",
  INVENTORY_RESERVED: "cyan",
  PAYMENT_CAPTURED: "cyan",
  COMPLETED: ["green", "bold"],
  COMPENSATING: "magenta",
  FAILED: ["magenta", "bold"],
  AUTHORIZATION_FAILED: ["yellow", "bold"]
}
/** A step that takes longer than this is worth a word. */
const SLOW_MILLIS = 1_000
const SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
const SPINNER_MILLIS = 80

const dim = (text: string) => styleText("dim", text)
const red = (text: string) => styleText("red", text)
const between = (from: string, to: string) => Date.parse(to) - Date.parse(from)

/** `412 ms`, `6.9 s`. */
export const duration = (millis: number): string =>
  millis < 1_000 ? `${Math.round(millis)} ms` : `${(millis / 1_000).toFixed(1)} s`

export const mark = (good: boolean): string => good ? styleText("green", "✓") : red("✗")

/** `AUTHORIZED ─▶ ORDER_CREATED ─▶ …`; an arrow that was slow says how slow. */
const drawTimeline = (timeline: OrderView["timeline"]): string => {
  // Every order begins with AWAITING_AUTHORIZATION, which is worth its room only where it does not lead to AUTHORIZED.
  const steps = timeline[1]?.status === "AUTHORIZED" ? timeline.slice(1) : timeline
  return steps.map(({ at, status }, i) => {
    const step = styleText(colours[status], status)
    if (i === 0) return step
    const millis = between(steps[i - 1]!.at, at)
    return `${dim(millis < SLOW_MILLIS ? " ─▶ " : ` ─ ${duration(millis)} ─▶ `)}${step}`
  }).join("")
}

const entry = (sign: string, { plot, title }: Story, lines: ReadonlyArray<string | undefined>) => [
  `${sign} ${styleText("bold", title)}${dim(`: ${plot}`)}`,
  ...lines.filter((line) => line !== undefined && line !== "").map((line) => `  ${line}`)
]

/** An order under way, so and so long after it set off. */
export const drawUnderWay = (story: Story, sighting: Sighting | undefined, millis: number): ReadonlyArray<string> => {
  const timeline = sighting?.order.timeline ?? []
  const sign = styleText("cyan", SPINNER[Math.floor(millis / SPINNER_MILLIS) % SPINNER.length]!)
  const onward = dim(`${timeline.length === 0 ? "" : " ─▶ "}…  ${duration(millis)}`)
  return entry(sign, story, [`${drawTimeline(timeline)}${onward}`, tellTrouble(sighting?.trouble)])
}

const tellTrouble = (trouble: string | undefined) =>
  trouble === undefined ? undefined : styleText("yellow", `asked again, for there was no answer: ${trouble}`)

const tellReplay = ({ replayed }: Answer) =>
  dim(`sent again: ${replayed ? "the same answer, with Idempotent-Replayed: true" : "answered as if it were new"}`)

/** Where it was sent from, or why it was not; and what that left. */
const tellOutcome = ({ order, payment, reservation }: Ended, nameOf: NameOf) => {
  const completed = order.status === "COMPLETED"
  const why = completed ? reservation && tellChosen(reservation.decision, nameOf) : order.reason
  const left = completed ? "" : `; payment ${payment.status}, stock ${reservation?.status ?? "never asked for"}`
  return `${styleText(colours[order.status], why ?? "")}${dim(left)}`
}

/** An order that has ended: its way, its time, its outcome, and what is wrong with that. */
export const drawEnded = (
  story: Story,
  ended: Ended,
  complaints: ReadonlyArray<string>,
  nameOf: NameOf
): ReadonlyArray<string> => {
  const { answers, order, reservation, trouble } = ended
  const took = duration(between(order.timeline[0]!.at, order.timeline.at(-1)!.at))
  const passedOver = reservation && tellPassedOver(reservation.decision, nameOf)
  return [
    ...entry(mark(complaints.length === 0), story, [
      `${drawTimeline(order.timeline)}  ${dim(took)}`,
      tellOutcome(ended, nameOf),
      passedOver && dim(passedOver),
      tellTrouble(trouble),
      ...answers.slice(1).map(tellReplay),
      ...complaints.map(red)
    ]),
    ""
  ]
}

/** An order whose end could not be learned. */
export const drawLost = (story: Story, reason: string): ReadonlyArray<string> => [
  ...entry(mark(false), story, [red(reason)]),
  ""
]

/** Each end that was expected, and whether it was met. */
export const drawSummary = (
  ends: ReadonlyArray<{ readonly story: Story; readonly good: boolean }>,
  nameOf: NameOf
): ReadonlyArray<string> => {
  const width = Math.max(...ends.map(({ story }) => story.title.length))
  return [
    ...ends.map(({ good, story: { ends, title } }) => {
      const money = ends.status === "COMPLETED" ? "paid once" : "nothing held"
      return `${mark(good)} ${title.padEnd(width)}  ${good ? "" : red("not ")}${describeEnding(ends, nameOf)}, ${money}`
    }),
    ""
  ]
}
