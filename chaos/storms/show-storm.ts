import { digits } from "../../bench/table.ts"
import { verdictTable } from "../cluster/verdict.ts"
import type { Weathered } from "./storm.ts"

const whole = (n: number) => n.toLocaleString("en-US")

/** What came of a storm, for a person. */
export const stormText = (weathered: Weathered): string => {
  const { injected, orders, seconds, storm, tells, terminal_seconds } = weathered
  const listed = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).map(([what, times]) => `${whole(times)} × ${what}`).join("; ") || "–"
  return [
    `\n${storm}, seed ${weathered.seed}${weathered.scale === "short" ? ", short" : ""}: ${digits(seconds)} s`,
    `  orders    ${whole(orders.sent)} sent: ${whole(orders.acknowledged)} acknowledged, ` +
    `${whole(orders.refused)} refused, ${whole(orders.unanswered)} unanswered`,
    `  ends      ${whole(orders.completed)} completed, ${whole(orders.failed)} failed, ${
      whole(orders.parked)
    } parked, ` +
    `${digits(terminal_seconds)} s after healing`,
    `  reasons   ${listed(orders.reasons)}`,
    `  injected  ${listed(injected)}`,
    ...(tells === undefined ? [] : [`\n${tells}`]),
    `\n${verdictTable(weathered)}`,
    `\nverdict: ${weathered.holds ? "it holds" : "BROKEN"}`
  ].join("\n")
}
