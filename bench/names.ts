/** What the benchmark can be asked for by name, in the order in which it does them. */
export const workloadNames = [
  "uniform",
  "hot",
  "five-lines",
  "declines",
  "out-of-stock",
  "duplicates",
  "flash-sale"
] as const
export type WorkloadName = (typeof workloadNames)[number]

export const growthNames = ["full-tables", "backlog", "orchestrators", "held-transaction", "idle", "telemetry"] as const
export type GrowthName = (typeof growthNames)[number]

/** What the loads are called whose figures the goals are about; what follows the name is for a person. */
export const FULL_LOAD = "full load"
export const HALF_LOAD = "half load"
